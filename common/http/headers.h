#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace vinculo::http {

// Header fields in order of arrival; names keep the case they came in.
using Headers = std::vector<std::pair<std::string, std::string>>;

// The value of the first field called `name`, whatever its case; "" when there is none.
inline absl::string_view FindHeader(const Headers& headers, absl::string_view name) {
  for (const auto& [key, value] : headers) {
    if (absl::EqualsIgnoreCase(key, name)) return value;
  }
  return "";
}

}  // namespace vinculo::http
