#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/sql/transaction.h"
#include "services/lifecycle/domain/records.h"
#include "services/lifecycle/store/health_pass.h"

// Writes the service's events in the transaction of the change that they tell of.
namespace vinculo::lifecycle {

// `engagement.opened`
absl::Status AnnounceEngagement(sql::Transaction& tx, const Engagement& engagement, absl::Time now);
// `stage.changed`
absl::Status AnnounceStage(sql::Transaction& tx, const StageEvent& event, absl::Time now);
// `health.computed`, and `health.tier_changed` when the tier is not that of the date before. Nothing for what was not
// saved.
absl::Status AnnounceHealth(sql::Transaction& tx, const HealthOutcome& outcome, absl::Time now);

}  // namespace vinculo::lifecycle
