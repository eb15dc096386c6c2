#include "services/lifecycle/store/module_repository.h"

#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "services/lifecycle/store/queries.h"

namespace vinculo::lifecycle {
namespace {

using namespace store;  // NOLINT(build/namespaces): the statements

Engagement ReadEngagement(const sql::Row& r) { return {r.Id(0), r.String(1), r.Int(2), r.Time(3), r.OptionalTime(4)}; }

std::optional<int64_t> WeekNumber(const ModuleInstance& m) {
  if (!m.memory.evaluated_week) return std::nullopt;
  return DayNumber(*m.memory.evaluated_week);
}

ModuleInstance ReadModule(const sql::Row& r) {
  ModuleInstance m;
  m.id = r.Id(0);
  m.engagement_id = r.Id(1);
  m.customer_id = r.String(2);
  m.module_key = r.String(3);
  m.contracted_at = r.Time(4);
  m.go_live_at = r.OptionalTime(5);
  m.stage = StageFromNumber(r.Int(6)).value_or(Stage::kUnspecified);
  m.stage_since = r.Time(7);
  m.adopted_at = r.OptionalTime(8);
  m.suppressed_until = r.OptionalTime(9);
  m.suppression_reason = r.String(10);
  if (!r.IsNull(11)) m.memory.evaluated_week = DayFromNumber(r.Int(11));
  m.memory.was_low = r.Bool(12);
  m.memory.adoption_results = static_cast<int>(r.Int(13));
  m.memory.success_misses = static_cast<int>(r.Int(14));
  m.memory.low_hits = static_cast<int>(r.Int(15));
  m.memory.low_holds = static_cast<int>(r.Int(16));
  m.memory.below_adoption_threshold = r.Bool(17);
  m.revision = r.Int(18);
  return m;
}

StageEvent ReadEvent(const sql::Row& r) {
  StageEvent e;
  e.id = r.Id(0);
  e.module_instance_id = r.Id(1);
  e.customer_id = r.String(2);
  e.module_key = r.String(3);
  e.sequence_no = r.Int(4);
  e.from = StageFromNumber(r.Int(5)).value_or(Stage::kUnspecified);
  e.to = StageFromNumber(r.Int(6)).value_or(Stage::kUnspecified);
  e.at = r.Time(7);
  e.recorded_at = r.Time(8);
  e.reason = r.String(9);
  e.comment = r.String(10);
  e.rule_version = r.Int(11);
  if (!r.IsNull(12)) e.evidence = DecodeEvidence(r.Text(12));
  e.actor = r.String(13);
  e.bypass = r.Bool(14);
  e.request_id = r.OptionalId(15);
  return e;
}

}  // namespace

absl::Status EngagementRepository::Insert(sql::Transaction& tx, const Engagement& e) const {
  return tx.Exec(kEngagementInsert, tx.tenant(), e.id, e.customer_id, e.sequence_no, e.opened_at, e.closed_at);
}

absl::Status EngagementRepository::Close(sql::Transaction& tx, const Uuid& id, absl::Time closed_at) const {
  return tx.Exec(kEngagementClose, tx.tenant(), id, closed_at);
}

absl::StatusOr<Engagement> EngagementRepository::Get(sql::Transaction& tx, const Uuid& id) const {
  ASSIGN_OR_RETURN(std::optional<Engagement> engagement, tx.Find(kEngagementGet, ReadEngagement, tx.tenant(), id));
  if (!engagement) return NotFound("engagement", id.ToString());
  return *std::move(engagement);
}

absl::StatusOr<std::optional<Engagement>> EngagementRepository::FindLatest(sql::Transaction& tx,
                                                                           const std::string& customer_id) const {
  return tx.Find(kEngagementLatest, ReadEngagement, tx.tenant(), customer_id);
}

absl::StatusOr<std::vector<Engagement>> EngagementRepository::List(sql::Transaction& tx, const std::string& customer_id,
                                                                   int64_t after, int limit) const {
  std::vector<Engagement> list;
  RETURN_IF_ERROR(tx.Each(
      kEngagementList, [&](const sql::Row& r) { list.push_back(ReadEngagement(r)); }, tx.tenant(), customer_id, after,
      limit));
  return list;
}

absl::Status ModuleRepository::Insert(sql::Transaction& tx, const ModuleInstance& m) const {
  return tx.Exec(kModuleInsert, tx.tenant(), m.id, m.engagement_id, m.customer_id, m.module_key, m.contracted_at,
                 m.go_live_at, m.stage, m.stage_since, m.adopted_at, m.suppressed_until, m.suppression_reason,
                 WeekNumber(m), m.memory.was_low, m.memory.adoption_results, m.memory.success_misses, m.memory.low_hits,
                 m.memory.low_holds, m.memory.below_adoption_threshold, m.revision);
}

absl::StatusOr<ModuleInstance> ModuleRepository::Get(sql::Transaction& tx, const Uuid& id) const {
  ASSIGN_OR_RETURN(std::optional<ModuleInstance> module, tx.Find(kModuleGet, ReadModule, tx.tenant(), id));
  if (!module) return NotFound("module instance", id.ToString());
  return *std::move(module);
}

absl::Status ModuleRepository::Update(sql::Transaction& tx, ModuleInstance& m) const {
  ++m.revision;
  return tx.Exec(kModuleUpdate, tx.tenant(), m.customer_id, m.id, m.go_live_at, m.stage, m.stage_since, m.adopted_at,
                 m.suppressed_until, m.suppression_reason, WeekNumber(m), m.memory.was_low, m.memory.adoption_results,
                 m.memory.success_misses, m.memory.low_hits, m.memory.low_holds, m.memory.below_adoption_threshold);
}

absl::StatusOr<std::vector<ModuleInstance>> ModuleRepository::OfCustomer(sql::Transaction& tx,
                                                                         const std::string& customer_id) const {
  std::vector<ModuleInstance> modules;
  RETURN_IF_ERROR(tx.Each(
      kModulesOfCustomer, [&](const sql::Row& r) { modules.push_back(ReadModule(r)); }, tx.tenant(), customer_id));
  return modules;
}

absl::StatusOr<std::vector<ModuleInstance>> ModuleRepository::List(sql::Transaction& tx, const ModuleFilter& filter,
                                                                   const ModulePosition& after, int limit) const {
  std::vector<ModuleInstance> modules;
  const auto take = [&](const sql::Row& r) { modules.push_back(ReadModule(r)); };
  // A list of one client begins right before its first instance.
  const std::string& from = after.customer_id.empty() ? filter.customer_id : after.customer_id;
  if (filter.stage == Stage::kUnspecified) {
    RETURN_IF_ERROR(
        tx.Each(kModuleList, take, tx.tenant(), from, after.id, limit, filter.module_key, filter.customer_id));
  } else {
    RETURN_IF_ERROR(tx.Each(kModuleListByStage, take, tx.tenant(), from, after.id, limit, filter.module_key,
                            filter.customer_id, filter.stage));
  }
  return modules;
}

absl::StatusOr<std::vector<ModuleInstance>> ModuleRepository::NextClients(sql::Transaction& tx,
                                                                          const std::string& after, int limit) const {
  // No id is above 16 bytes of 0xff, so this starts behind the client `after`.
  static const Uuid kLastId = *Uuid::FromBytes(std::string(16, '\xff'));
  ASSIGN_OR_RETURN(std::vector<ModuleInstance> modules, List(tx, {}, {after, after.empty() ? Uuid() : kLastId}, limit));
  if (modules.size() < static_cast<size_t>(limit)) return modules;
  const std::string last = modules.back().customer_id;
  if (modules.front().customer_id == last) return OfCustomer(tx, last);
  while (modules.back().customer_id == last) modules.pop_back();
  return modules;
}

absl::Status ModuleRepository::SaveMove(sql::Transaction& tx, ModuleInstance& module, StageEvent& event) const {
  RETURN_IF_ERROR(Update(tx, module));
  return AppendEvent(tx, event);
}

absl::Status ModuleRepository::AppendEvent(sql::Transaction& tx, StageEvent& e) const {
  ASSIGN_OR_RETURN(const std::optional<int64_t> last,
                   tx.Find(
                       kStageEventLast, [](const sql::Row& r) { return r.Int(0); }, tx.tenant(), e.module_instance_id));
  e.sequence_no = last.value_or(0) + 1;
  if (tx.scope().request) e.request_id = tx.scope().request->id;
  std::optional<std::string> evidence;
  if (e.evidence) evidence = EncodeEvidence(*e.evidence);
  return tx.Exec(kStageEventInsert, tx.tenant(), e.id, e.module_instance_id, e.customer_id, e.module_key, e.sequence_no,
                 e.from, e.to, e.at, e.recorded_at, e.reason, e.comment, e.rule_version, evidence, e.actor, e.bypass,
                 e.request_id);
}

absl::StatusOr<std::vector<StageEvent>> ModuleRepository::History(sql::Transaction& tx, const Uuid& module_instance_id,
                                                                  int64_t before, int limit) const {
  std::vector<StageEvent> events;
  RETURN_IF_ERROR(tx.Each(
      kStageEventList, [&](const sql::Row& r) { events.push_back(ReadEvent(r)); }, tx.tenant(), module_instance_id,
      before, limit));
  return events;
}

}  // namespace vinculo::lifecycle
