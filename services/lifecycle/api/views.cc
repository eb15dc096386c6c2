#include "services/lifecycle/api/views.h"

#include "common/calendar/zone.h"
#include "common/status/status_macros.h"
#include "services/lifecycle/store/module_repository.h"
#include "services/lifecycle/store/usage_repository.h"

namespace vinculo::lifecycle {
namespace {

constexpr int kVolumeWeeks = 16;

absl::StatusOr<int64_t> StartedLately(sql::Transaction& tx, const ModuleInstance& module, const Settings& settings,
                                      absl::Time now) {
  const absl::CivilDay week = WeekOf(calendar::LocalDay(now, settings.zone));
  ASSIGN_OR_RETURN(const std::vector<Rollup> weeks,
                   UsageRepository().Rollups(tx, RollupKind::kWeek, module, week - 7 * kVolumeWeeks, week - 7));
  int64_t started = 0;
  for (const Rollup& rollup : weeks) started += rollup.counts.started;
  return started;
}

}  // namespace

absl::StatusOr<AccountView> LoadAccountView(sql::Transaction& tx, Account account, const Settings& settings,
                                            absl::Time now) {
  AccountView view;
  view.account = std::move(account);
  const std::string& customer = view.account.customer_id;
  ASSIGN_OR_RETURN(view.engagement, EngagementRepository().FindLatest(tx, customer));
  if (view.engagement && view.engagement->closed_at) view.engagement.reset();
  if (!view.engagement) return view;
  ASSIGN_OR_RETURN(view.modules, ModuleRepository().OfCustomer(tx, customer));
  std::erase_if(view.modules, [&](const ModuleInstance& m) { return m.engagement_id != view.engagement->id; });
  std::vector<ModuleStanding> standings;
  for (const ModuleInstance& module : view.modules) {
    standings.push_back({module.stage});
    if (settings.account_stage_policy != AccountStagePolicy::kVolumeWeighted) continue;
    ASSIGN_OR_RETURN(standings.back().started_16_weeks, StartedLately(tx, module, settings, now));
  }
  view.stage = AccountStage(standings, settings.account_stage_policy);
  view.partial_churn = PartialChurn(standings);
  return view;
}

absl::StatusOr<HealthView> LoadHealthView(sql::Transaction& tx, HealthSnapshot snapshot, std::string name,
                                          const Settings& settings) {
  HealthView view;
  ASSIGN_OR_RETURN(const std::vector<ScorePoint> history,
                   HealthRepository().History(tx, snapshot.customer_id, snapshot.as_of));
  if (!history.empty()) view.deltas = DeltasOf(history);
  view.slope_per_week = SlopePerWeek(history);
  ASSIGN_OR_RETURN(view.contact, ContactRepository().Figures(tx, snapshot.customer_id, snapshot.as_of, settings.zone));
  view.snapshot = std::move(snapshot);
  view.name = std::move(name);
  return view;
}

}  // namespace vinculo::lifecycle
