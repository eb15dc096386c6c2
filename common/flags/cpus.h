#pragma once

#include <optional>

#include "absl/strings/string_view.h"

namespace vinculo::flags {

// Processors this process may use at once, at least 1: those it may run on, or fewer where its cgroup has a quota (a
// container's CPU limit). Half a processor counts as one.
int AvailableCpus();

// The quota in a cgroup's `cpu.max`, as whole processors, rounded up: "150000 100000" is 2. nullopt for "max 100000"
// and for anything else.
std::optional<int> CpusOfQuota(absl::string_view cpu_max);

}  // namespace vinculo::flags
