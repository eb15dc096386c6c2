#include "services/support/work/messaging_feed.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "google/protobuf/util/time_util.h"
#include "vinculo/messaging/v1/events.pb.h"

namespace vinculo::support {
namespace {

namespace m = vinculo::messaging::v1;

absl::Time ToTime(const google::protobuf::Timestamp& t) {
  return absl::FromUnixMicros(google::protobuf::util::TimeUtil::TimestampToMicroseconds(t));
}

template <class E>
absl::StatusOr<E> Unpack(const events::v1::Event& event) {
  E payload;
  if (event.payload().UnpackTo(&payload)) return payload;
  return Error(absl::StatusCode::kInvalidArgument, "EVENT_PAYLOAD",
               absl::StrCat("not what ", event.type(), " should carry"));
}

// What we do not know, or no longer, is no reason to stop following.
absl::Status IgnoreNotFound(const absl::Status& status) { return absl::IsNotFound(status) ? absl::OkStatus() : status; }

bool IsSaid(m::InboundKind kind) {
  return kind == m::INBOUND_KIND_TEXT || kind == m::INBOUND_KIND_TEMPLATE_BUTTON ||
         kind == m::INBOUND_KIND_BUTTON_REPLY || kind == m::INBOUND_KIND_LIST_REPLY || kind == m::INBOUND_KIND_MEDIA ||
         kind == m::INBOUND_KIND_LOCATION || kind == m::INBOUND_KIND_STRUCTURED || kind == m::INBOUND_KIND_OTHER;
}

void Describe(const m::InboundContent& content, Inbound& in) {
  in.body = content.text();
  if (content.has_media()) {
    in.attachments.push_back({content.media().filename(), content.media().mime_type(), content.media().media_id(), 0});
  }
  if (content.has_location()) {
    const m::InboundLocation& place = content.location();
    in.body = absl::StrCat(place.name(), place.name().empty() ? "" : "\n", place.address(),
                           place.address().empty() ? "" : "\n", place.latitude(), ", ", place.longitude());
  }
  if (in.body.empty()) in.body = absl::StrCat("[", content.type().empty() ? "message" : content.type(), "]");
}

// True when the message was a rating and has been taken as one.
absl::StatusOr<bool> TakeRating(const Desk& desk, sql::Transaction& tx, const m::MessageReceived& received,
                                absl::Time now) {
  absl::string_view choice = received.content().reply_id();
  if (!absl::ConsumePrefix(&choice, kRatingPrefix)) return false;
  const size_t colon = choice.rfind(':');
  int rating = 0;
  if (colon == absl::string_view::npos || !absl::SimpleAtoi(choice.substr(colon + 1), &rating)) return false;
  const Step step{std::min(ToTime(received.at()), now), {Author::kCustomer, received.contact_id()}, Cause::kCustomer};
  const absl::Status rated = desk.Rate(tx, std::string(choice.substr(0, colon)), rating, "", step, now).status();
  // Too late, or changed after it was final: an answer to a survey is never a request for help.
  if (rated.ok() || absl::IsNotFound(rated) || absl::IsFailedPrecondition(rated) || absl::IsInvalidArgument(rated))
    return true;
  return rated;
}

absl::Status Receive(const Desk& desk, sql::Transaction& tx, const events::v1::Event& event, absl::Time now) {
  ASSIGN_OR_RETURN(const m::MessageReceived received, Unpack<m::MessageReceived>(event));
  if (received.route() != m::ROUTE_SUPPORT || !IsSaid(received.content().kind())) return absl::OkStatus();
  ASSIGN_OR_RETURN(const bool rated, TakeRating(desk, tx, received, now));
  if (rated) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Inbox inbox, desk.directory().InboxOfSender(tx, received.sender_id()));
  Inbound in;
  in.channel = Channel::kWhatsapp;
  in.external_id = received.wamid();
  in.inbox = inbox.id;
  in.sender_id = received.sender_id();
  in.requester_id = received.contact_id();
  in.customer_id = received.customer_id();
  in.in_reply_to =
      received.in_reply_to_message_id().empty() ? received.in_reply_to_wamid() : received.in_reply_to_message_id();
  in.at = ToTime(received.at());
  Describe(received.content(), in);
  if (received.compliance() != m::COMPLIANCE_UNSPECIFIED) {
    ASSIGN_OR_RETURN(const auto going_on, desk.conversations().FindNewest(tx, in.requester_id, in.inbox));
    if (!going_on || going_on->state == State::kClosed) return absl::OkStatus();
  }
  return desk.Receive(tx, std::move(in), now).status();
}

// What an event tells of one of our messages: a reply, or a survey.
absl::Status Follow(const Desk& desk, sql::Transaction& tx, const m::MessageRef& ref, Delivery delivery,
                    const std::string& reason, absl::Time at, absl::Time now) {
  if (const auto label = ref.labels().find(kMessageLabel); label != ref.labels().end()) {
    const std::optional<Uuid> id = Uuid::Parse(label->second);
    if (!id) return absl::OkStatus();
    return IgnoreNotFound(desk.ReplyWent(tx, *id, delivery, reason, ref.message_id(), now));
  }
  if (const auto label = ref.labels().find(kSurveyLabel); label != ref.labels().end()) {
    const std::optional<Uuid> id = Uuid::Parse(label->second);
    if (!id) return absl::OkStatus();
    const SurveyState state = delivery == Delivery::kFailed ? SurveyState::kFailed
                              : delivery == Delivery::kSent ? SurveyState::kSent
                                                            : SurveyState::kDelivered;
    return IgnoreNotFound(desk.SurveyWent(tx, *id, state, at, now));
  }
  return absl::OkStatus();
}

template <class E>
absl::Status FollowTo(const Desk& desk, sql::Transaction& tx, const events::v1::Event& event, Delivery delivery,
                      absl::Time now) {
  ASSIGN_OR_RETURN(const E payload, Unpack<E>(event));
  return Follow(desk, tx, payload.message(), delivery, "", ToTime(event.occurred_at()), now);
}

}  // namespace

