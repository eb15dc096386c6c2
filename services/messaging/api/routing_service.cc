#include "services/messaging/api/routing_service.h"

#include "absl/algorithm/container.h"
#include "common/api/etag.h"
#include "common/api/time.h"
#include "common/status/status_macros.h"
#include "common/text/validate.h"
#include "services/messaging/announce.h"
#include "services/messaging/api/parse.h"
#include "services/messaging/api/render.h"
#include "services/messaging/route_facts.h"
#include "services/messaging/store/inbound_repository.h"

namespace vinculo::messaging {
namespace {

struct HoldView {
  Uuid contact;
  Uuid sender;
  std::optional<Hold> hold;
};

void RenderHoldView(const HoldView& in, v1::ContactHold* out) {
  out->set_contact_id(in.contact.ToString());
  out->set_sender_id(in.sender.ToString());
  if (in.hold) RenderHold(*in.hold, out->mutable_hold());
}

constexpr char kListInbound[] = "messaging.RoutingService.ListInbound";
constexpr char kInboundOrder[] = "received_at,wamid";

void RenderEvent(const InboundEvent& in, bool personal, v1::InboundMessage* out) {
  out->set_wamid(in.wamid);
  out->set_contact_id(in.contact_id.ToString());
  out->set_sender_id(in.sender_id.ToString());
  api::SetTimestamp(in.received_at, out->mutable_receive_time());
  if (personal) RenderInbound(in.content, out->mutable_content());
  RenderReplyRoute(in.to, out->mutable_reply_route());
  if (in.campaign_id) out->set_campaign_id(in.campaign_id->ToString());
  if (in.message_id) out->set_message_id(in.message_id->ToString());
}

absl::StatusOr<HoldView> View(sql::Transaction& tx, const Uuid& sender, const Uuid& contact) {
  ASSIGN_OR_RETURN(const Window window, WindowRepository::Get(tx, sender, contact));
  return HoldView{contact, sender, window.hold};
}

}  // namespace

RoutingService::RoutingService(const ApiContext& context) : runtime_(context.runtime), context_(context) {}
RoutingService::~RoutingService() = default;

void RoutingService::PutRule(rpc::Call<v1::PutRuleRequest, v1::RoutingRule> call) {
  FieldViolations bad;
  RoutingRule rule = ParseRule(call.request().rule(), bad);
  const std::optional<int64_t> revision = api::ParseEtag(call.request().rule().etag(), bad, "rule.etag");
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.Write(
      call.scope(),
      [rule = std::move(rule), revision](sql::Transaction& tx) -> absl::StatusOr<RoutingRule> {
        ASSIGN_OR_RETURN(const std::vector<RoutingRule> rules, InboundRepository::Rules(tx));
        const RoutingRule* current = nullptr;
        for (const RoutingRule& r : rules) {
          if (r.id == rule.id) current = &r;
        }
        if (current != nullptr) RETURN_IF_ERROR(api::CheckRevision("rule", rule.id, revision, current->revision));
        if (current == nullptr && rules.size() >= 500)
          return Error(absl::StatusCode::kResourceExhausted, "QUOTA_EXCEEDED", "A tenant has at most 500 rules.");
        return InboundRepository::PutRule(tx, rule);
      },
      call.Reply(RenderRule));
}

void RoutingService::ListRules(rpc::Call<v1::ListRulesRequest, v1::ListRulesResponse> call) {
  FieldViolations bad;
  const size_t size = api::ParsePageSize(call.request().page_size(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const std::string tenant = call.principal().tenant;
  const api::PageScope scope{tenant, "messaging.RoutingService.ListRules", "", "priority,id"};
  const absl::StatusOr<std::optional<api::PageKey>> key = api::ParsePageToken(scope, call.request().page_token(), "is");
  if (!key.ok()) return call.Fail(key.status());
  std::pair<int64_t, std::string> after{INT64_MIN, ""};
  if (*key) after = {std::get<int64_t>((**key)[0]), std::get<std::string>((**key)[1])};
  context_.db.ReadOnPool(
      call.scope(), [](sql::Transaction& tx) { return InboundRepository::Rules(tx); },
      call.Reply([after, size, tenant](const std::vector<RoutingRule>& rules, v1::ListRulesResponse* out) {
        const RoutingRule* last = nullptr;
        for (const RoutingRule& r : rules) {
          if (std::pair<int64_t, std::string>(r.priority, r.id) <= after) continue;
          if (static_cast<size_t>(out->rules_size()) == size) {
            const api::PageScope bound{tenant, "messaging.RoutingService.ListRules", "", "priority,id"};
            out->set_next_page_token(api::EncodePageToken(bound, {static_cast<int64_t>(last->priority), last->id}));
            break;
          }
          RenderRule(r, out->add_rules());
          last = &r;
        }
      }));
}

void RoutingService::TestRoute(rpc::Call<v1::TestRouteRequest, v1::TestRouteResponse> call) {
  const v1::TestRouteRequest& request = call.request();
  FieldViolations bad;
  const std::optional<Uuid> contact = text::ParseOptionalUuid("contact_id", request.contact_id(), bad);
  const std::optional<Uuid> sender = text::ParseOptionalUuid("sender_id", request.sender_id(), bad);
  const std::string text = text::ParseText("text", request.text(), {.max = 4096, .trim = false}, bad);
  const std::string payload = text::ParseText("payload", request.payload(), {.max = 256, .trim = false}, bad);
  const std::string wamid = text::ParseText("in_reply_to_wamid", request.in_reply_to_wamid(), {.max = 256}, bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.ReadOnPool(
      call.scope(),
      [contact, sender, text, payload, wamid, contacts = &context_.contacts,
       now = call.now()](sql::Transaction& tx) -> absl::StatusOr<RouteDecision> {
        ASSIGN_OR_RETURN(const Uuid on, ResolveSenderId(tx, sender));
        if (contact) RETURN_IF_ERROR(contacts->Get(tx, *contact).status());
        ASSIGN_OR_RETURN(const RoutingBasis basis, LoadRoutingBasis(tx));
        ASSIGN_OR_RETURN(RouteFacts facts,
                         LoadRouteFacts(tx, *contacts, basis, contact.value_or(Uuid()), on, wamid, now, now));
        facts.input.content = {.kind = payload.empty() ? InboundKind::kText : InboundKind::kButtonReply,
                               .text = text,
                               .reply_id = payload};
        return DecideRoute(facts.input);
      },
      call.Reply([](const RouteDecision& d, v1::TestRouteResponse* out) {
        RenderReplyRoute(d.to, out->mutable_reply_route());
        out->set_step(std::string(d.step));
        out->set_rule_id(d.rule_id);
      }));
}

void RoutingService::SetHold(rpc::Call<v1::SetHoldRequest, v1::ContactHold> call) {
  const v1::SetHoldRequest& request = call.request();
  FieldViolations bad;
  const Uuid contact = text::ParseUuid("contact_id", request.contact_id(), bad);
  const std::optional<Uuid> sender = text::ParseOptionalUuid("sender_id", request.sender_id(), bad);
  Hold hold = ParseHold(request.hold(), "hold", call.now(), bad);
  if (request.has_at()) {
    hold.set_at = api::ParseTimestamp("at", request.at(), bad);
    if (hold.set_at > call.now() + absl::Minutes(5)) bad.Add("at", "must not lie in the future");
  }
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.Write(
      call.scope(),
      [contact, sender, hold, contacts = &context_.contacts](sql::Transaction& tx) -> absl::StatusOr<HoldView> {
        RETURN_IF_ERROR(contacts->Get(tx, contact).status());
        ASSIGN_OR_RETURN(const Uuid on, ResolveSenderId(tx, sender));
        RETURN_IF_ERROR(WindowRepository::SetHold(tx, on, contact, hold));
        return View(tx, on, contact);
      },
      call.Reply(RenderHoldView));
}

void RoutingService::ClearHold(rpc::Call<v1::ClearHoldRequest, v1::ContactHold> call) {
  FieldViolations bad;
  const Uuid contact = text::ParseUuid("contact_id", call.request().contact_id(), bad);
  const std::optional<Uuid> sender = text::ParseOptionalUuid("sender_id", call.request().sender_id(), bad);
  const std::string ref = text::ParseText("ref", call.request().ref(), {.min = 1, .max = 256}, bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.Write(
      call.scope(),
      [contact, sender, ref, contacts = &context_.contacts](sql::Transaction& tx) -> absl::StatusOr<HoldView> {
        RETURN_IF_ERROR(contacts->Get(tx, contact).status());
        ASSIGN_OR_RETURN(const Uuid on, ResolveSenderId(tx, sender));
        RETURN_IF_ERROR(WindowRepository::ClearHold(tx, on, contact, ref));
        return View(tx, on, contact);
      },
      call.Reply(RenderHoldView));
}

void RoutingService::DeleteRule(rpc::Call<v1::DeleteRuleRequest, v1::DeleteRuleResponse> call) {
  FieldViolations bad;
  const std::string id = text::ParseSlug("rule_id", call.request().rule_id(), bad);
  const std::optional<int64_t> revision = api::ParseEtag(call.request().etag(), bad, "etag");
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.Write(
      call.scope(),
      [id, revision](sql::Transaction& tx) -> absl::StatusOr<bool> {
        ASSIGN_OR_RETURN(const std::vector<RoutingRule> rules, InboundRepository::Rules(tx));
        const auto current = absl::c_find_if(rules, [&](const RoutingRule& r) { return r.id == id; });
        if (current == rules.end()) return NotFound("rule", id);
        RETURN_IF_ERROR(api::CheckRevision("rule", id, revision, current->revision));
        return InboundRepository::DeleteRule(tx, id);
      },
      call.Reply([](bool, v1::DeleteRuleResponse*) {}));
}

void RoutingService::GetHold(rpc::Call<v1::GetHoldRequest, v1::ContactHold> call) {
  FieldViolations bad;
  const Uuid contact = text::ParseUuid("contact_id", call.request().contact_id(), bad);
  const std::optional<Uuid> sender = text::ParseOptionalUuid("sender_id", call.request().sender_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const absl::Time now = call.now();
  const auto read = [&](sql::Transaction& tx) -> absl::StatusOr<HoldView> {
    ASSIGN_OR_RETURN(const Contact person, context_.contacts.Get(tx, contact));
    ASSIGN_OR_RETURN(const Uuid on, ResolveSenderId(tx, sender));
    ASSIGN_OR_RETURN(HoldView view, View(tx, on, person.id));
    if (view.hold && view.hold->until <= now) view.hold.reset();
    return view;
  };
  call.Answer(context_.db.ReadInline(call.scope(), read), RenderHoldView);
}

void RoutingService::ListInbound(rpc::Call<v1::ListInboundRequest, v1::ListInboundResponse> call) {
  const v1::ListInboundRequest& request = call.request();
  FieldViolations bad;
  const Uuid contact = text::ParseUuid("contact_id", request.contact_id(), bad);
  const size_t size = api::ParsePageSize(request.page_size(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const std::string tenant = call.principal().tenant, filter = request.contact_id();
  const api::PageScope scope{tenant, kListInbound, filter, kInboundOrder};
  const absl::StatusOr<std::optional<api::PageKey>> key = api::ParsePageToken(scope, request.page_token(), "is");
  if (!key.ok()) return call.Fail(key.status());
  std::optional<InboundRepository::Cursor> before;
  if (*key) before = {absl::FromUnixMicros(std::get<int64_t>((**key)[0])), std::get<std::string>((**key)[1])};
  const bool personal = MaySeePersonal(call.principal());
  context_.db.ReadOnPool(
      call.scope(),
      [contact, before, size,
       contacts = &context_.contacts](sql::Transaction& tx) -> absl::StatusOr<std::vector<InboundEvent>> {
        ASSIGN_OR_RETURN(const Contact person, contacts->Get(tx, contact));
        return InboundRepository::ListByContact(tx, person.id, before, static_cast<int>(size) + 1);
      },
      call.Reply(
          [personal, size, tenant, filter](const std::vector<InboundEvent>& events, v1::ListInboundResponse* out) {
            for (size_t i = 0; i < events.size() && i < size; ++i)
              RenderEvent(events[i], personal, out->add_messages());
            if (events.size() <= size) return;
            const api::PageScope bound{tenant, kListInbound, filter, kInboundOrder};
            const InboundEvent& last = events[size - 1];
            out->set_next_page_token(api::EncodePageToken(bound, {absl::ToUnixMicros(last.received_at), last.wamid}));
          }));
}

}  // namespace vinculo::messaging
