#pragma once

#include "absl/time/time.h"
#include "common/calendar/zone.h"
#include "common/status/error.h"
#include "services/lifecycle/domain/health.h"
#include "services/lifecycle/domain/stage.h"
#include "services/lifecycle/domain/stage_rules.h"

namespace vinculo::lifecycle {

// What a tenant may decide, with the defaults of the first release. Today one value for all tenants of the
// installation, from flags; everything that needs it asks for the tenant's.
struct Settings {
  absl::TimeZone zone = absl::UTCTimeZone();
  StageRules rules;
  HealthModel health;
  AccountStagePolicy account_stage_policy = AccountStagePolicy::kMin;
  absl::Duration evaluation_lag = absl::Hours(6);
};

// Everything that is wrong with `settings`: thresholds outside 1..99 or out of order, windows outside 1..52 weeks,
// bands.
void CheckSettings(const Settings& settings, FieldViolations& bad);

}  // namespace vinculo::lifecycle
