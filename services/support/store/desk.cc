#include "services/support/store/desk.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/http/crypto.h"
#include "common/jobs/job_queue.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "services/support/domain/errors.h"
#include "services/support/domain/metrics.h"

namespace vinculo::support {
namespace {

// Conversations of one contact that follow it to another customer, or show its opt-out.
constexpr int kMaxFollowing = 1000;

Message ToMessage(const Inbound& in, const Uuid& conversation, absl::Time now) {
  Message m;
  m.id = Uuid::New(now);
  m.conversation_id = conversation;
  m.external_id = in.external_id;
  m.direction = in.author == Author::kCustomer ? Direction::kInbound : Direction::kOutbound;
  m.author = {in.author, in.author == Author::kCustomer ? in.requester_id : ""};
  m.created_at = in.at;
  m.received_at = now;
  m.body = in.body;
  m.attachments = in.attachments;
  m.in_reply_to = in.in_reply_to;
  return m;
}

Message ToMessage(const Outgoing& out, Visibility visibility, absl::Time now) {
  Message m;
  m.id = Uuid::New(now);
  m.conversation_id = out.conversation_id;
  m.direction = Direction::kOutbound;
  m.author = out.actor;
  m.visibility = visibility;
  m.created_at = now;
  m.received_at = now;
  m.body = out.body;
  m.attachments = out.attachments;
  return m;
}

}  // namespace

std::string HashToken(const std::string& token) { return crypto::Sha256(token); }

Desk::Desk(Options options) : options_(std::move(options)), metrics_(options_.zone) {}

absl::Status Desk::Save(sql::Transaction& tx, Draft& draft, const Conversation* before, const Extra& extra) const {
  Conversation& c = draft.now;
  if (before == nullptr) {
    ASSIGN_OR_RETURN(c.number, conversations_.NextNumber(tx));
    RETURN_IF_ERROR(conversations_.Insert(tx, c));
  } else {
    RETURN_IF_ERROR(conversations_.Update(tx, c, before->tags));
  }
  RETURN_IF_ERROR(conversations_.AppendHistory(tx, c.id, draft.added));
  RETURN_IF_ERROR(KeepMetrics(tx, draft, before == nullptr));
  RETURN_IF_ERROR(KeepTimer(tx, c, before));
  Told told{c, draft.added, extra.posted, extra.survey, extra.survey_link, extra.imported, draft.recorded_at};
  return options_.publish(tx, told);
}

absl::Status Desk::KeepMetrics(sql::Transaction& tx, const Draft& draft, bool is_new) const {
  const bool touched = std::any_of(draft.added.begin(), draft.added.end(), [](const HistoryEvent& e) {
    return e.kind != EventKind::kFieldChanged && e.kind != EventKind::kFiled && e.kind != EventKind::kHandoff &&
           e.kind != EventKind::kDeliveryFailed && e.kind != EventKind::kConsentChanged;
  });
  if (!touched) return absl::OkStatus();
  // What is new has no history but what was just added, and no facts yet.
  if (is_new) return metrics_.Insert(tx, draft.now.id, ComputeFacts(draft.added, draft.now.spam));
  ASSIGN_OR_RETURN(const std::vector<HistoryEvent> history, conversations_.History(tx, draft.now.id));
  return metrics_.Replace(tx, draft.now.id, ComputeFacts(history, draft.now.spam)).status();
}

absl::Status Desk::KeepTimer(sql::Transaction& tx, const Conversation& now, const Conversation* before) const {
  const std::optional<absl::Time> was = before == nullptr ? std::nullopt : before->snoozed_until;
  if (now.snoozed_until == was) return absl::OkStatus();
  if (!now.snoozed_until) return jobs::Cancel(tx, kSnoozeJob, now.id.ToString()).status();
  return jobs::Enqueue(tx, {kSnoozeJob, now.id.ToString(), *now.snoozed_until, ""});
}

absl::StatusOr<Conversation> Desk::Change(sql::Transaction& tx, const Uuid& id, std::optional<int64_t> expected,
                                          absl::Time now, Rule rule) const {
  ASSIGN_OR_RETURN(const Conversation before, conversations_.Get(tx, id));
  if (expected && *expected != before.revision) {
    return EtagMismatch("conversation", id.ToString(), absl::StrCat("\"", before.revision, "\""));
  }
  Draft draft(before, now);
  RETURN_IF_ERROR(rule(draft));
  if (draft.added.empty()) return before;
  RETURN_IF_ERROR(Save(tx, draft, &before, {}));
  return draft.now;
}

absl::StatusOr<Conversation> Desk::CloseAndAsk(sql::Transaction& tx, const Uuid& id, std::optional<int64_t> expected,
                                               const Step& step, absl::Time now) const {
  ASSIGN_OR_RETURN(const Conversation before, conversations_.Get(tx, id));
  if (expected && *expected != before.revision) {
    return EtagMismatch("conversation", id.ToString(), absl::StrCat("\"", before.revision, "\""));
  }
  Draft draft(before, now);
  RETURN_IF_ERROR(Close(draft, step));
  ASSIGN_OR_RETURN(const Inbox inbox, directory_.GetInbox(tx, before.inbox));
  if (!inbox.survey_on_close || before.human_replies == 0) {
    RETURN_IF_ERROR(Save(tx, draft, &before, {}));
    return draft.now;
  }
  ASSIGN_OR_RETURN(const MadeSurvey made, Ask(tx, draft, step));
  RETURN_IF_ERROR(Save(tx, draft, &before, {.survey = &made.survey, .survey_link = made.link}));
  return draft.now;
}

absl::StatusOr<Conversation> Desk::Create(sql::Transaction& tx, Conversation conversation, std::optional<Message> first,
                                          const Step& step, absl::Time now) const {
  ASSIGN_OR_RETURN(const Inbox inbox, directory_.GetInbox(tx, conversation.inbox));
  if (conversation.team.empty()) conversation.team = inbox.team;
  if (!conversation.team.empty()) RETURN_IF_ERROR(directory_.GetTeam(tx, conversation.team).status());
  RETURN_IF_ERROR(directory_.CheckTags(tx, conversation.tags));
  ASSIGN_OR_RETURN(const Contact contact, directory_.GetContact(tx, conversation.requester_id));
  conversation.contact_opted_out = contact.opted_out;
  if (conversation.customer_id.empty()) {
    conversation.customer_id = contact.customer_id.empty() ? conversation.requester_id : contact.customer_id;
  }
  conversation.id = Uuid::New(now);
  Draft draft(std::move(conversation), now);
  Step begin = step;
  if (first) begin.actor = first->author;
  Begin(draft, begin);
  if (!first) {
    RETURN_IF_ERROR(Save(tx, draft, nullptr, {}));
    return draft.now;
  }
  first->id = Uuid::New(now);
  first->conversation_id = draft.now.id;
  first->direction = first->author.kind == Author::kCustomer ? Direction::kInbound : Direction::kOutbound;
  RETURN_IF_ERROR(AddMessage(draft, begin, first->id, Visibility::kPublic, inbox));
  const bool ours = first->author.kind == Author::kAgent;
  if (ours && draft.now.channel == Channel::kWhatsapp) {
    first->delivery = Delivery::kQueued;
    RETURN_IF_ERROR(jobs::Enqueue(tx, {kReplyJob, first->id.ToString(), now, ""}));
  }
  RETURN_IF_ERROR(messages_.Insert(tx, *first, draft.now.channel));
  RETURN_IF_ERROR(Save(tx, draft, nullptr, {.posted = ours ? &*first : nullptr}));
  return draft.now;
}

absl::StatusOr<std::optional<Conversation>> Desk::Find(sql::Transaction& tx, const Inbound& in) const {
  if (!in.in_reply_to.empty()) {
    ASSIGN_OR_RETURN(std::optional<Message> named, messages_.FindByExternalId(tx, in.channel, in.in_reply_to));
    if (!named) {
      ASSIGN_OR_RETURN(named, messages_.FindByMessagingId(tx, in.in_reply_to));
    }
    if (const std::optional<Uuid> id = Uuid::Parse(in.in_reply_to); !named && id) {
      absl::StatusOr<Message> own = messages_.Get(tx, *id);
      if (!own.ok() && !absl::IsNotFound(own.status())) return own.status();
      if (own.ok()) named = *std::move(own);
    }
    if (named) {
      ASSIGN_OR_RETURN(Conversation conversation, conversations_.Get(tx, named->conversation_id));
      ASSIGN_OR_RETURN(conversation, conversations_.Root(tx, std::move(conversation)));
      if (conversation.requester_id == in.requester_id) return conversation;
    }
  }
  return conversations_.FindNewest(tx, in.requester_id, in.inbox);
}

absl::StatusOr<Received> Desk::OpenFor(sql::Transaction& tx, const Inbound& in, const Inbox& inbox,
                                       const Conversation* follows, absl::Time now) const {
  ASSIGN_OR_RETURN(const Contact contact, directory_.GetContact(tx, in.requester_id));
  Conversation c;
  c.id = Uuid::New(now);
  c.customer_id = !in.customer_id.empty()        ? in.customer_id
                  : !contact.customer_id.empty() ? contact.customer_id
                                                 : in.requester_id;
  c.requester_id = in.requester_id;
  c.channel = in.channel;
  c.inbox = inbox.id;
  c.sender_id = in.sender_id;
  c.subject = in.subject;
  c.team = inbox.team;
  if (!in.team.empty()) {
    const absl::StatusOr<Team> wanted = directory_.GetTeam(tx, in.team);
    if (wanted.ok()) c.team = wanted->id;
    if (!wanted.ok() && !absl::IsNotFound(wanted.status())) return wanted.status();
  }
  c.contact_opted_out = contact.opted_out;
  if (follows != nullptr) {
    c.follow_up_of = follows->id;
    if (in.customer_id.empty()) c.customer_id = follows->customer_id;
    c.module_key = follows->module_key;
  }
  const Step step{in.at, {in.author, in.author == Author::kCustomer ? in.requester_id : ""}, in.cause};
  Draft draft(std::move(c), now);
  Begin(draft, step);
  if (in.cause == Cause::kHandoff) NoteHandoff(draft, {now, {Author::kBot, ""}, Cause::kHandoff}, in.transcript_ref);
  Received received;
  received.opened = true;
  received.message = ToMessage(in, draft.now.id, now);
  RETURN_IF_ERROR(AddMessage(draft, step, received.message.id, Visibility::kPublic, inbox));
  RETURN_IF_ERROR(messages_.Insert(tx, received.message, in.channel));
  RETURN_IF_ERROR(Save(tx, draft, nullptr, {}));
  received.conversation = draft.now;
  return received;
}

absl::StatusOr<Received> Desk::Receive(sql::Transaction& tx, Inbound in, absl::Time now) const {
  ASSIGN_OR_RETURN(std::optional<Message> known, messages_.FindByExternalId(tx, in.channel, in.external_id));
  if (known) {
    Received received{*std::move(known), {}, true, false};
    ASSIGN_OR_RETURN(received.conversation, conversations_.Get(tx, received.message.conversation_id));
    return received;
  }
  in.at = std::min(in.at, now);
  ASSIGN_OR_RETURN(const Inbox inbox, directory_.GetInbox(tx, in.inbox));
  ASSIGN_OR_RETURN(const std::optional<Conversation> found, Find(tx, in));
  if (!found) return OpenFor(tx, in, inbox, nullptr, now);
  const bool by_customer = in.author == Author::kCustomer;
  const Arrival arrival = by_customer ? DecideArrival(*found, inbox, in.at) : Arrival::kContinue;
  if (arrival == Arrival::kFollowUp) return OpenFor(tx, in, inbox, &*found, now);

  Draft draft(*found, now);
  if (in.cause == Cause::kHandoff) NoteHandoff(draft, {now, {Author::kBot, ""}, Cause::kHandoff}, in.transcript_ref);
  if (by_customer && !in.customer_id.empty()) {
    File(draft, {now, {Author::kSystem, ""}, Cause::kProfile}, in.customer_id);
  }
  const Step step{in.at, {in.author, by_customer ? in.requester_id : ""}, in.cause};
  Received received;
  received.message = ToMessage(in, found->id, now);
  RETURN_IF_ERROR(
      AddMessage(draft, step, received.message.id, Visibility::kPublic, inbox, arrival == Arrival::kReopen));
  RETURN_IF_ERROR(messages_.Insert(tx, received.message, in.channel));
  RETURN_IF_ERROR(Save(tx, draft, &*found, {}));
  received.conversation = draft.now;
  return received;
}

absl::Status Desk::CheckSeen(sql::Transaction& tx, const Outgoing& reply) const {
  if (!reply.last_seen || reply.allow_stale) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Message seen, messages_.Get(tx, *reply.last_seen));
  if (seen.conversation_id != reply.conversation_id) return NotFound("message", reply.last_seen->ToString());
  ASSIGN_OR_RETURN(const std::vector<Uuid> newer, messages_.NewerFromCustomer(tx, seen));
  if (newer.empty()) return absl::OkStatus();
  std::vector<std::string> ids;
  ids.reserve(newer.size());
  for (const Uuid& id : newer) ids.push_back(id.ToString());
  return NewerMessagesError(ids);
}