std::vector<std::string> MessagingEventTypes() {
  return {"message.received", "message.sent",      "message.delivered", "message.read",
          "message.failed",   "contact.opted_out", "contact.opted_in"};
}

absl::Status ApplyMessagingEvent(const Desk& desk, sql::Transaction& tx, const events::v1::Event& event,
                                 absl::Time now) {
  if (event.type() == "message.received") return Receive(desk, tx, event, now);
  if (event.type() == "message.sent") return FollowTo<m::MessageSent>(desk, tx, event, Delivery::kSent, now);
  if (event.type() == "message.delivered")
    return FollowTo<m::MessageDelivered>(desk, tx, event, Delivery::kDelivered, now);
  if (event.type() == "message.read") return FollowTo<m::MessageRead>(desk, tx, event, Delivery::kRead, now);
  const absl::Time at = ToTime(event.occurred_at());
  if (event.type() == "message.failed") {
    ASSIGN_OR_RETURN(const m::MessageFailed failed, Unpack<m::MessageFailed>(event));
    const std::string reason = failed.code() == 0 ? failed.reason() : absl::StrCat(failed.reason(), " ", failed.code());
    return Follow(desk, tx, failed.message(), Delivery::kFailed, reason, at, now);
  }
  if (event.type() == "contact.opted_out") {
    ASSIGN_OR_RETURN(const m::ContactOptedOut out, Unpack<m::ContactOptedOut>(event));
    return desk.SetOptedOut(tx, out.contact_id(), true, at, now);
  }
  if (event.type() == "contact.opted_in") {
    ASSIGN_OR_RETURN(const m::ContactOptedIn in, Unpack<m::ContactOptedIn>(event));
    return desk.SetOptedOut(tx, in.contact_id(), false, at, now);
  }
  return absl::OkStatus();
}

}  // namespace vinculo::support
