#include "services/support/api/ticket_service.h"

#include <set>

#include "services/support/api/api_test_fixture.h"

namespace vinculo::support {
namespace {

using Stub = v1::TicketService::Stub;

class TicketServiceTest : public ApiTest {
 protected:
  std::string PutTag(const std::string& id) {
    v1::PutTagRequest request;
    request.mutable_tag()->set_id(id);
    request.mutable_tag()->set_display_name("Tag " + id);
    v1::Tag tag;
    EXPECT_OK(server_.Call(*directory_stub_, &v1::DirectoryService::Stub::PutTag, request, &tag, Lead()));
    return id;
  }
  void PutAgent(const std::string& id, v1::Presence presence) {
    v1::PutAgentRequest request;
    request.mutable_agent()->set_id(id);
    request.mutable_agent()->set_display_name(id);
    request.mutable_agent()->set_presence(presence);
    v1::Agent agent;
    EXPECT_OK(server_.Call(*directory_stub_, &v1::DirectoryService::Stub::PutAgent, request, &agent, Lead()));
  }
  absl::StatusOr<v1::Conversation> Update(v1::Conversation conversation, std::vector<std::string> paths) {
    v1::UpdateConversationRequest request;
    *request.mutable_conversation() = std::move(conversation);
    for (const std::string& path : paths) request.mutable_update_mask()->add_paths(path);
    return Ticket(&Stub::UpdateConversation, request);
  }
};

TEST_F(TicketServiceTest, CreateOpensAndTellsEverythingThatIsWrongAtOnce) {
  v1::CreateConversationRequest request;
  const absl::Status refused = Ticket(&Stub::CreateConversation, request).status();
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS"));
  std::set<std::string> fields;
  const ErrorDetails details = *GetErrorDetails(refused);
  for (const FieldViolation& violation : details.violations) fields.insert(violation.field);
  EXPECT_EQ(fields, (std::set<std::string>{"conversation.requester_id", "conversation.channel"}));

  request.mutable_conversation()->set_requester_id("maria");
  request.mutable_conversation()->set_channel(v1::CHANNEL_API);
  request.mutable_conversation()->set_external_id("crm-7");
  request.mutable_first_message()->set_body("no anda");
  ASSERT_OK_AND_ASSIGN(const v1::Conversation created, Ticket(&Stub::CreateConversation, request));
  EXPECT_EQ(created.state(), v1::CONVERSATION_STATE_OPEN);
  EXPECT_EQ(created.waiting_on(), v1::WAITING_ON_AGENT);
  EXPECT_EQ(created.customer_id(), "maria");
  EXPECT_EQ(created.inbox(), "default");
  EXPECT_EQ(created.number(), 1);
  EXPECT_EQ(created.etag(), "\"1\"");
  EXPECT_THAT(Ticket(&Stub::CreateConversation, request),
              StatusIs(absl::StatusCode::kAlreadyExists, "CONVERSATION_EXISTS"));
}

TEST_F(TicketServiceTest, ConversationThatAnAgentStartsWaitsOnTheCustomer) {
  v1::CreateConversationRequest request;
  request.mutable_conversation()->set_requester_id("maria");
  request.mutable_conversation()->set_channel(v1::CHANNEL_EMAIL);
  request.mutable_first_message()->set_author(v1::AUTHOR_KIND_AGENT);
  request.mutable_first_message()->set_body("buen dia");
  ASSERT_OK_AND_ASSIGN(const v1::Conversation created, Ticket(&Stub::CreateConversation, request));
  EXPECT_EQ(created.waiting_on(), v1::WAITING_ON_CUSTOMER);
  EXPECT_FALSE(created.has_first_contact_at());
}

TEST_F(TicketServiceTest, SameRequestIdReplaysAndAnotherBodyIsRefused) {
  const std::string id = Uuid::New(start_).ToString();
  ASSERT_OK_AND_ASSIGN(const auto first, Ingest("maria", "w-1", v1::CHANNEL_WEB, id));
  ASSERT_OK_AND_ASSIGN(const auto again, Ingest("maria", "w-1", v1::CHANNEL_WEB, id));
  EXPECT_EQ(again.SerializeAsString(), first.SerializeAsString());
  EXPECT_THAT(Ingest("maria", "w-2", v1::CHANNEL_WEB, id),
              StatusIs(absl::StatusCode::kInvalidArgument, "REQUEST_ID_REUSED"));
  EXPECT_THAT(Ingest("maria", "w-3", v1::CHANNEL_WEB, "not-a-uuid"),
              StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS"));
  EXPECT_EQ(EventTypes(), std::vector<std::string>{"conversation.created"});
}

TEST_F(TicketServiceTest, IngestIsIdempotentByExternalIdWithoutARequestId) {
  ASSERT_OK_AND_ASSIGN(const auto first, Ingest("maria", "w-1"));
  ASSERT_OK_AND_ASSIGN(const auto again, Ingest("maria", "w-1"));
  EXPECT_TRUE(first.opened());
  EXPECT_TRUE(again.duplicate());
  EXPECT_EQ(again.message().id(), first.message().id());
}

TEST_F(TicketServiceTest, RolesDecideWhoMayDoWhat) {
  ASSERT_OK_AND_ASSIGN(const auto opened, Ingest("maria", "w-1"));
  EXPECT_OK(Get(opened.conversation().id(), {"demo", {"cs"}, "carla"}));
  EXPECT_THAT(Get(opened.conversation().id(), {"demo", {"customer"}, "maria"}),
              StatusIs(absl::StatusCode::kPermissionDenied));
  v1::PostReplyRequest reply;
  reply.set_conversation_id(opened.conversation().id());
  reply.set_body("x");
  EXPECT_THAT(Ticket(&Stub::PostReply, reply, {"demo", {"cs"}, "carla"}),
              StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_OK(Ticket(&Stub::PostReply, reply, {"demo", {"admin"}, "root"}));
}

TEST_F(TicketServiceTest, ForeignTenantFindsNothing) {
  ASSERT_OK_AND_ASSIGN(const auto opened, Ingest("maria", "w-1"));
  const rpc::Caller stranger{"acme", {"agent"}, "eve"};
  EXPECT_THAT(Get(opened.conversation().id(), stranger),
              StatusIs(absl::StatusCode::kNotFound, "CONVERSATION_NOT_FOUND"));
  v1::ListMessagesRequest messages;
  messages.set_conversation_id(opened.conversation().id());
  EXPECT_THAT(Ticket(&Stub::ListMessages, messages, stranger),
              StatusIs(absl::StatusCode::kNotFound, "CONVERSATION_NOT_FOUND"));
  v1::CloseConversationRequest close;
  close.set_id(opened.conversation().id());
  EXPECT_THAT(Ticket(&Stub::CloseConversation, close, stranger),
              StatusIs(absl::StatusCode::kNotFound, "CONVERSATION_NOT_FOUND"));
  ASSERT_OK_AND_ASSIGN(const v1::Conversation untouched, Get(opened.conversation().id()));
  EXPECT_EQ(untouched.etag(), opened.conversation().etag());
}

TEST_F(TicketServiceTest, GetByNumberOrIdButNotBoth) {
  ASSERT_OK_AND_ASSIGN(const auto opened, Ingest("maria", "w-1"));
  v1::GetConversationRequest request;
  request.set_number(opened.conversation().number());
  ASSERT_OK_AND_ASSIGN(const v1::Conversation got, Ticket(&Stub::GetConversation, request));
  EXPECT_EQ(got.id(), opened.conversation().id());
  request.set_id(got.id());
  EXPECT_THAT(Ticket(&Stub::GetConversation, request), StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS"));
  EXPECT_THAT(Get("17"), StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS"));
}

TEST_F(TicketServiceTest, ReplyCarriesTheCallerAndPassesTheTurn) {
  ASSERT_OK_AND_ASSIGN(const auto opened, Ingest("maria", "w-1"));
  clock_.Advance(absl::Minutes(5));
  ASSERT_OK_AND_ASSIGN(const v1::Message reply, Reply(opened.conversation().id()));
  EXPECT_EQ(reply.author(), v1::AUTHOR_KIND_AGENT);
  EXPECT_EQ(reply.author_id(), "ana");
  EXPECT_EQ(reply.delivery(), v1::DELIVERY_STATE_NONE);
  ASSERT_OK_AND_ASSIGN(const v1::Conversation after, Get(opened.conversation().id()));
  EXPECT_EQ(after.waiting_on(), v1::WAITING_ON_CUSTOMER);
  EXPECT_EQ(EventTypes(), (std::vector<std::string>{"conversation.created", "message.posted"}));
}

TEST_F(TicketServiceTest, StaleReplyIsRefusedWithTheNewerIds) {
  ASSERT_OK_AND_ASSIGN(const auto first, Ingest("maria", "w-1"));
  ASSERT_OK_AND_ASSIGN(const auto second, Ingest("maria", "w-2"));
  const absl::Status refused = Reply(first.conversation().id(), first.message().id()).status();
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kAborted, "NEWER_MESSAGES"));
  const auto details = GetErrorDetails(refused);
  ASSERT_EQ(details->metadata.size(), 1u);
  EXPECT_EQ(details->metadata[0].second, second.message().id());
  EXPECT_OK(Reply(first.conversation().id(), second.message().id()));
}

TEST_F(TicketServiceTest, NotesAreInternalAndNeverPosted) {
  ASSERT_OK_AND_ASSIGN(const auto opened, Ingest("maria", "w-1"));
  v1::AddNoteRequest request;
  request.set_conversation_id(opened.conversation().id());
  request.set_body("cliente importante");
  ASSERT_OK_AND_ASSIGN(const v1::Message note, Ticket(&Stub::AddNote, request));
  EXPECT_EQ(note.visibility(), v1::MESSAGE_VISIBILITY_INTERNAL);
  EXPECT_EQ(EventTypes(), std::vector<std::string>{"conversation.created"});
  ASSERT_OK_AND_ASSIGN(const v1::Conversation after, Get(opened.conversation().id()));
  EXPECT_EQ(after.waiting_on(), v1::WAITING_ON_AGENT);
}

TEST_F(TicketServiceTest, StateMethodsAndTheirRefusals) {
  ASSERT_OK_AND_ASSIGN(const auto opened, Ingest("maria", "w-1"));
  const std::string id = opened.conversation().id();
  v1::SnoozeConversationRequest snooze;
  snooze.set_id(id);
  api::SetTimestamp(start_, snooze.mutable_until());
  EXPECT_THAT(Ticket(&Stub::SnoozeConversation, snooze),
              StatusIs(absl::StatusCode::kInvalidArgument, "SNOOZE_IN_PAST"));
  api::SetTimestamp(start_ + absl::Hours(1), snooze.mutable_until());
  ASSERT_OK_AND_ASSIGN(const v1::Conversation snoozed, Ticket(&Stub::SnoozeConversation, snooze));
  EXPECT_EQ(snoozed.state(), v1::CONVERSATION_STATE_SNOOZED);
  v1::UnsnoozeConversationRequest unsnooze;
  unsnooze.set_id(id);
  EXPECT_OK(Ticket(&Stub::UnsnoozeConversation, unsnooze));
  EXPECT_THAT(Ticket(&Stub::UnsnoozeConversation, unsnooze),
              StatusIs(absl::StatusCode::kFailedPrecondition, "NOT_SNOOZED"));
  v1::ReopenConversationRequest reopen;
  reopen.set_id(id);
  EXPECT_THAT(Ticket(&Stub::ReopenConversation, reopen), StatusIs(absl::StatusCode::kFailedPrecondition, "NOT_CLOSED"));
  EXPECT_OK(Close(id));
  EXPECT_THAT(Close(id), StatusIs(absl::StatusCode::kFailedPrecondition, "ALREADY_CLOSED"));
  EXPECT_THAT(Ticket(&Stub::SnoozeConversation, snooze), StatusIs(absl::StatusCode::kFailedPrecondition, "NOT_OPEN"));
  ASSERT_OK_AND_ASSIGN(const v1::Conversation reopened, Ticket(&Stub::ReopenConversation, reopen));
  EXPECT_EQ(reopened.reopen_count(), 1);
  EXPECT_EQ(EventTypes(),
            (std::vector<std::string>{"conversation.created", "conversation.snoozed", "conversation.unsnoozed",
                                      "conversation.closed", "conversation.reopened"}));
}

TEST_F(TicketServiceTest, AssignNeedsAPresentAgentOfTheDirectory) {
  ASSERT_OK_AND_ASSIGN(const auto opened, Ingest("maria", "w-1"));
  PutAgent("ben", v1::PRESENCE_ABSENT);
  v1::AssignConversationRequest request;
  request.set_id(opened.conversation().id());
  request.set_assignee("nadie");
  EXPECT_THAT(Ticket(&Stub::AssignConversation, request), StatusIs(absl::StatusCode::kNotFound, "AGENT_NOT_FOUND"));
  request.set_assignee("ben");
  EXPECT_THAT(Ticket(&Stub::AssignConversation, request),
              StatusIs(absl::StatusCode::kFailedPrecondition, "AGENT_ABSENT"));
  request.set_force(true);
  ASSERT_OK_AND_ASSIGN(const v1::Conversation assigned, Ticket(&Stub::AssignConversation, request));
  EXPECT_EQ(assigned.assignee(), "ben");
  request.set_etag("\"1\"");
  request.set_assignee("");
  EXPECT_THAT(Ticket(&Stub::AssignConversation, request), StatusIs(absl::StatusCode::kAborted, "ETAG_MISMATCH"));
}

TEST_F(TicketServiceTest, TagsComeFromTheDirectory) {
  ASSERT_OK_AND_ASSIGN(const auto opened, Ingest("maria", "w-1"));
  v1::AddTagsRequest request;
  request.set_id(opened.conversation().id());
  request.add_tags("api");
  request.add_tags("billing");
  EXPECT_THAT(Ticket(&Stub::AddTags, request), StatusIs(absl::StatusCode::kNotFound, "TAG_NOT_FOUND"));
  PutTag("api");
  PutTag("billing");
  ASSERT_OK_AND_ASSIGN(const v1::Conversation tagged, Ticket(&Stub::AddTags, request));
  EXPECT_EQ(tagged.tags_size(), 2);
  ASSERT_OK_AND_ASSIGN(const v1::Conversation again, Ticket(&Stub::AddTags, request));
  EXPECT_EQ(again.etag(), tagged.etag());
  v1::RemoveTagsRequest remove;
  remove.set_id(opened.conversation().id());
  remove.add_tags("api");
  ASSERT_OK_AND_ASSIGN(const v1::Conversation removed, Ticket(&Stub::RemoveTags, remove));
  EXPECT_EQ(removed.tags_size(), 1);
}

TEST_F(TicketServiceTest, UpdateChangesWhatTheMaskNamesAndRefusesUnknownPaths) {
  ASSERT_OK_AND_ASSIGN(const auto opened, Ingest("maria", "w-1"));
  v1::Conversation change;
  change.set_id(opened.conversation().id());
  change.set_subject("No cierra el caso");
  change.set_priority(v1::PRIORITY_URGENT);
  ASSERT_OK_AND_ASSIGN(const v1::Conversation updated, Update(change, {"priority"}));
  EXPECT_EQ(updated.priority(), v1::PRIORITY_URGENT);
  EXPECT_EQ(updated.subject(), "");
  const absl::Status unknown = Update(change, {"colour"}).status();
  EXPECT_THAT(unknown, StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS"));
  EXPECT_THAT(Update(change, {"requester_id"}), StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS"));
  change.set_state(v1::CONVERSATION_STATE_CLOSED);
  ASSERT_OK_AND_ASSIGN(const v1::Conversation still, Update(change, {"state", "subject"}));
  EXPECT_EQ(still.state(), v1::CONVERSATION_STATE_OPEN);
  EXPECT_EQ(still.subject(), "No cierra el caso");
  change.set_etag(opened.conversation().etag());
  EXPECT_THAT(Update(change, {"subject"}), StatusIs(absl::StatusCode::kAborted, "ETAG_MISMATCH"));
  change.set_etag("seven");
  EXPECT_THAT(Update(change, {"subject"}), StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS"));
}

TEST_F(TicketServiceTest, ListsPageWithTokensThatAreBoundToTheirFilter) {
  for (int i = 0; i < 7; ++i) {
    ASSERT_OK(Ingest("r" + std::to_string(i), "w-" + std::to_string(i)));
    clock_.Advance(absl::Seconds(1));
  }
  v1::ListConversationsRequest request;
  request.set_page_size(3);
  request.mutable_filter()->add_states(v1::CONVERSATION_STATE_OPEN);
  std::set<std::string> seen;
  std::string first_token;
  do {
    ASSERT_OK_AND_ASSIGN(const auto page, Ticket(&Stub::ListConversations, request));
    for (const v1::Conversation& c : page.conversations()) EXPECT_TRUE(seen.insert(c.id()).second);
    if (first_token.empty()) first_token = page.next_page_token();
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(seen.size(), 7u);

  const auto refused = [&](std::string token) {
    request.set_page_token(std::move(token));
    return Ticket(&Stub::ListConversations, request).status();
  };
  EXPECT_THAT(refused("garbage!"), StatusIs(absl::StatusCode::kInvalidArgument, "PAGE_TOKEN"));
  request.mutable_filter()->add_channels(v1::CHANNEL_WEB);
  EXPECT_THAT(refused(first_token), StatusIs(absl::StatusCode::kInvalidArgument, "PAGE_TOKEN"));
  request.set_page_size(-1);
  EXPECT_THAT(refused(""), StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS"));
}

TEST_F(TicketServiceTest, MessagesAndHistoryPageInOrder) {
  ASSERT_OK_AND_ASSIGN(const auto opened, Ingest("maria", "w-1"));
  for (int i = 0; i < 4; ++i) {
    clock_.Advance(absl::Minutes(1));
    ASSERT_OK(Reply(opened.conversation().id()));
  }
  v1::ListMessagesRequest request;
  request.set_conversation_id(opened.conversation().id());
  request.set_page_size(2);
  std::vector<absl::Time> times;
  do {
    ASSERT_OK_AND_ASSIGN(const auto page, Ticket(&Stub::ListMessages, request));
    for (const v1::Message& m : page.messages()) times.push_back(absl::FromUnixSeconds(m.created_at().seconds()));
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(times.size(), 5u);
  EXPECT_TRUE(std::is_sorted(times.begin(), times.end()));

  v1::ListConversationEventsRequest events;
  events.set_conversation_id(opened.conversation().id());
  events.set_page_size(3);
  int64_t seq = 0;
  do {
    ASSERT_OK_AND_ASSIGN(const auto page, Ticket(&Stub::ListConversationEvents, events));
    for (const v1::ConversationEvent& e : page.events()) EXPECT_EQ(e.seq(), ++seq);
    events.set_page_token(page.next_page_token());
  } while (!events.page_token().empty());
  EXPECT_EQ(seq, 7);  // created, five messages, one change of turn
}

TEST_F(TicketServiceTest, MarkSpamClosesAndTells) {
  ASSERT_OK_AND_ASSIGN(const auto opened, Ingest("maria", "w-1"));
  v1::MarkSpamRequest request;
  request.set_id(opened.conversation().id());
  request.set_spam(true);
  ASSERT_OK_AND_ASSIGN(const v1::Conversation marked, Ticket(&Stub::MarkSpam, request));
  EXPECT_TRUE(marked.spam());
  EXPECT_EQ(marked.state(), v1::CONVERSATION_STATE_CLOSED);
  EXPECT_EQ(EventTypes().back(), "conversation.marked_spam");
  ASSERT_OK_AND_ASSIGN(const auto listed, Ticket(&Stub::ListConversations, v1::ListConversationsRequest()));
  EXPECT_EQ(listed.conversations_size(), 0);
}

}  // namespace
}  // namespace vinculo::support
