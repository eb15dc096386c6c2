#include "services/lifecycle/domain/settings.h"

namespace vinculo::lifecycle {
namespace {

void Range(const char* field, int64_t value, int64_t low, int64_t high, FieldViolations& bad) {
  if (value < low || value > high) {
    bad.Add(field, absl::StrCat("must be between ", low, " and ", high, ", not ", value));
  }
}

}  // namespace

void CheckSettings(const Settings& settings, FieldViolations& bad) {
  const StageRules& r = settings.rules;
  Range("adopt.enter", r.adopt_enter, 1, 99, bad);
  Range("adopt.weeks", r.adopt_weeks, 1, 52, bad);
  Range("success.enter", r.success_enter, 1, 99, bad);
  Range("success.weeks", r.success_weeks, 4, 52, bad);
  if (r.success_weeks % 4 != 0)
    bad.Add("success.weeks", "must be a multiple of 4: regular use is judged by blocks of 4 weeks");
  Range("success.min_active_weeks", r.success_min_active_weeks, 0, r.success_weeks, bad);
  Range("success.exit_confirm", r.success_exit_confirm, 1, 8, bad);
  Range("low.enter", r.low_enter, 1, 99, bad);
  Range("low.enter_confirm", r.low_enter_confirm, 1, 8, bad);
  Range("low.weeks", r.low_weeks, 1, 52, bad);
  Range("low.exit", r.low_exit, 1, 99, bad);
  Range("low.exit_confirm", r.low_exit_confirm, 1, 8, bad);
  Range("min_volume", r.min_volume, 1, 1'000'000, bad);
  Range("maturity_lag_days", r.maturity_lag_days, 0, 56, bad);
  Range("early_grace_weeks", r.early_grace_weeks, 0, 52, bad);
  if (r.low_exit < r.low_enter) bad.Add("low.exit", "must not be below low.enter");
  if (r.adopt_enter < r.low_exit) bad.Add("adopt.enter", "must not be below low.exit");
  if (settings.evaluation_lag < absl::ZeroDuration() || settings.evaluation_lag > absl::Hours(72)) {
    bad.Add("evaluation_lag", "must be between 0 and 72 hours");
  }
  FieldViolations health;
  CheckModel(settings.health, health);
  bad.AddAll("health", health);
}

}  // namespace vinculo::lifecycle
