#include "services/lifecycle/store/stage_pass.h"

#include <algorithm>

#include "common/calendar/zone.h"
#include "common/status/status_macros.h"

namespace vinculo::lifecycle {

absl::CivilDay StagePass::last_week() const {
  return settings_.rules.maturity_lag_days == 0 ? week_ : WeekOf(week_ + 7 - settings_.rules.maturity_lag_days) - 7;
}

absl::CivilDay StagePass::first_week() const { return last_week() - 7 * (settings_.rules.window_weeks() - 1); }

Evaluation StagePass::Apply(const ModuleInstance& module, std::vector<UsageCounts> weeks, bool suppressed) const {
  EvaluationInput input;
  input.stage = module.stage;
  input.weeks = std::move(weeks);
  if (module.go_live_at) input.weeks_live = WholeWeeksSince(*module.go_live_at, last_week(), settings_.zone);
  input.weeks_in_stage = WholeWeeksSince(module.stage_since, week_, settings_.zone);
  input.suppressed = suppressed;
  input.memory = module.memory;
  Evaluation evaluation = EvaluateStage(input, settings_.rules);
  evaluation.evidence.last_week = last_week();
  return evaluation;
}

absl::StatusOr<StageOutcome> StagePass::Evaluate(sql::Transaction& tx, const ModuleInstance& module,
                                                 std::vector<UsageCounts> weeks) const {
  StageOutcome outcome{module, module.stage, module.stage};
  const absl::Time week_end = calendar::StartOfDay(week_ + 7, settings_.zone);
  Evaluation evaluation = Apply(module, std::move(weeks), module.suppressed_until && *module.suppressed_until > now_);
  outcome.evidence = evaluation.evidence;
  if (module.memory.evaluated_week && *module.memory.evaluated_week >= week_) {
    outcome.already_evaluated = true;
    outcome.reason = kReasonAlreadyEvaluated;
    return outcome;
  }
  outcome.to = evaluation.to;
  outcome.reason = evaluation.reason;
  if (dry_run_ || !UnderUsageRules(module.stage)) return outcome;
  ModuleInstance& after = outcome.module;
  after.memory = evaluation.memory;
  after.memory.evaluated_week = week_;
  if (evaluation.to == module.stage) {
    RETURN_IF_ERROR(modules_.Update(tx, after));
    return outcome;
  }
  StageEvent event = MoveModule(after, evaluation.to, std::max(week_end, module.stage_since), evaluation.reason);
  event.id = Uuid::New(now_);
  event.recorded_at = now_;
  event.rule_version = settings_.rules.version;
  event.evidence = std::move(evaluation.evidence);
  event.actor = actor_;
  RETURN_IF_ERROR(modules_.SaveMove(tx, after, event));
  outcome.event = std::move(event);
  return outcome;
}

absl::StatusOr<std::vector<StageOutcome>> StagePass::EvaluateAll(sql::Transaction& tx,
                                                                 const std::vector<ModuleInstance>& modules,
                                                                 const std::string& after) const {
  const int64_t first = DayNumber(first_week());
  std::vector<std::vector<UsageCounts>> weeks(modules.size(), std::vector<UsageCounts>(settings_.rules.window_weeks()));
  // Both come in the order of (client, module), so one walk fills them all.
  size_t at = 0;
  RETURN_IF_ERROR(usage_.WalkRollups(tx, RollupKind::kWeek, after, modules.back().customer_id, first_week(),
                                     last_week(),
                                     [&](absl::string_view module, int64_t bucket, const UsageCounts& counts) {
                                       while (at < modules.size() && modules[at].id.bytes() != module) ++at;
                                       if (at < modules.size()) weeks[at][(bucket - first) / 7] = counts;
                                     }));
  std::vector<StageOutcome> outcomes;
  outcomes.reserve(modules.size());
  for (size_t i = 0; i < modules.size(); ++i) {
    ASSIGN_OR_RETURN(StageOutcome outcome, Evaluate(tx, modules[i], std::move(weeks[i])));
    outcomes.push_back(std::move(outcome));
  }
  return outcomes;
}

absl::StatusOr<StageChunk> StagePass::Next(sql::Transaction& tx, const std::string& after, int limit) const {
  StageChunk chunk;
  ASSIGN_OR_RETURN(const std::vector<ModuleInstance> modules, modules_.NextClients(tx, after, limit));
  chunk.end = modules.empty();
  if (chunk.end) return chunk;
  chunk.last_customer_id = modules.back().customer_id;
  ASSIGN_OR_RETURN(chunk.outcomes, EvaluateAll(tx, modules, after));
  return chunk;
}

absl::StatusOr<StageChunk> StagePass::OfCustomer(sql::Transaction& tx, const std::string& customer_id) const {
  StageChunk chunk;
  chunk.end = true;
  chunk.last_customer_id = customer_id;
  ASSIGN_OR_RETURN(const std::vector<ModuleInstance> modules, modules_.OfCustomer(tx, customer_id));
  for (const ModuleInstance& module : modules) {
    ASSIGN_OR_RETURN(const std::vector<Rollup> rollups,
                     usage_.Rollups(tx, RollupKind::kWeek, module, first_week(), last_week()));
    std::vector<UsageCounts> weeks(settings_.rules.window_weeks());
    for (const Rollup& rollup : rollups) weeks[(rollup.bucket - first_week()) / 7] = rollup.counts;
    ASSIGN_OR_RETURN(StageOutcome outcome, Evaluate(tx, module, std::move(weeks)));
    chunk.outcomes.push_back(std::move(outcome));
  }
  return chunk;
}

absl::StatusOr<Evaluation> StagePass::Judge(sql::Transaction& tx, const ModuleInstance& module) const {
  ASSIGN_OR_RETURN(const std::vector<Rollup> rollups,
                   usage_.Rollups(tx, RollupKind::kWeek, module, first_week(), last_week()));
  std::vector<UsageCounts> weeks(settings_.rules.window_weeks());
  for (const Rollup& rollup : rollups) weeks[(rollup.bucket - first_week()) / 7] = rollup.counts;
  return Apply(module, std::move(weeks), /*suppressed=*/false);
}

}  // namespace vinculo::lifecycle
