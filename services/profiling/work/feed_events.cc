#include "services/profiling/work/feed_events.h"

#include "common/id/uuid.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "vinculo/messaging/v1/events.pb.h"

namespace vinculo::profiling {
namespace {

namespace m = vinculo::messaging::v1;

absl::Time TimeOf(const google::protobuf::Timestamp& t) {
  return absl::FromUnixSeconds(t.seconds()) + absl::Nanoseconds(t.nanos());
}

// A phone number where there is one, else the business-scoped id.
std::string BestIdentity(const google::protobuf::RepeatedPtrField<m::ContactIdentity>& identities) {
  std::string other;
  for (const m::ContactIdentity& identity : identities) {
    if (identity.kind() == "PHONE") return identity.value();
    if (identity.kind() == "WA_ID" || other.empty()) other = identity.value();
  }
  return other;
}

bool IsFromThePerson(m::InboundKind kind) {
  return kind != m::INBOUND_KIND_REACTION && kind != m::INBOUND_KIND_CHANGE && kind != m::INBOUND_KIND_SYSTEM;
}

Inbound InboundOf(const m::MessageReceived& message) {
  Inbound out;
  out.text = message.content().text();
  out.reply_id = message.content().reply_id();
  out.compliance_stop = message.compliance() == m::COMPLIANCE_OPT_OUT;
  switch (message.content().kind()) {
    case m::INBOUND_KIND_TEXT:
      out.kind = Inbound::Kind::kText;
      break;
    case m::INBOUND_KIND_TEMPLATE_BUTTON:
    case m::INBOUND_KIND_BUTTON_REPLY:
    case m::INBOUND_KIND_LIST_REPLY:
      out.kind = Inbound::Kind::kReply;
      break;
    default:
      out.kind = Inbound::Kind::kUnsupported;
      break;
  }
  return out;
}

InboundRequest RequestOf(const m::MessageReceived& message, const std::string& identity) {
  InboundRequest request;
  request.channel = Channel::kWhatsapp;
  request.identity = identity;
  request.event_id = message.wamid();
  request.at = TimeOf(message.at());
  request.inbound = InboundOf(message);
  if (Uuid::Parse(message.ref())) {
    request.session_id = message.ref();
  } else if (IsSlug(message.ref()) && !request.inbound.compliance_stop) {
    // A campaign's opt-out button names its flow too; who wants no more messages is not asked questions.
    request.flow_id = message.ref();
  }
  request.window_until = TimeOf(message.window_expires_at());
  request.contact_id = message.contact_id();
  request.sender_id = message.sender_id();
  request.name = message.profile_name();
  const bool answers_us = !message.campaign_id().empty() || !message.in_reply_to_message_id().empty();
  request.source = answers_us ? Source::kHsm : Source::kMenu;
  request.source_ref = message.campaign_id();
  request.through_messaging = true;
  return request;
}

}  // namespace

const std::vector<std::string>& FeedEvents::Types() {
  static const auto* const kTypes =
      new std::vector<std::string>{"message.received", "contact.opted_out", "contact.opted_in"};
  return *kTypes;
}

absl::Status FeedEvents::Apply(sql::Transaction& tx, const events::v1::Event& event, absl::Time now) const {
  if (event.type() == "message.received") return Received(tx, event, now);
  if (event.type() == "contact.opted_out") return Consented<m::ContactOptedOut>(tx, event, false, now);
  if (event.type() == "contact.opted_in") return Consented<m::ContactOptedIn>(tx, event, true, now);
  return absl::OkStatus();
}

absl::Status FeedEvents::Received(sql::Transaction& tx, const events::v1::Event& event, absl::Time now) const {
  m::MessageReceived message;
  if (!event.payload().UnpackTo(&message)) return absl::DataLossError("message.received without its payload");
  const std::string identity = BestIdentity(message.identities());
  if (identity.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Uuid profile,
                   engine_.LinkContact(tx, Channel::kWhatsapp, identity, Uuid::Parse(message.customer_id()),
                                       message.contact_id(), message.profile_name(), now));
  if (message.route() != m::ROUTE_PROFILING || !IsFromThePerson(message.content().kind())) return absl::OkStatus();
  const InboundRequest request = RequestOf(message, identity);
  // The feed's cursor is what drops repetitions here: no reply need be kept.
  ASSIGN_OR_RETURN(const EngineResult result, engine_.HandleInbound(
                                                  tx, request, [](const EngineResult&) { return std::string(); }, now));
  if (result.duplicate || result.handled || request.inbound.compliance_stop) return absl::OkStatus();
  InboundUnhandledEvent unhandled{
      profile,  message.contact_id(), message.sender_id(), message.wamid(), message.content().text(), result.reason,
      identity, request.at,           Channel::kWhatsapp};
  return emit_(tx, unhandled, now);
}

template <class Payload>
absl::Status FeedEvents::Consented(sql::Transaction& tx, const events::v1::Event& event, bool granted,
                                   absl::Time now) const {
  Payload payload;
  if (!event.payload().UnpackTo(&payload)) return absl::DataLossError("a consent event without its payload");
  const std::string identity = BestIdentity(payload.identities());
  const std::optional<Uuid> known = Uuid::Parse(payload.customer_id());
  if (!known && identity.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Uuid profile,
                   engine_.LinkContact(tx, Channel::kWhatsapp, identity, known, payload.contact_id(), "", now));
  Consent consent;
  consent.purpose = "marketing";
  consent.decision = granted ? ConsentDecisionKind::kGranted : ConsentDecisionKind::kRevoked;
  consent.at = TimeOf(event.occurred_at());
  if (granted) consent.expires_at = consent.at + kConsentLifetime;
  consent.source = "messaging";
  return engine_.PutConsent(tx, profile, std::move(consent), true, now);
}

}  // namespace vinculo::profiling
