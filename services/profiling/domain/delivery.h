#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace vinculo::profiling {

// What came of one call to a connector.
struct CallResult {
  bool answered = false;         // a whole reply arrived
  bool refused_locally = false;  // never left: a bad or forbidden address
  int http_status = 0;
  std::optional<absl::Duration> retry_after;
  std::string error;
  bool body_says_success = true;  // by the connector's success rule; true when it has none
};

struct Verdict {
  enum class Kind { kDelivered, kRetry, kDead, kPause, kDisable };
  Kind kind = Kind::kRetry;
  std::string error;                                 // empty when delivered
  absl::Duration not_before = absl::ZeroDuration();  // kRetry: at least this long
};

// Delivered: 2xx that the success rule agrees to; 409 where that means "has it already". Retry: no reply, 408, 425,
// 429, 5xx; 429 and 503 wait as Retry-After says, 1 s to 24 h. Pause: 401, 403. Disable: 410. Dead: redirections and
// other 4xx.
Verdict Judge(const CallResult& result, bool conflict_is_success);

inline constexpr int kDeliveryAttempts = 10;

// The wait before attempt number `attempt` (1 = the first): 0 s, 5 s, 5 m, 30 m, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h, each
// +-20 %. `jitter01` is in [0, 1). nullopt after the last attempt.
std::optional<absl::Duration> WaitBefore(int attempt, double jitter01);

}  // namespace vinculo::profiling
