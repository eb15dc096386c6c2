#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/messaging/domain/campaign.h"

namespace vinculo::messaging {

inline constexpr int kMaxRounds = 3;
inline constexpr absl::Duration kCappedRest = absl::Hours(24);

// A ledger row as far as a retry looks at it.
struct RetryFacts {
  RecipientState state = RecipientState::kFailed;
  std::string reason;
  int round = 0;
  int capped_retries = 0;  // rounds begun because WhatsApp had held the one before back
  absl::Time updated_at;
};

enum class RetryVerdict {
  kYes,
  kNotMeant,  // not in a state that a retry looks at
  kNever,     // the reason says that it will not work
  kTooEarly,  // within 24 hours of being held back
  kOnce,      // was tried again for that reason already
  kRounds,    // three rounds are over
};
// "NEVER" and so on; "" for kYes and kNotMeant.
absl::string_view RetryVerdictName(RetryVerdict verdict);

// Whether a row may be written to once more [M-76]: FAILED ones but for class X; class L once and after 24 hours;
// SKIPPED ones of FREQUENCY_CAP or PROVIDER_CAP; UNKNOWN only with `include_unknown`.
RetryVerdict JudgeRetry(const RetryFacts& row, bool include_unknown, absl::Time now);
// True for reasons of class L: `PROVIDER_131049`, `LATER_131049`.
bool IsCapped(absl::string_view reason);

}  // namespace vinculo::messaging
