#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace vinculo::auth {

// Who is calling, as proven by a verified token. Immutable once built; shared by everything that serves the call.
struct Principal {
  std::string subject;             // who: a person's or a service's name, never empty for a verified caller
  std::string tenant;              // whose data; the only source of a tenant in the suite
  std::vector<std::string> roles;  // what they may do; `admin` may call everything

  bool HasRole(absl::string_view role) const {
    return std::any_of(roles.begin(), roles.end(), [&](const std::string& r) { return absl::string_view(r) == role; });
  }
};

}  // namespace vinculo::auth
