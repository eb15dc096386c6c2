#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/messaging/domain/campaign.h"
#include "services/messaging/domain/message.h"

namespace vinculo::messaging {

// What came of a message, as far as a campaign's protection looks at it.
enum class Outcome : char { kNone = 0, kGood = 'o', kFailed = 'f', kCapped = 'c' };

// What the change from `before` to `after` adds: the first report of a message, its refusal, or a failure after a good
// report. Messages given up by ourselves are none.
Outcome OutcomeOf(const Message& before, const Message& after);

// The pulse of a campaign: its last outcomes, oldest first, and the unclear answers of the last minute. Kept with the
// campaign, so a restart or takeover forgets nothing. Opt-outs count from what there was at the last resume.
struct Pulse {
  std::string outcomes;
  std::vector<absl::Time> unknowns;  // whole seconds
  int64_t base_opt_outs = 0;
  int64_t base_delivered = 0;

  void Add(absl::string_view more, const Protection& protection);
  void AddUnknowns(int n, const Protection& protection, absl::Time now);
};

// The reason to pause, "" for none: FAILURES, CAPPED, OPT_OUTS, UNKNOWNS [M-72]. `funnel` need only be right when there
// are new opt-outs.
absl::string_view PulseVerdict(const Pulse& pulse, const Funnel& funnel, const Protection& protection);

// The same judged over the first slice, from 20 outcomes on: CANARY_FAILED or "" [M-69].
absl::string_view CanaryVerdict(const Pulse& pulse, const Funnel& funnel, const Protection& protection);

}  // namespace vinculo::messaging
