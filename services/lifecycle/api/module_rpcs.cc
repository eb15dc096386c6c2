// The RPCs of LifecycleService about single modules: sale, delivery, moves by people, history.
#include <algorithm>
#include <limits>

#include "common/api/etag.h"
#include "common/api/page.h"
#include "common/api/time.h"
#include "common/calendar/period.h"
#include "common/status/status_macros.h"
#include "common/text/validate.h"
#include "services/lifecycle/api/announce.h"
#include "services/lifecycle/api/lifecycle_service.h"
#include "services/lifecycle/api/paging.h"
#include "services/lifecycle/api/parse.h"
#include "services/lifecycle/api/render.h"
#include "services/lifecycle/limits.h"
#include "services/lifecycle/store/stage_pass.h"

namespace vinculo::lifecycle {
namespace {

constexpr char kReasonSuppression[] = "AUTOMATION_SUPPRESSED";
constexpr char kReasonThaw[] = "AUTOMATION_RESUMED";

absl::Status NotAllowed(Stage from, Stage to, absl::string_view hint) {
  return Error(absl::StatusCode::kFailedPrecondition, "TRANSITION_NOT_ALLOWED",
               absl::StrCat("a module in ", StageName(from), " cannot move to ", StageName(to), "; ", hint),
               {{"from_stage", std::string(StageName(from))}, {"to_stage", std::string(StageName(to))}});
}

// Why a person's wish for a move cannot be granted without looking at usage; OK when the usage rules decide.
absl::Status CheckGate(const ModuleInstance& module, Stage to) {
  switch (GateBetween(module.stage, to)) {
    case Gate::kUsageRule:
      return absl::OkStatus();
    case Gate::kHandOff:
      return Error(absl::StatusCode::kFailedPrecondition, "HANDOFF_REQUIRED",
                   "an approved hand-off that covers the module has to come first", {{"modules", module.module_key}});
    case Gate::kDelivery:
      return NotAllowed(module.stage, to, "use MarkProductionDelivered");
    case Gate::kNotice:
      return NotAllowed(module.stage, to, "a notice of the client, its withdrawal or its effect does that");
    case Gate::kNone:
      break;
  }
  return NotAllowed(module.stage, to, "there is no such way");
}

absl::Status UsageRuleNotMet(Stage to, const Evaluation& evaluation) {
  const StageEvidence& e = evaluation.evidence;
  return Error(absl::StatusCode::kFailedPrecondition, "USAGE_RULE_NOT_MET",
               absl::StrCat("the rules do not give ", StageName(to), " for the last complete week"),
               {{"r4_numerator", absl::StrCat(e.r4.completed)},
                {"r4_denominator", absl::StrCat(e.r4.started)},
                {"r16_numerator", absl::StrCat(e.r16.completed)},
                {"r16_denominator", absl::StrCat(e.r16.started)},
                {"rules_give", std::string(StageName(evaluation.to))}});
}

// Loads a module that the caller may write with this etag.
absl::StatusOr<ModuleInstance> LoadForWrite(sql::Transaction& tx, const ModuleRepository& modules, const Uuid& id,
                                            std::optional<int64_t> etag) {
  ASSIGN_OR_RETURN(ModuleInstance module, modules.Get(tx, id));
  RETURN_IF_ERROR(api::CheckRevision("module instance", id.ToString(), etag, module.revision));
  return module;
}

// INVALID_ARGUMENT naming `field` when `at` lies before the module's present stage.
absl::Status NotBeforeStage(const char* field, absl::Time at, const ModuleInstance& module) {
  FieldViolations bad;
  if (at < module.stage_since) bad.Add(field, "must not be before the module came into its present stage");
  return bad.ToStatus();
}

// Who moves, when it is recorded and under which id.
struct Act {
  Uuid event_id;
  std::string actor;
  absl::Time now;
};

template <class Call>
Act ActOf(const Call& call) {
  return {Uuid::New(call.now()), call.principal().subject, call.now()};
}

absl::StatusOr<ModuleInstance> SaveMove(sql::Transaction& tx, const ModuleRepository& modules, ModuleInstance module,
                                        StageEvent event, const Act& act) {
  event.id = act.event_id;
  event.actor = act.actor;
  event.recorded_at = act.now;
  RETURN_IF_ERROR(modules.SaveMove(tx, module, event));
  RETURN_IF_ERROR(AnnounceStage(tx, event, act.now));
  return module;
}

// With its last module lost, an engagement is over [L-14].
absl::Status CloseIfAllLost(sql::Transaction& tx, const ModuleRepository& modules,
                            const EngagementRepository& engagements, const ModuleInstance& lost) {
  ASSIGN_OR_RETURN(const std::vector<ModuleInstance> all, modules.OfCustomer(tx, lost.customer_id));
  absl::Time last = lost.stage_since;
  for (const ModuleInstance& module : all) {
    if (module.engagement_id != lost.engagement_id) continue;
    if (module.stage != Stage::kLost) return absl::OkStatus();
    last = std::max(last, module.stage_since);
  }
  return engagements.Close(tx, lost.engagement_id, last);
}

absl::CivilDay LastCompleteWeek(absl::Time now, const Settings& settings) {
  return calendar::LastComplete(calendar::PeriodKind::kWeek, 1, now, settings.zone).front().first_day();
}

}  // namespace

void LifecycleService::AddModule(rpc::Call<v1::AddModuleRequest, v1::ModuleInstance> call) {
  const v1::AddModuleRequest& request = call.request();
  FieldViolations bad;
  ModuleInstance draft;
  draft.engagement_id = text::ParseUuid("engagement_id", request.engagement_id(), bad);
  draft.module_key = text::ParseSlug("module_key", request.module_key(), bad);
  draft.contracted_at =
      ParsePastTime("contracted_at", request.has_contracted_at() ? &request.contracted_at() : nullptr, call.now(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  draft.id = Uuid::New(call.now());
  draft.stage_since = draft.contracted_at;
  db_.Write(
      call.scope(),
      [this, draft, act = ActOf(call)](sql::Transaction& tx) -> absl::StatusOr<ModuleInstance> {
        ModuleInstance module = draft;
        ASSIGN_OR_RETURN(const Engagement engagement, engagements_.Get(tx, module.engagement_id));
        if (engagement.closed_at) {
          return Error(absl::StatusCode::kFailedPrecondition, "ENGAGEMENT_CLOSED",
                       "the engagement is over; open a new one");
        }
        if (module.contracted_at < engagement.opened_at) {
          FieldViolations bad;
          bad.Add("contracted_at", "must not be before the engagement was opened");
          return bad.ToStatus();
        }
        ASSIGN_OR_RETURN(const std::optional<ModuleDef> def, defs_.Find(tx, module.module_key));
        if (!def) return NotFound("module def", module.module_key);
        if (!def->active) {
          return Error(absl::StatusCode::kFailedPrecondition, "MODULE_INACTIVE",
                       "this kind of module is not sold any more");
        }
        module.customer_id = engagement.customer_id;
        ASSIGN_OR_RETURN(const std::vector<ModuleInstance> present, modules_.OfCustomer(tx, module.customer_id));
        for (const ModuleInstance& other : present) {
          if (other.engagement_id != module.engagement_id || other.module_key != module.module_key ||
              other.stage == Stage::kLost)
            continue;
          return Error(absl::StatusCode::kAlreadyExists, "MODULE_ACTIVE", "the engagement has this module already",
                       {{"module_instance_id", other.id.ToString()}});
        }
        RETURN_IF_ERROR(modules_.Insert(tx, module));
        module.stage = Stage::kUnspecified;
        StageEvent event = MoveModule(module, Stage::kNew, module.contracted_at, kReasonSold);
        event.id = act.event_id;
        event.actor = act.actor;
        event.recorded_at = act.now;
        RETURN_IF_ERROR(modules_.AppendEvent(tx, event));
        RETURN_IF_ERROR(AnnounceStage(tx, event, act.now));
        return module;
      },
      call.Reply(RenderModule));
}

void LifecycleService::GetModuleInstance(rpc::Call<v1::GetModuleInstanceRequest, v1::ModuleInstance> call) {
  FieldViolations bad;
  const Uuid id = text::ParseUuid("module_instance_id", call.request().module_instance_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  call.Answer(db_.ReadInline(call.scope(), [&](sql::Transaction& tx) { return modules_.Get(tx, id); }), RenderModule);
}

void LifecycleService::ListModuleInstances(
    rpc::Call<v1::ListModuleInstancesRequest, v1::ListModuleInstancesResponse> call) {
  const v1::ListModuleInstancesRequest& request = call.request();
  FieldViolations bad;
  const int size = api::ParsePageSize(request.page_size(), bad);
  ModuleFilter filter;
  filter.customer_id = ParseOptionalCustomerId("customer_id", request.customer_id(), bad);
  filter.module_key = text::ParseOptionalSlug("module_key", request.module_key(), bad);
  filter.stage = ParseOptionalStage("stage", request.stage(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const api::PageScope scope{call.scope().tenant(), "lifecycle.LifecycleService.ListModuleInstances", FilterOf(request),
                             "customer_id,id"};
  const auto token = api::ParsePageToken(scope, request.page_token(), "su");
  if (!token.ok()) return call.Fail(token.status());
  ModulePosition after;
  if (*token) after = {std::get<std::string>((**token)[0]), std::get<Uuid>((**token)[1])};
  db_.ReadOnPool(
      call.scope(),
      [this, filter, after, size, scope](sql::Transaction& tx) -> absl::StatusOr<Page<ModuleInstance>> {
        ASSIGN_OR_RETURN(std::vector<ModuleInstance> list, modules_.List(tx, filter, after, size + 1));
        return CutPage(std::move(list), size, scope, [](const ModuleInstance& m) {
          return api::PageKey{m.customer_id, m.id};
        });
      },
      call.Reply([](const Page<ModuleInstance>& page, v1::ListModuleInstancesResponse* out) {
        for (const ModuleInstance& module : page.items) RenderModule(module, out->add_module_instances());
        out->set_next_page_token(page.next_token);
      }));
}

void LifecycleService::MarkProductionDelivered(rpc::Call<v1::MarkProductionDeliveredRequest, v1::ModuleInstance> call) {
  const v1::MarkProductionDeliveredRequest& request = call.request();
  FieldViolations bad;
  const Uuid id = text::ParseUuid("module_instance_id", request.module_instance_id(), bad);
  const std::optional<int64_t> etag = api::ParseEtag(request.etag(), bad);
  const absl::Time at =
      ParsePastTime("go_live_at", request.has_go_live_at() ? &request.go_live_at() : nullptr, call.now(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  db_.Write(
      call.scope(),
      [this, id, etag, at, act = ActOf(call)](sql::Transaction& tx) -> absl::StatusOr<ModuleInstance> {
        ASSIGN_OR_RETURN(ModuleInstance module, LoadForWrite(tx, modules_, id, etag));
        if (module.stage != Stage::kImplementation) {
          return NotAllowed(module.stage, Stage::kFriendsAndFamily, "only a module in IMPLEMENTATION is delivered");
        }
        if (at < module.contracted_at) {
          FieldViolations bad;
          bad.Add("go_live_at", "must not be before the module was sold");
          return bad.ToStatus();
        }
        module.go_live_at = at;
        StageEvent event =
            MoveModule(module, Stage::kFriendsAndFamily, std::max(at, module.stage_since), kReasonDelivered);
        return SaveMove(tx, modules_, std::move(module), std::move(event), act);
      },
      call.Reply(RenderModule));
}

void LifecycleService::RequestTransition(rpc::Call<v1::RequestTransitionRequest, v1::ModuleInstance> call) {
  const v1::RequestTransitionRequest& request = call.request();
  FieldViolations bad;
  const Uuid id = text::ParseUuid("module_instance_id", request.module_instance_id(), bad);
  const Stage to = ParseStage("to_stage", request.to_stage(), bad);
  const std::optional<int64_t> etag = api::ParseEtag(request.etag(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  db_.Write(
      call.scope(),
      [this, id, to, etag, act = ActOf(call)](sql::Transaction& tx) -> absl::StatusOr<ModuleInstance> {
        ASSIGN_OR_RETURN(ModuleInstance module, LoadForWrite(tx, modules_, id, etag));
        RETURN_IF_ERROR(CheckGate(module, to));
        const StagePass pass(settings_, LastCompleteWeek(act.now, settings_), act.now, act.actor, /*dry_run=*/false);
        ASSIGN_OR_RETURN(Evaluation evaluation, pass.Judge(tx, module));
        if (evaluation.to != to) return UsageRuleNotMet(to, evaluation);
        const auto evaluated_week = module.memory.evaluated_week;
        module.memory = evaluation.memory;
        module.memory.evaluated_week = evaluated_week;
        StageEvent event = MoveModule(module, to, act.now, evaluation.reason);
        event.rule_version = settings_.rules.version;
        event.evidence = std::move(evaluation.evidence);
        return SaveMove(tx, modules_, std::move(module), std::move(event), act);
      },
      call.Reply(RenderModule));
}

void LifecycleService::ForceTransition(rpc::Call<v1::ForceTransitionRequest, v1::ModuleInstance> call) {
  const v1::ForceTransitionRequest& request = call.request();
  FieldViolations bad;
  const Uuid id = text::ParseUuid("module_instance_id", request.module_instance_id(), bad);
  const Stage to = ParseStage("to_stage", request.to_stage(), bad);
  const std::optional<int64_t> etag = api::ParseEtag(request.etag(), bad);
  const absl::Time at = ParsePastTime("at", request.has_at() ? &request.at() : nullptr, call.now(), bad);
  const bool other_problems = !bad.empty();
  const std::string reason = text::ParseText("reason", request.reason(), {.min = 1, .max = kMaxText}, bad);
  if (!bad.empty())
    return call.Fail(bad.ToStatus(other_problems || !request.reason().empty() ? "INVALID_FIELDS" : "REASON_REQUIRED"));
  db_.Write(
      call.scope(),
      [this, id, to, etag, at, reason, act = ActOf(call)](sql::Transaction& tx) -> absl::StatusOr<ModuleInstance> {
        ASSIGN_OR_RETURN(ModuleInstance module, LoadForWrite(tx, modules_, id, etag));
        if (module.stage == Stage::kLost) {
          return Error(absl::StatusCode::kFailedPrecondition, "ALREADY_LOST",
                       "a module that is LOST stays so; sell it anew");
        }
        if (module.stage == to) return NotAllowed(module.stage, to, "it is there already");
        RETURN_IF_ERROR(NotBeforeStage("at", at, module));
        module.memory = MemoryAfterMove(module.memory, to);
        StageEvent event = MoveModule(module, to, at, kReasonForced);
        event.comment = reason;
        event.bypass = true;
        ASSIGN_OR_RETURN(ModuleInstance moved, SaveMove(tx, modules_, std::move(module), std::move(event), act));
        if (to == Stage::kLost) RETURN_IF_ERROR(CloseIfAllLost(tx, modules_, engagements_, moved));
        return moved;
      },
      call.Reply(RenderModule));
}

void LifecycleService::GetStageHistory(rpc::Call<v1::GetStageHistoryRequest, v1::GetStageHistoryResponse> call) {
  const v1::GetStageHistoryRequest& request = call.request();
  FieldViolations bad;
  const Uuid id = text::ParseUuid("module_instance_id", request.module_instance_id(), bad);
  const int size = api::ParsePageSize(request.page_size(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const api::PageScope scope{call.scope().tenant(), "lifecycle.LifecycleService.GetStageHistory", FilterOf(request),
                             "-sequence_no"};
  const auto token = api::ParsePageToken(scope, request.page_token(), "i");
  if (!token.ok()) return call.Fail(token.status());
  const int64_t before = *token ? std::get<int64_t>((**token)[0]) : std::numeric_limits<int64_t>::max();
  db_.ReadOnPool(
      call.scope(),
      [this, id, before, size, scope](sql::Transaction& tx) -> absl::StatusOr<Page<StageEvent>> {
        RETURN_IF_ERROR(modules_.Get(tx, id).status());
        ASSIGN_OR_RETURN(std::vector<StageEvent> events, modules_.History(tx, id, before, size + 1));
        return CutPage(std::move(events), size, scope, [](const StageEvent& e) { return api::PageKey{e.sequence_no}; });
      },
      call.Reply([](const Page<StageEvent>& page, v1::GetStageHistoryResponse* out) {
        for (const StageEvent& event : page.items) RenderStageEvent(event, out->add_stage_events());
        out->set_next_page_token(page.next_token);
      }));
}

void LifecycleService::SuppressAutomation(rpc::Call<v1::SuppressAutomationRequest, v1::ModuleInstance> call) {
  const v1::SuppressAutomationRequest& request = call.request();
  FieldViolations bad;
  const Uuid id = text::ParseUuid("module_instance_id", request.module_instance_id(), bad);
  const std::optional<int64_t> etag = api::ParseEtag(request.etag(), bad);
  std::optional<absl::Time> until = api::ParseOptionalTimestamp(
      "suppressed_until", request.has_suppressed_until() ? &request.suppressed_until() : nullptr, bad);
  if (until && *until > call.now() + kMaxSuppression) bad.Add("suppressed_until", "must be at most a year ahead");
  if (until && *until <= call.now()) until.reset();
  const bool other_problems = !bad.empty();
  const std::string reason = text::ParseText("reason", request.reason(), {.min = 1, .max = kMaxText}, bad);
  if (!bad.empty())
    return call.Fail(bad.ToStatus(other_problems || !request.reason().empty() ? "INVALID_FIELDS" : "REASON_REQUIRED"));
  db_.Write(
      call.scope(),
      [this, id, etag, until, reason, act = ActOf(call)](sql::Transaction& tx) -> absl::StatusOr<ModuleInstance> {
        ASSIGN_OR_RETURN(ModuleInstance module, LoadForWrite(tx, modules_, id, etag));
        module.suppressed_until = until;
        module.suppression_reason = until ? reason : "";
        StageEvent event = StayEvent(module, until ? kReasonSuppression : kReasonThaw, act.now);
        event.id = act.event_id;
        event.comment = reason;
        event.actor = act.actor;
        event.recorded_at = act.now;
        RETURN_IF_ERROR(modules_.SaveMove(tx, module, event));
        return module;
      },
      call.Reply(RenderModule));
}

}  // namespace vinculo::lifecycle
