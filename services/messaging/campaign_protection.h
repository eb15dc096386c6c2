#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/sql/transaction.h"
#include "services/messaging/domain/campaign.h"
#include "services/messaging/store/count_deltas.h"

// How campaigns stop by themselves for what came of their messages. Shared by api and work.
namespace vinculo::messaging {

// Ends a transaction in which messages were settled: flushes the counters, then adds what came of them to each
// campaign's pulse and pauses those whose protection says so [M-72].
absl::Status CloseBatch(sql::Transaction& tx, CountDeltas& deltas, absl::Time now);

// A person lets it go on: outcomes, unclear answers and opt-outs count anew from here.
absl::Status ResetPulse(sql::Transaction& tx, const Uuid& campaign);

// Judges the first slice of a campaign: true when it may go on to the rest [M-69].
absl::StatusOr<bool> CanaryPassed(sql::Transaction& tx, const Campaign& campaign, const Funnel& funnel,
                                  const Policy& policy);

}  // namespace vinculo::messaging
