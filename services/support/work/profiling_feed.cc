#include "services/support/work/profiling_feed.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "google/protobuf/util/time_util.h"
#include "vinculo/profiling/v1/events.pb.h"

namespace vinculo::support {
namespace {

namespace p = vinculo::profiling::v1;

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

// What both events have in common: a customer's message that nobody but a person should answer now.
template <class E>
absl::StatusOr<Inbound> ToInbound(const Desk& desk, sql::Transaction& tx, const E& told,
                                  const events::v1::Event& event) {
  Inbound in;
  in.channel = told.channel() == p::CHANNEL_WHATSAPP ? Channel::kWhatsapp : Channel::kWeb;
  ASSIGN_OR_RETURN(const Inbox inbox, desk.directory().InboxOfSender(tx, told.sender_id()));
  in.inbox = inbox.id;
  in.sender_id = told.sender_id();
  in.requester_id = !told.contact_id().empty()         ? told.contact_id()
                    : !told.channel_identity().empty() ? told.channel_identity()
                                                       : told.profile_id();
  in.customer_id = told.profile_id();
  in.external_id = told.message_id().empty() ? absl::StrCat("event:", event.id()) : told.message_id();
  in.body = told.text().empty() ? absl::StrCat("[", told.reason(), "]") : told.text();
  in.at = told.has_message_at() ? ToTime(told.message_at()) : ToTime(event.occurred_at());
  return in;
}

}  // namespace

std::vector<std::string> ProfilingEventTypes() {
  return {"handoff.requested", "inbound.unhandled", "profile.contact_linked"};
}

absl::Status ApplyProfilingEvent(const Desk& desk, sql::Transaction& tx, const events::v1::Event& event,
                                 absl::Time now) {
  if (event.type() == "handoff.requested") {
    ASSIGN_OR_RETURN(const p::HandoffRequested handoff, Unpack<p::HandoffRequested>(event));
    ASSIGN_OR_RETURN(Inbound in, ToInbound(desk, tx, handoff, event));
    in.cause = Cause::kHandoff;
    in.transcript_ref = handoff.session_id();
    in.team = handoff.target();
    return desk.Receive(tx, std::move(in), now).status();
  }
  if (event.type() == "inbound.unhandled") {
    ASSIGN_OR_RETURN(const p::InboundUnhandled unhandled, Unpack<p::InboundUnhandled>(event));
    ASSIGN_OR_RETURN(Inbound in, ToInbound(desk, tx, unhandled, event));
    return desk.Receive(tx, std::move(in), now).status();
  }
  if (event.type() == "profile.contact_linked") {
    ASSIGN_OR_RETURN(const p::ProfileContactLinked linked, Unpack<p::ProfileContactLinked>(event));
    if (linked.contact_id().empty()) return absl::OkStatus();
    return desk.LinkContact(tx, linked.contact_id(), linked.profile_id(), now);
  }
  return absl::OkStatus();
}

}  // namespace vinculo::support
