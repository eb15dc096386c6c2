#include "services/lifecycle/store/usage_ledger.h"

#include "absl/strings/str_cat.h"
#include "common/calendar/zone.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"

namespace vinculo::lifecycle {

absl::StatusOr<const ModuleInstance*> UsageLedger::Resolve(sql::Transaction& tx, const IncomingFact& fact) {
  auto it = clients_.find(fact.customer_id);
  if (it == clients_.end()) {
    ASSIGN_OR_RETURN(std::vector<ModuleInstance> modules, modules_.OfCustomer(tx, fact.customer_id));
    it = clients_.emplace(fact.customer_id, std::move(modules)).first;
  }
  const ModuleInstance* found = nullptr;
  for (const ModuleInstance& module : it->second) {
    if (module.module_key != fact.module_key) continue;
    const bool lost = module.stage == Stage::kLost;
    if (lost && fact.local_date > calendar::LocalDay(module.stage_since, zone_)) continue;
    if (found == nullptr || found->stage == Stage::kLost || !lost) found = &module;
  }
  return found;
}

absl::StatusOr<FactOutcome> UsageLedger::Take(sql::Transaction& tx, const IncomingFact& fact, absl::Time now) {
  FactOutcome outcome;
  ASSIGN_OR_RETURN(const ModuleInstance* const module, Resolve(tx, fact));
  if (module == nullptr) {
    outcome.refusal =
        Error(absl::StatusCode::kNotFound, "UNKNOWN_MODULE",
              absl::StrCat("the client has no module \"", fact.module_key, "\" on that date; add it first"));
    return outcome;
  }
  outcome.module_instance_id = module->id;
  ASSIGN_OR_RETURN(const std::optional<StoredFact> present,
                   usage_.FindFact(tx, module->id, fact.local_date, fact.source));
  std::optional<UsageValues> kept;
  if (present) kept = present->values;
  const absl::StatusOr<bool> write = JudgeFact(fact.values, kept);
  if (!write.ok()) {
    outcome.refusal = write.status();
    return outcome;
  }
  outcome.result = *write ? FactResult::kAccepted : FactResult::kUnchanged;
  if (!*write) return outcome;
  RETURN_IF_ERROR(usage_.PutFact(tx, module->id, {fact.local_date, fact.source, fact.values, now}));
  const UsageCounts delta = fact.values.counts - (kept ? kept->counts : UsageCounts());
  if (kept && delta == UsageCounts()) return outcome;
  RETURN_IF_ERROR(
      usage_.AddToRollup(tx, RollupKind::kWeek, fact.customer_id, module->id, {WeekOf(fact.local_date), delta}));
  RETURN_IF_ERROR(
      usage_.AddToRollup(tx, RollupKind::kMonth, fact.customer_id, module->id, {MonthOf(fact.local_date), delta}));
  return outcome;
}

}  // namespace vinculo::lifecycle
