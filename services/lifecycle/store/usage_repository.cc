#include "services/lifecycle/store/usage_repository.h"

#include <limits>
#include <map>

#include "common/status/status_macros.h"
#include "services/lifecycle/store/queries.h"

namespace vinculo::lifecycle {
namespace {

using namespace store;  // NOLINT(build/namespaces): the statements

StoredFact ReadFact(const sql::Row& r) {
  StoredFact fact;
  fact.local_date = DayFromNumber(r.Int(0));
  fact.source = r.String(1);
  fact.values.counts = {r.Int(2), r.Int(3)};
  fact.values.active_users = r.OptionalInt(4);
  fact.values.attribution = static_cast<Attribution>(r.Int(5));
  fact.values.revision = r.Int(6);
  fact.recorded_at = r.Time(7);
  return fact;
}

using Buckets = std::map<int64_t, UsageCounts>;

}  // namespace

absl::StatusOr<std::optional<StoredFact>> UsageRepository::FindFact(sql::Transaction& tx, const Uuid& module,
                                                                    absl::CivilDay date,
                                                                    const std::string& source) const {
  return tx.Find(kFactGet, ReadFact, tx.tenant(), module, DayNumber(date), source);
}

absl::Status UsageRepository::PutFact(sql::Transaction& tx, const Uuid& module, const StoredFact& f) const {
  return tx.Exec(kFactPut, tx.tenant(), module, DayNumber(f.local_date), f.source, f.values.counts.started,
                 f.values.counts.completed, f.values.active_users, f.values.attribution, f.values.revision,
                 f.recorded_at);
}

absl::StatusOr<std::vector<StoredFact>> UsageRepository::ListFacts(sql::Transaction& tx, const Uuid& module,
                                                                   absl::CivilDay after_date,
                                                                   const std::string& after_source, int limit) const {
  std::vector<StoredFact> facts;
  RETURN_IF_ERROR(tx.Each(
      kFactList, [&](const sql::Row& r) { facts.push_back(ReadFact(r)); }, tx.tenant(), module, DayNumber(after_date),
      after_source, limit));
  return facts;
}

absl::StatusOr<UsageCounts> UsageRepository::SumFacts(sql::Transaction& tx, const Uuid& module, absl::CivilDay first,
                                                      absl::CivilDay last) const {
  ASSIGN_OR_RETURN(const std::optional<UsageCounts> sum, tx.Find(
                                                             kFactSumBetween,
                                                             [](const sql::Row& r) {
                                                               return UsageCounts{r.Int(0), r.Int(1)};
                                                             },
                                                             tx.tenant(), module, DayNumber(first), DayNumber(last)));
  return sum.value_or(UsageCounts());
}

absl::Status UsageRepository::AddToRollup(sql::Transaction& tx, RollupKind kind, const std::string& customer_id,
                                          const Uuid& module, const Rollup& delta) const {
  return tx.Exec(kRollupAdd, tx.tenant(), kind, customer_id, module, DayNumber(delta.bucket), delta.counts.started,
                 delta.counts.completed);
}

absl::StatusOr<std::vector<Rollup>> UsageRepository::Rollups(sql::Transaction& tx, RollupKind kind,
                                                             const ModuleInstance& module, absl::CivilDay first,
                                                             absl::CivilDay last) const {
  std::vector<Rollup> rollups;
  RETURN_IF_ERROR(tx.Each(
      kRollupsOfModule,
      [&](const sql::Row& r) {
        rollups.push_back({DayFromNumber(r.Int(0)), {r.Int(1), r.Int(2)}});
      },
      tx.tenant(), kind, module.customer_id, module.id, DayNumber(first), DayNumber(last)));
  return rollups;
}

absl::Status UsageRepository::WalkRollups(
    sql::Transaction& tx, RollupKind kind, const std::string& after, const std::string& until, absl::CivilDay first,
    absl::CivilDay last, absl::FunctionRef<void(absl::string_view, int64_t, const UsageCounts&)> take) const {
  return tx.Each(
      kRollupWalk,
      [&](const sql::Row& r) {
        take(r.Blob(0), r.Int(1), {r.Int(2), r.Int(3)});
      },
      tx.tenant(), kind, after, until, DayNumber(first), DayNumber(last));
}

absl::StatusOr<RebuildOutcome> UsageRepository::Rebuild(sql::Transaction& tx, const ModuleInstance& module) const {
  Buckets weeks;
  Buckets months;
  RETURN_IF_ERROR(tx.Each(
      kFactWalk,
      [&](const sql::Row& r) {
        const absl::CivilDay day = DayFromNumber(r.Int(0));
        const UsageCounts counts{r.Int(1), r.Int(2)};
        weeks[DayNumber(WeekOf(day))] += counts;
        months[DayNumber(MonthOf(day))] += counts;
      },
      tx.tenant(), module.id));
  RebuildOutcome outcome;
  for (const auto& [kind, wanted] : {std::pair{RollupKind::kWeek, &weeks}, std::pair{RollupKind::kMonth, &months}}) {
    Buckets present;
    RETURN_IF_ERROR(tx.Each(
        kRollupsOfModule,
        [&](const sql::Row& r) {
          present[r.Int(0)] = {r.Int(1), r.Int(2)};
        },
        tx.tenant(), kind, module.customer_id, module.id, std::numeric_limits<int64_t>::min(),
        std::numeric_limits<int64_t>::max()));
    int64_t differing = 0;
    for (const auto& [bucket, counts] : *wanted) {
      const auto it = present.find(bucket);
      if (it == present.end() || it->second != counts) ++differing;
    }
    for (const auto& [bucket, counts] : present) differing += wanted->contains(bucket) ? 0 : 1;
    outcome.rollups += static_cast<int64_t>(wanted->size());
    outcome.differing += differing;
    if (differing == 0) continue;
    RETURN_IF_ERROR(tx.Exec(kRollupDelete, tx.tenant(), kind, module.customer_id, module.id));
    for (const auto& [bucket, counts] : *wanted) {
      RETURN_IF_ERROR(AddToRollup(tx, kind, module.customer_id, module.id, {DayFromNumber(bucket), counts}));
    }
  }
  return outcome;
}

}  // namespace vinculo::lifecycle
