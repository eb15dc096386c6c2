#pragma once

#include "common/rpc/call.h"
#include "common/rpc/stream.h"
#include "services/messaging/api/context.h"
#include "vinculo/messaging/v1/message_service.grpc.pb.h"

namespace vinculo::messaging {

// Sending to one person, and reading what became of it.
class MessageService final : public v1::MessageService::CallbackService {
 public:
  explicit MessageService(const ApiContext& context);
  ~MessageService() override;

  VINCULO_UNARY(SendMessage, v1::SendMessageRequest, v1::Message)
  VINCULO_UNARY(GetMessage, v1::GetMessageRequest, v1::Message)
  VINCULO_UNARY(ListMessages, v1::ListMessagesRequest, v1::ListMessagesResponse)
  VINCULO_UNARY(GetWindow, v1::GetWindowRequest, v1::Window)
  VINCULO_UNARY(CancelMessage, v1::CancelMessageRequest, v1::Message)
  VINCULO_UNARY(MarkRead, v1::MarkReadRequest, v1::MarkReadResponse)
  VINCULO_CLIENT_STREAM(UploadMedia, v1::UploadMediaRequest, v1::UploadMediaResponse)
  VINCULO_SERVER_STREAM(DownloadMedia, v1::DownloadMediaRequest, v1::DownloadMediaResponse)

 private:
  rpc::Runtime& runtime_;
  const ApiContext context_;
};

}  // namespace vinculo::messaging