absl::StatusOr<Message> Desk::Reply(sql::Transaction& tx, const Outgoing& reply, absl::Time now) const {
  ASSIGN_OR_RETURN(const Conversation before, conversations_.Get(tx, reply.conversation_id));
  RETURN_IF_ERROR(CheckSeen(tx, reply));
  ASSIGN_OR_RETURN(const Inbox inbox, directory_.GetInbox(tx, before.inbox));
  Message message = ToMessage(reply, Visibility::kPublic, now);
  const Step step{now, reply.actor, Cause::kCaller};
  Draft draft(before, now);
  RETURN_IF_ERROR(AddMessage(draft, step, message.id, Visibility::kPublic, inbox));
  if (before.channel == Channel::kWhatsapp) {
    message.delivery = Delivery::kQueued;
    RETURN_IF_ERROR(jobs::Enqueue(tx, {kReplyJob, message.id.ToString(), now, ""}));
  }
  RETURN_IF_ERROR(messages_.Insert(tx, message, before.channel));
  Extra extra{.posted = &message};
  std::optional<MadeSurvey> made;
  if (reply.then == Then::kReopen) RETURN_IF_ERROR(Reopen(draft, step));
  if (reply.then == Then::kSnooze) RETURN_IF_ERROR(Snooze(draft, step, reply.snooze_until));
  if (reply.then == Then::kClose) {
    RETURN_IF_ERROR(Close(draft, step));
    if (inbox.survey_on_close) {
      ASSIGN_OR_RETURN(made, Ask(tx, draft, step));
      extra.survey = &made->survey;
      extra.survey_link = made->link;
    }
  }
  RETURN_IF_ERROR(Save(tx, draft, &before, extra));
  return message;
}

