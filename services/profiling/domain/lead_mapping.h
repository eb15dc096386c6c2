#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "services/profiling/domain/lead.h"
#include "services/profiling/domain/text_template.h"

namespace vinculo::profiling {

// What a connector without a mapping receives: every field of the lead under its own name, empty ones left out.
const std::vector<FieldMapping>& DefaultMapping();

// Dotted path and value of each field, in the order of the mapping. FAILED_PRECONDITION `MAPPING` naming the field when
// a required one has no value.
absl::StatusOr<std::vector<std::pair<std::string, std::string>>> MapFields(
    const std::vector<FieldMapping>& mapping, absl::FunctionRef<std::string(const Reference&)> value);

// Problems of a mapping, one sentence each with the path of the field: unknown references, empty or repeated targets, a
// target inside another.
std::vector<std::pair<std::string, std::string>> CheckMapping(const std::vector<FieldMapping>& mapping);

}  // namespace vinculo::profiling
