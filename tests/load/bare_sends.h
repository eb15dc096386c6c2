#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace vinculo::load {

// The yardstick of a campaign's dispatch: template sends to `count` different people over libcurl's multi interface,
// with nothing around them: no store, no limits, no report.
struct BareSendsOptions {
  std::string url;  // of the number's /messages
  std::string access_token;
  std::string template_name;
  std::string language = "es";
  int64_t count = 20'000;
  int in_flight = 64;
};

// Sends per second. UNAVAILABLE when one of them is not answered 200.
absl::StatusOr<double> RunBareSends(const BareSendsOptions& options);

}  // namespace vinculo::load
