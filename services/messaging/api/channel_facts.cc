#include "absl/strings/str_cat.h"
#include "common/api/time.h"
#include "common/status/status_macros.h"
#include "common/text/validate.h"
#include "services/messaging/api/channel_service.h"
#include "services/messaging/store/campaign_repository.h"
#include "services/messaging/store/channel_repository.h"
#include "services/messaging/store/limit_repository.h"
#include "services/messaging/store/setup_repository.h"
#include "services/messaging/store/template_account_repository.h"

namespace vinculo::messaging {
namespace {

struct Use {
  std::string limit;
  std::string subject;
  std::optional<int64_t> allowed;
  int64_t used = 0;
  std::optional<absl::Time> spent_until;
};

struct Uses {
  Uuid sender;
  std::vector<Use> all;
};

absl::Status AddReach(sql::Transaction& tx, const Sender& sender, const std::string& portfolio, absl::Time now,
                      std::vector<Use>& out) {
  const ReachBudget budget{sender.daily_reach, 0};
  ASSIGN_OR_RETURN(const int64_t used, LimitRepository::ReachUsedAt(tx, portfolio, now));
  ASSIGN_OR_RETURN(const std::optional<absl::Time> next, LimitRepository::NextReachAfter(tx, portfolio, now));
  for (const bool bulk : {false, true}) {
    Use use{.limit = bulk ? "REACH_BULK" : "REACH", .subject = portfolio, .used = used};
    if (!budget.unlimited()) use.allowed = budget.LimitFor(bulk);
    if (use.allowed && used >= *use.allowed) use.spent_until = next;
    out.push_back(std::move(use));
  }
  return absl::OkStatus();
}

absl::Status AddPair(sql::Transaction& tx, const LimitScope& scope, const Uuid& contact, absl::Time now,
                     std::vector<Use>& out) {
  ASSIGN_OR_RETURN(const Addressee to,
                   LimitRepository::Find(tx, scope, contact, {now - kPairMemory, now + absl::Seconds(5)}));
  const std::optional<absl::Time> paid = to.PairDebt(now);
  Use use{.limit = "PAIR", .subject = contact.ToString(), .allowed = kPairDebtSend};
  if (paid && *paid > now) use.used = (*paid - now + kPairCost - absl::Microseconds(1)) / kPairCost;
  const absl::Time free = PairFreeAt(paid, kPairDebtSend, now);
  if (free > now) use.spent_until = free;
  out.push_back(std::move(use));
  return absl::OkStatus();
}

// The part of Graph's hour that we use; a sync leaves the rest of it to people [M-23].
absl::Status AddManagement(sql::Transaction& tx, const Uuid& channel, absl::Time now, std::vector<Use>& out) {
  const ManagementLimits limits;
  ASSIGN_OR_RETURN(const std::vector<CallBucket> calls, TemplateAccountRepository::Calls(tx, channel, now));
  const ManagementCost used = CostOfHour(calls, now);
  out.push_back({.limit = "MANAGEMENT",
                 .subject = channel.ToString(),
                 .allowed = limits.Calls(false),
                 .used = used.calls,
                 .spent_until = RoomForCalls(calls, {}, limits, now)});
  out.push_back({.limit = "MANAGEMENT_CREATE",
                 .subject = channel.ToString(),
                 .allowed = limits.Creations(false),
                 .used = used.creations,
                 .spent_until = RoomForCalls(calls, {.calls = 0, .creations = 1}, limits, now)});
  return absl::OkStatus();
}

absl::StatusOr<Uses> LoadUses(sql::Transaction& tx, std::optional<Uuid> id, std::optional<Uuid> contact,
                              absl::Time now) {
  if (!id) {
    ASSIGN_OR_RETURN(const std::optional<Sender> fallback, ChannelRepository::DefaultSender(tx));
    if (!fallback) return NotFound("sender", "the tenant has none");
    id = fallback->id;
  }
  ASSIGN_OR_RETURN(const auto found, ChannelRepository::SenderWithChannel(tx, *id));
  const auto& [sender, channel] = found;
  Uses uses{.sender = *id};
  ASSIGN_OR_RETURN(const int64_t inbound, LimitRepository::InboundOfLastSecond(tx, *id, now));
  ASSIGN_OR_RETURN(const int64_t outbound, LimitRepository::OutboundOfLastSecond(tx, *id, now));
  Use number{.limit = "NUMBER", .subject = id->ToString(), .allowed = sender.throughput, .used = inbound + outbound};
  if (number.used >= *number.allowed) number.spent_until = now + absl::Seconds(1);
  uses.all.push_back(std::move(number));
  RETURN_IF_ERROR(AddReach(tx, sender, channel.portfolio_id, now, uses.all));
  if (contact) RETURN_IF_ERROR(AddPair(tx, {*id, channel.portfolio_id}, *contact, now, uses.all));
  RETURN_IF_ERROR(AddManagement(tx, channel.id, now, uses.all));
  ASSIGN_OR_RETURN(const std::vector<Campaign> running, CampaignRepository::Running(tx, *id));
  for (const Campaign& c : running) {
    if (c.rate_per_second == 0) continue;
    ASSIGN_OR_RETURN(const int64_t begun, LimitRepository::CampaignBegun(tx, c.id, now - absl::Seconds(1)));
    Use use{.limit = "CAMPAIGN", .subject = c.id.ToString(), .allowed = c.rate_per_second, .used = begun};
    if (begun >= c.rate_per_second) use.spent_until = now + absl::Seconds(1);
    uses.all.push_back(std::move(use));
  }
  return uses;
}

void RenderUses(const Uses& uses, v1::Budgets* out) {
  out->set_sender_id(uses.sender.ToString());
  for (const Use& use : uses.all) {
    v1::Budget* b = out->add_budgets();
    b->set_limit(use.limit);
    b->set_subject(use.subject);
    if (use.allowed) b->set_allowed(*use.allowed);
    b->set_used(use.used);
    if (use.spent_until) api::SetTimestamp(*use.spent_until, b->mutable_spent_until());
  }
}

}  // namespace

void ChannelService::GetBudgets(rpc::Call<v1::GetBudgetsRequest, v1::Budgets> call) {
  FieldViolations bad;
  std::optional<Uuid> sender, contact;
  if (!call.request().sender_id().empty()) sender = text::ParseUuid("sender_id", call.request().sender_id(), bad);
  if (!call.request().contact_id().empty()) contact = text::ParseUuid("contact_id", call.request().contact_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.ReadOnPool(
      call.scope(),
      [sender, contact, now = call.now()](sql::Transaction& tx) { return LoadUses(tx, sender, contact, now); },
      call.Reply(RenderUses));
}

void ChannelService::GetSetupChecklist(rpc::Call<v1::GetSetupChecklistRequest, v1::SetupChecklist> call) {
  context_.db.ReadOnPool(call.scope(), SetupRepository::Steps,
                         call.Reply([](const std::vector<SetupStep>& steps, v1::SetupChecklist* out) {
                           out->set_complete(true);
                           for (const SetupStep& step : steps) {
                             v1::SetupStep* s = out->add_steps();
                             s->set_step(step.name);
                             s->set_done(step.done);
                             s->set_help_code(absl::StrCat("S_", step.name));
                             if (!step.done) out->set_complete(false);
                           }
                         }));
}

}  // namespace vinculo::messaging