absl::StatusOr<Message> Desk::Note(sql::Transaction& tx, const Outgoing& note, absl::Time now) const {
  ASSIGN_OR_RETURN(const Conversation before, conversations_.Get(tx, note.conversation_id));
  ASSIGN_OR_RETURN(const Inbox inbox, directory_.GetInbox(tx, before.inbox));
  Message message = ToMessage(note, Visibility::kInternal, now);
  Draft draft(before, now);
  RETURN_IF_ERROR(AddMessage(draft, {now, note.actor, Cause::kCaller}, message.id, Visibility::kInternal, inbox));
  RETURN_IF_ERROR(messages_.Insert(tx, message, before.channel));
  RETURN_IF_ERROR(Save(tx, draft, &before, {}));
  return message;
}

absl::Status Desk::EndSnooze(sql::Transaction& tx, const Uuid& conversation, absl::Time now) const {
  ASSIGN_OR_RETURN(const Conversation before, conversations_.Get(tx, conversation));
  if (!before.snoozed_until || *before.snoozed_until > now) return absl::OkStatus();
  Draft draft(before, now);
  RETURN_IF_ERROR(Unsnooze(draft, {*before.snoozed_until, {Author::kSystem, ""}, Cause::kTimer}));
  return Save(tx, draft, &before, {});
}

