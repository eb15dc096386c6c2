#include "services/support/api/ticket_service.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/api/etag.h"
#include "common/api/field_mask.h"
#include "common/api/page.h"
#include "common/api/time.h"
#include "common/status/status_macros.h"
#include "common/text/validate.h"
#include "services/support/api/parse.h"
#include "services/support/api/render.h"
#include "services/support/domain/errors.h"
#include "services/support/limits.h"

namespace vinculo::support {
namespace {

// The caller, as the history names them.
Actor CallerOf(const auth::Principal& principal) {
  const bool machine =
      principal.HasRole("service") && !principal.HasRole("agent") && !principal.HasRole("support_lead");
  return {machine ? Author::kAutomation : Author::kAgent, principal.subject};
}

// What UpdateConversation may change: the resource as it should be.
struct Wanted {
  std::string subject;
  std::string team;
  std::string module_key;
  std::string customer_id;
  Priority priority = Priority::kNormal;
  Waiting waiting_on = Waiting::kNone;
};

absl::StatusOr<Wanted> Apply(const v1::UpdateConversationRequest& request, const Conversation& current) {
  v1::Conversation resource;
  RenderConversation(current, &resource);
  const v1::Conversation before = resource;
  RETURN_IF_ERROR(api::ApplyFieldMask(request.update_mask(), request.conversation(), &resource));
  FieldViolations bad;
  Wanted wanted;
  wanted.subject =
      text::ParseText("conversation.subject", resource.subject(), {.max = kMaxSubject, .single_line = true}, bad);
  wanted.team = text::ParseOptionalSlug("conversation.team", resource.team(), bad);
  wanted.module_key = text::ParseOptionalSlug("conversation.module_key", resource.module_key(), bad);
  wanted.customer_id = ParsePersonId("conversation.customer_id", resource.customer_id(), bad);
  wanted.priority = ParsePriority("conversation.priority", resource.priority(), bad);
  if (resource.waiting_on() < 1 || resource.waiting_on() > 4)
    bad.Add("conversation.waiting_on", "is not a value of this enum");
  wanted.waiting_on = static_cast<Waiting>(resource.waiting_on());
  const auto fixed = [&](const char* field, bool same) {
    if (!same) bad.Add(absl::StrCat("conversation.", field), "cannot be changed here");
  };
  const auto same_tags = [&] {
    return std::equal(before.tags().begin(), before.tags().end(), resource.tags().begin(), resource.tags().end());
  };
  fixed("requester_id", before.requester_id() == resource.requester_id());
  fixed("channel", before.channel() == resource.channel());
  fixed("inbox", before.inbox() == resource.inbox());
  fixed("external_id", before.external_id() == resource.external_id());
  fixed("sender_id", before.sender_id() == resource.sender_id());
  fixed("tags", same_tags());
  if (!bad.empty()) return bad.ToStatus();
  return wanted;
}

}  // namespace

TicketService::TicketService(rpc::Runtime& runtime, sql::Database& db, const Desk& desk)
    : runtime_(runtime), db_(db), desk_(desk) {}
TicketService::~TicketService() = default;

template <class Req>
void TicketService::Change(rpc::Call<Req, v1::Conversation> call, absl::string_view etag, FieldViolations& bad,
                           Action action) {
  const Uuid id = text::ParseUuid("id", call.request().id(), bad);
  const std::optional<int64_t> expected = api::ParseEtag(etag, bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const Step step{call.now(), CallerOf(call.principal()), Cause::kCaller};
  db_.Write(
      call.scope(),
      [this, id, expected, step, action = std::move(action)](sql::Transaction& tx) {
        return desk_.Change(tx, id, expected, step.at, [&](Draft& draft) { return action(tx, draft, step); });
      },
      call.Reply(RenderConversation));
}

void TicketService::CreateConversation(rpc::Call<v1::CreateConversationRequest, v1::Conversation> call) {
  FieldViolations bad;
  NewConversation parsed = ParseCreate(call.request(), call.principal().subject, call.now(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const Step step{call.now(), CallerOf(call.principal()), Cause::kCaller};
  db_.Write(
      call.scope(),
      [this, parsed = std::move(parsed), step](sql::Transaction& tx) {
        return desk_.Create(tx, parsed.conversation, parsed.first, step, step.at);
      },
      call.Reply(RenderConversation));
}

void TicketService::IngestMessage(rpc::Call<v1::IngestMessageRequest, v1::IngestMessageResponse> call) {
  FieldViolations bad;
  Inbound inbound = ParseIngest(call.request(), call.now(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  db_.Write(
      call.scope(),
      [this, inbound = std::move(inbound), now = call.now()](sql::Transaction& tx) {
        return desk_.Receive(tx, inbound, now);
      },
      call.Reply(RenderReceived));
}

void TicketService::PostReply(rpc::Call<v1::PostReplyRequest, v1::Message> call) {
  FieldViolations bad;
  Outgoing reply = ParseReply(call.request(), call.principal().subject, bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  db_.Write(
      call.scope(),
      [this, reply = std::move(reply), now = call.now()](sql::Transaction& tx) { return desk_.Reply(tx, reply, now); },
      call.Reply(RenderMessage));
}

void TicketService::AddNote(rpc::Call<v1::AddNoteRequest, v1::Message> call) {
  FieldViolations bad;
  Outgoing note;
  note.conversation_id = text::ParseUuid("conversation_id", call.request().conversation_id(), bad);
  note.actor = {Author::kAgent, call.principal().subject};
  note.body = ParseBody("body", call.request().body(), bad);
  note.attachments = ParseAttachments(call.request().attachments(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  db_.Write(
      call.scope(),
      [this, note = std::move(note), now = call.now()](sql::Transaction& tx) { return desk_.Note(tx, note, now); },
      call.Reply(RenderMessage));
}

void TicketService::GetConversation(rpc::Call<v1::GetConversationRequest, v1::Conversation> call) {
  FieldViolations bad;
  const v1::GetConversationRequest& request = call.request();
  const std::optional<Uuid> id = text::ParseOptionalUuid("id", request.id(), bad);
  if (request.id().empty() == (request.number() == 0)) bad.Add("id", "name the conversation by id or by number");
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  call.Answer(db_.ReadInline(call.scope(),
                             [&](sql::Transaction& tx) {
                               return id ? desk_.conversations().Get(tx, *id)
                                         : desk_.conversations().GetByNumber(tx, request.number());
                             }),
              RenderConversation);
}

void TicketService::ListConversations(rpc::Call<v1::ListConversationsRequest, v1::ListConversationsResponse> call) {
  FieldViolations bad;
  const int limit = api::ParsePageSize(call.request().page_size(), bad);
  ConversationFilter filter = ParseFilter(call.request().filter(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  api::PageScope scope{call.scope().tenant(), "support.TicketService.ListConversations",
                       call.request().filter().SerializeAsString(), "created_at desc"};
  const auto token = api::ParsePageToken(scope, call.request().page_token(), "tu");
  if (!token.ok()) return call.Fail(token.status());
  std::optional<ConversationRepository::Position> after;
  if (*token) after = {std::get<absl::Time>((**token)[0]), std::get<Uuid>((**token)[1])};
  db_.ReadOnPool(
      call.scope(),
      [this, filter = std::move(filter), after, limit](sql::Transaction& tx) {
        return desk_.conversations().List(tx, filter, after, limit);
      },
      call.Reply([call, scope](const ConversationRepository::Page& page, v1::ListConversationsResponse* out) {
        for (const Conversation& c : page.conversations) RenderConversation(c, out->add_conversations());
        if (page.next) out->set_next_page_token(api::EncodePageToken(scope, {page.next->created_at, page.next->id}));
      }));
}

void TicketService::ListMessages(rpc::Call<v1::ListMessagesRequest, v1::ListMessagesResponse> call) {
  FieldViolations bad;
  const Uuid id = text::ParseUuid("conversation_id", call.request().conversation_id(), bad);
  const size_t limit = api::ParsePageSize(call.request().page_size(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  api::PageScope scope{call.scope().tenant(), "support.TicketService.ListMessages", id.ToString(), ""};
  const auto token = api::ParsePageToken(scope, call.request().page_token(), "tu");
  if (!token.ok()) return call.Fail(token.status());
  std::optional<MessageRepository::Position> after;
  if (*token) after = {std::get<absl::Time>((**token)[0]), std::get<Uuid>((**token)[1])};
  db_.ReadOnPool(
      call.scope(),
      [this, id, after, limit](sql::Transaction& tx) -> absl::StatusOr<std::vector<Message>> {
        RETURN_IF_ERROR(desk_.conversations().Get(tx, id).status());
        return desk_.messages().List(tx, id, after, static_cast<int>(limit) + 1);
      },
      call.Reply([call, scope, limit](const std::vector<Message>& messages, v1::ListMessagesResponse* out) {
        for (size_t i = 0; i < messages.size() && i < limit; ++i) RenderMessage(messages[i], out->add_messages());
        if (messages.size() <= limit) return;
        const Message& last = messages[limit - 1];
        out->set_next_page_token(api::EncodePageToken(scope, {last.created_at, last.id}));
      }));
}

void TicketService::ListConversationEvents(
    rpc::Call<v1::ListConversationEventsRequest, v1::ListConversationEventsResponse> call) {
  FieldViolations bad;
  const Uuid id = text::ParseUuid("conversation_id", call.request().conversation_id(), bad);
  const size_t limit = api::ParsePageSize(call.request().page_size(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  api::PageScope scope{call.scope().tenant(), "support.TicketService.ListConversationEvents", id.ToString(), ""};
  const auto token = api::ParsePageToken(scope, call.request().page_token(), "i");
  if (!token.ok()) return call.Fail(token.status());
  const int64_t after = *token ? std::get<int64_t>((**token)[0]) : 0;
  db_.ReadOnPool(
      call.scope(),
      [this, id, after, limit](sql::Transaction& tx) -> absl::StatusOr<std::vector<HistoryEvent>> {
        RETURN_IF_ERROR(desk_.conversations().Get(tx, id).status());
        return desk_.conversations().History(tx, id, after, static_cast<int64_t>(limit) + 1);
      },
      call.Reply(
          [call, scope, limit](const std::vector<HistoryEvent>& events, v1::ListConversationEventsResponse* out) {
            for (size_t i = 0; i < events.size() && i < limit; ++i) RenderHistoryEvent(events[i], out->add_events());
            if (events.size() > limit) out->set_next_page_token(api::EncodePageToken(scope, {events[limit - 1].seq}));
          }));
}

void TicketService::UpdateConversation(rpc::Call<v1::UpdateConversationRequest, v1::Conversation> call) {
  FieldViolations bad;
  const Uuid id = text::ParseUuid("conversation.id", call.request().conversation().id(), bad);
  const std::optional<int64_t> expected =
      api::ParseEtag(call.request().conversation().etag(), bad, "conversation.etag");
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const Step step{call.now(), CallerOf(call.principal()), Cause::kCaller};
  v1::UpdateConversationRequest request = call.request();
  db_.Write(
      call.scope(),
      [this, id, expected, step, request = std::move(request)](sql::Transaction& tx) {
        return desk_.Change(tx, id, expected, step.at, [&](Draft& draft) -> absl::Status {
          ASSIGN_OR_RETURN(const Wanted wanted, Apply(request, draft.now));
          if (!wanted.team.empty() && wanted.team != draft.now.team) {
            RETURN_IF_ERROR(desk_.directory().GetTeam(tx, wanted.team).status());
          }
          RETURN_IF_ERROR(SetSubject(draft, step, wanted.subject));
          RETURN_IF_ERROR(SetPriority(draft, step, wanted.priority));
          RETURN_IF_ERROR(SetTeam(draft, step, wanted.team));
          RETURN_IF_ERROR(SetModule(draft, step, wanted.module_key));
          RETURN_IF_ERROR(SetWaiting(draft, step, wanted.waiting_on));
          File(draft, step, wanted.customer_id);
          return absl::OkStatus();
        });
      },
      call.Reply(RenderConversation));
}

void TicketService::AssignConversation(rpc::Call<v1::AssignConversationRequest, v1::Conversation> call) {
  FieldViolations bad;
  std::string assignee = ParseOptionalId("assignee", call.request().assignee(), bad);
  Change(call, call.request().etag(), bad,
         [this, assignee = std::move(assignee), force = call.request().force()](sql::Transaction& tx, Draft& draft,
                                                                                const Step& step) {
           if (!assignee.empty()) {
             ASSIGN_OR_RETURN(const Agent agent, desk_.directory().GetAgent(tx, assignee));
             if (agent.presence == Presence::kAbsent && !force) return AgentAbsentError(assignee);
           }
           return Assign(draft, step, assignee);
         });
}

void TicketService::SnoozeConversation(rpc::Call<v1::SnoozeConversationRequest, v1::Conversation> call) {
  FieldViolations bad;
  const v1::SnoozeConversationRequest& request = call.request();
  const auto until = api::ParseOptionalTimestamp("until", request.has_until() ? &request.until() : nullptr, bad);
  Change(call, request.etag(), bad,
         [until](sql::Transaction&, Draft& draft, const Step& step) { return Snooze(draft, step, until); });
}

void TicketService::UnsnoozeConversation(rpc::Call<v1::UnsnoozeConversationRequest, v1::Conversation> call) {
  FieldViolations bad;
  Change(call, call.request().etag(), bad,
         [](sql::Transaction&, Draft& draft, const Step& step) { return Unsnooze(draft, step); });
}

void TicketService::CloseConversation(rpc::Call<v1::CloseConversationRequest, v1::Conversation> call) {
  FieldViolations bad;
  const Uuid id = text::ParseUuid("id", call.request().id(), bad);
  const std::optional<int64_t> expected = api::ParseEtag(call.request().etag(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const Step step{call.now(), CallerOf(call.principal()), Cause::kCaller};
  db_.Write(
      call.scope(),
      [this, id, expected, step](sql::Transaction& tx) { return desk_.CloseAndAsk(tx, id, expected, step, step.at); },
      call.Reply(RenderConversation));
}

void TicketService::ReopenConversation(rpc::Call<v1::ReopenConversationRequest, v1::Conversation> call) {
  FieldViolations bad;
  Change(call, call.request().etag(), bad,
         [](sql::Transaction&, Draft& draft, const Step& step) { return Reopen(draft, step); });
}

void TicketService::AddTags(rpc::Call<v1::AddTagsRequest, v1::Conversation> call) {
  FieldViolations bad;
  std::vector<std::string> tags = ParseTags("tags", call.request().tags(), bad);
  if (tags.empty()) bad.Add("tags", "is required");
  Change(call, "", bad,
         [this, tags = std::move(tags)](sql::Transaction& tx, Draft& draft, const Step& step) -> absl::Status {
           RETURN_IF_ERROR(desk_.directory().CheckTags(tx, tags));
           RETURN_IF_ERROR(support::AddTags(draft, step, tags));
           if (draft.now.tags.size() <= kMaxTags) return absl::OkStatus();
           FieldViolations too_many;
           too_many.Add("tags", absl::StrCat("a conversation has at most ", kMaxTags));
           return too_many.ToStatus();
         });
}

void TicketService::RemoveTags(rpc::Call<v1::RemoveTagsRequest, v1::Conversation> call) {
  FieldViolations bad;
  std::vector<std::string> tags = ParseTags("tags", call.request().tags(), bad);
  if (tags.empty()) bad.Add("tags", "is required");
  Change(call, "", bad, [tags = std::move(tags)](sql::Transaction&, Draft& draft, const Step& step) {
    return support::RemoveTags(draft, step, tags);
  });
}

void TicketService::MarkSpam(rpc::Call<v1::MarkSpamRequest, v1::Conversation> call) {
  FieldViolations bad;
  Change(call, "", bad, [spam = call.request().spam()](sql::Transaction&, Draft& draft, const Step& step) {
    return support::MarkSpam(draft, step, spam);
  });
}

}  // namespace vinculo::support
