#pragma once

#include <functional>

#include "common/rpc/call.h"
#include "common/sql/database.h"
#include "common/status/error.h"
#include "services/support/store/desk.h"
#include "vinculo/support/v1/ticket_service.grpc.pb.h"

namespace vinculo::support {

// Conversations. Thread-safe; the runtime, the database and the desk outlive it.
class TicketService final : public v1::TicketService::CallbackService {
 public:
  TicketService(rpc::Runtime& runtime, sql::Database& db, const Desk& desk);
  ~TicketService() override;

  VINCULO_UNARY(CreateConversation, v1::CreateConversationRequest, v1::Conversation)
  VINCULO_UNARY(IngestMessage, v1::IngestMessageRequest, v1::IngestMessageResponse)
  VINCULO_UNARY(PostReply, v1::PostReplyRequest, v1::Message)
  VINCULO_UNARY(AddNote, v1::AddNoteRequest, v1::Message)
  VINCULO_UNARY(GetConversation, v1::GetConversationRequest, v1::Conversation)
  VINCULO_UNARY(ListConversations, v1::ListConversationsRequest, v1::ListConversationsResponse)
  VINCULO_UNARY(ListMessages, v1::ListMessagesRequest, v1::ListMessagesResponse)
  VINCULO_UNARY(ListConversationEvents, v1::ListConversationEventsRequest, v1::ListConversationEventsResponse)
  VINCULO_UNARY(UpdateConversation, v1::UpdateConversationRequest, v1::Conversation)
  VINCULO_UNARY(AssignConversation, v1::AssignConversationRequest, v1::Conversation)
  VINCULO_UNARY(SnoozeConversation, v1::SnoozeConversationRequest, v1::Conversation)
  VINCULO_UNARY(UnsnoozeConversation, v1::UnsnoozeConversationRequest, v1::Conversation)
  VINCULO_UNARY(CloseConversation, v1::CloseConversationRequest, v1::Conversation)
  VINCULO_UNARY(ReopenConversation, v1::ReopenConversationRequest, v1::Conversation)
  VINCULO_UNARY(AddTags, v1::AddTagsRequest, v1::Conversation)
  VINCULO_UNARY(RemoveTags, v1::RemoveTagsRequest, v1::Conversation)
  VINCULO_UNARY(MarkSpam, v1::MarkSpamRequest, v1::Conversation)

 private:
  // What a call does to one conversation. Runs inside the transaction, possibly more than once.
  using Action = std::function<absl::Status(sql::Transaction& tx, Draft& draft, const Step& step)>;
  template <class Req>
  void Change(rpc::Call<Req, v1::Conversation> call, absl::string_view etag, FieldViolations& bad, Action action);

  rpc::Runtime& runtime_;
  sql::Database& db_;
  const Desk& desk_;
};

}  // namespace vinculo::support