absl::Status Desk::ReplyWent(sql::Transaction& tx, const Uuid& id, Delivery delivery, const std::string& reason,
                             const std::string& messaging_message_id, absl::Time now) const {
  ASSIGN_OR_RETURN(Message message, messages_.Get(tx, id));
  const bool forward = delivery > message.delivery;
  // What arrived after all was no failure.
  const bool corrected =
      message.delivery == Delivery::kFailed && (delivery == Delivery::kDelivered || delivery == Delivery::kRead);
  const bool names_it = message.messaging_message_id.empty() && !messaging_message_id.empty();
  if (!forward && !corrected && !names_it) return absl::OkStatus();
  if (names_it) message.messaging_message_id = messaging_message_id;
  const bool fails = forward && delivery == Delivery::kFailed && message.delivery < Delivery::kDelivered;
  if ((forward && delivery != Delivery::kFailed) || corrected || fails) {
    message.delivery = delivery;
    message.delivery_reason = fails ? reason : "";
  }
  RETURN_IF_ERROR(messages_.SetDelivery(tx, message));
  if (!fails) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Conversation before, conversations_.Get(tx, message.conversation_id));
  Draft draft(before, now);
  NoteDeliveryFailure(draft, {now, {Author::kSystem, ""}, Cause::kDelivery}, id, reason);
  return Save(tx, draft, &before, {});
}

