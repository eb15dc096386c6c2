#include "services/support/api/publisher.h"

#include <string>

#include "absl/strings/numbers.h"
#include "common/api/time.h"
#include "common/events/event_log.h"
#include "common/status/status_macros.h"
#include "services/support/api/render.h"
#include "vinculo/support/v1/events.pb.h"

namespace vinculo::support {
namespace {

class Publisher {
 public:
  Publisher(sql::Transaction& tx, const Told& told) : tx_(tx), told_(told) {}

  absl::Status Publish() {
    for (const HistoryEvent& event : told_.events) RETURN_IF_ERROR(PublishOne(event));
    if (told_.posted == nullptr) return absl::OkStatus();
    v1::MessagePosted posted = About<v1::MessagePosted>();
    posted.set_message_id(told_.posted->id.ToString());
    posted.set_author(static_cast<v1::AuthorKind>(told_.posted->author.kind));
    posted.set_author_id(told_.posted->author.id);
    posted.set_body(told_.posted->body);
    RenderAttachments(told_.posted->attachments, posted.mutable_attachments());
    posted.set_in_reply_to(told_.posted->in_reply_to);
    return Tell("message.posted", told_.posted->created_at, posted);
  }

 private:
  absl::Status PublishOne(const HistoryEvent& event) {
    switch (event.kind) {
      case EventKind::kCreated:
        return Created(event);
      case EventKind::kClosed:
        return Closed(event);
      case EventKind::kRated:
        return Rated(event);
      default:
        return told_.imported ? absl::OkStatus() : PublishLive(event);
    }
  }

  absl::Status PublishLive(const HistoryEvent& event) {
    switch (event.kind) {
      case EventKind::kAssigned: {
        v1::ConversationAssigned assigned = About<v1::ConversationAssigned>();
        assigned.set_assignee(event.to);
        assigned.set_previous_assignee(event.from);
        return Tell("conversation.assigned", event.at, assigned);
      }
      case EventKind::kSnoozed: {
        v1::ConversationSnoozed snoozed = About<v1::ConversationSnoozed>();
        if (told_.conversation.snoozed_until)
          api::SetTimestamp(*told_.conversation.snoozed_until, snoozed.mutable_until());
        return Tell("conversation.snoozed", event.at, snoozed);
      }
      case EventKind::kUnsnoozed: {
        v1::ConversationUnsnoozed unsnoozed = About<v1::ConversationUnsnoozed>();
        unsnoozed.set_cause(static_cast<v1::Cause>(event.cause));
        return Tell("conversation.unsnoozed", event.at, unsnoozed);
      }
      case EventKind::kReopened: {
        v1::ConversationReopened reopened = About<v1::ConversationReopened>();
        reopened.set_cause(static_cast<v1::Cause>(event.cause));
        reopened.set_reopen_count(told_.conversation.reopen_count);
        return Tell("conversation.reopened", event.at, reopened);
      }
      case EventKind::kSpamMarked:
      case EventKind::kSpamUnmarked: {
        v1::ConversationMarkedSpam marked = About<v1::ConversationMarkedSpam>();
        marked.set_spam(event.kind == EventKind::kSpamMarked);
        return Tell("conversation.marked_spam", event.at, marked);
      }
      case EventKind::kSurveySent: {
        v1::CsatSent sent = About<v1::CsatSent>();
        sent.set_survey_id(event.detail);
        sent.set_link(told_.survey_link);
        sent.set_agent(event.to);
        return Tell("csat.sent", event.at, sent);
      }
      default:
        return absl::OkStatus();
    }
  }

  absl::Status Created(const HistoryEvent& event) {
    v1::ConversationCreated created = About<v1::ConversationCreated>();
    created.set_imported(told_.imported);
    if (told_.conversation.follow_up_of) created.set_follow_up_of(told_.conversation.follow_up_of->ToString());
    return Tell("conversation.created", event.at, created);
  }

  absl::Status Closed(const HistoryEvent& event) {
    v1::ConversationClosed closed = About<v1::ConversationClosed>();
    closed.set_agent(event.actor.kind == Author::kAgent ? event.actor.id : told_.conversation.assignee);
    closed.set_imported(told_.imported);
    return Tell("conversation.closed", event.at, closed);
  }

  absl::Status Rated(const HistoryEvent& event) {
    v1::CsatReceived received = About<v1::CsatReceived>();
    received.set_survey_id(event.detail);
    int rating = 0, previous = 0;
    if (absl::SimpleAtoi(event.to, &rating)) received.set_rating(rating);
    if (absl::SimpleAtoi(event.from, &previous)) received.set_previous_rating(previous);
    if (told_.survey != nullptr) received.set_agent(told_.survey->agent);
    received.set_imported(told_.imported);
    return Tell("csat.received", event.at, received);
  }

  template <class E>
  E About() const {
    E event;
    const Conversation& c = told_.conversation;
    v1::ConversationRef* ref = event.mutable_conversation();
    ref->set_conversation_id(c.id.ToString());
    ref->set_number(c.number);
    ref->set_customer_id(c.customer_id);
    ref->set_requester_id(c.requester_id);
    ref->set_channel(static_cast<v1::Channel>(c.channel));
    ref->set_module_key(c.module_key);
    return event;
  }

  absl::Status Tell(std::string type, absl::Time at, const google::protobuf::Message& payload) {
    return events::Append(tx_, {std::move(type), told_.conversation.id.ToString(), at, payload}, told_.now);
  }

  sql::Transaction& tx_;
  const Told& told_;
};

}  // namespace

absl::Status PublishEvents(sql::Transaction& tx, const Told& told) { return Publisher(tx, told).Publish(); }

}  // namespace vinculo::support
