#pragma once

#include <google/protobuf/message.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace vinculo::load {

// A closed loop of one RPC: a fixed number of calls is always in flight, spread over a few connections.
struct LoadOptions {
  std::string target;        // host:port, plain text
  std::string method;        // package.Service/Method, of a linked-in contract
  std::string request_json;  // the body of every call; a `request_id` field gets a new UUID each time
  std::vector<std::string>
      unique_fields;  // string fields (dotted path) that get a new value each time, with their text as prefix
  std::string token;
  int in_flight = 100;
  int connections = 2;
  absl::Duration warm_up = absl::Seconds(1);
  absl::Duration duration = absl::Seconds(5);
};

struct LoadResult {
  double calls_per_s = 0;  // answered OK within the measured time
  double p50_ms = 0;
  double p99_ms = 0;
  int64_t calls = 0;
  int64_t errors = 0;
  std::map<std::string, int64_t> errors_by_name;  // code and reason
};

// INVALID_ARGUMENT for an unknown method or a body that does not fit it.
absl::StatusOr<LoadResult> RunLoad(const LoadOptions& options);

}  // namespace vinculo::load
