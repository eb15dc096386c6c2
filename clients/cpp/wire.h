#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/byte_buffer.h>

#include <string>

#include "absl/time/time.h"
#include "clients/cpp/token_source.h"

namespace vinculo::clients {

// Between messages and what gRPC's generic calls carry. Internal to clients/cpp.
grpc::ByteBuffer ToBuffer(const google::protobuf::Message& message);
bool FromBuffer(const grpc::ByteBuffer& buffer, google::protobuf::Message* message);

// Token and deadline of a call; an infinite deadline sets none.
void PrepareContext(grpc::ClientContext& context, TokenSource& tokens, const std::string& tenant, absl::Time deadline);

// Gives the request an id when its type has one and it is empty.
void FillRequestId(google::protobuf::Message& request);

}  // namespace vinculo::clients