absl::Status Desk::LinkContact(sql::Transaction& tx, const std::string& id, const std::string& customer,
                               absl::Time now) const {
  ASSIGN_OR_RETURN(Contact contact, directory_.GetContact(tx, id));
  contact.customer_id = customer;
  RETURN_IF_ERROR(directory_.PutContact(tx, contact));
  ASSIGN_OR_RETURN(const std::vector<Conversation> all, conversations_.OfRequester(tx, id, kMaxFollowing));
  for (const Conversation& before : all) {
    Draft draft(before, now);
    File(draft, {now, {Author::kSystem, ""}, Cause::kProfile}, customer);
    if (!draft.added.empty()) RETURN_IF_ERROR(Save(tx, draft, &before, {}));
  }
  return absl::OkStatus();
}

absl::Status Desk::SetOptedOut(sql::Transaction& tx, const std::string& id, bool opted_out, absl::Time at,
                               absl::Time now) const {
  ASSIGN_OR_RETURN(Contact contact, directory_.GetContact(tx, id));
  contact.opted_out = opted_out;
  RETURN_IF_ERROR(directory_.PutContact(tx, contact));
  ASSIGN_OR_RETURN(const std::vector<Conversation> all, conversations_.OfRequester(tx, id, kMaxFollowing));
  for (const Conversation& before : all) {
    Draft draft(before, now);
    NoteConsent(draft, {at, {Author::kCustomer, id}, Cause::kCustomer}, opted_out);
    if (!draft.added.empty()) RETURN_IF_ERROR(Save(tx, draft, &before, {}));
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> Desk::RebuildMetrics(sql::Transaction& tx, const Uuid& id) const {
  ASSIGN_OR_RETURN(const Conversation conversation, conversations_.Get(tx, id));
  ASSIGN_OR_RETURN(const std::vector<HistoryEvent> history, conversations_.History(tx, id));
  return metrics_.Replace(tx, id, ComputeFacts(history, conversation.spam));
}

}  // namespace vinculo::support
