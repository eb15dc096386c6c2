#include "clients/cpp/wire.h"

#include <google/protobuf/descriptor.h>

#include "common/id/uuid.h"
#include "common/time/clock.h"

namespace vinculo::clients {

grpc::ByteBuffer ToBuffer(const google::protobuf::Message& message) {
  const grpc::Slice slice(message.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

bool FromBuffer(const grpc::ByteBuffer& buffer, google::protobuf::Message* message) {
  std::vector<grpc::Slice> slices;
  if (!buffer.Dump(&slices).ok()) return false;
  if (slices.size() == 1) return message->ParseFromArray(slices[0].begin(), static_cast<int>(slices[0].size()));
  std::string bytes;
  for (const grpc::Slice& slice : slices) bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return message->ParseFromString(bytes);
}

void PrepareContext(grpc::ClientContext& context, TokenSource& tokens, const std::string& tenant, absl::Time deadline) {
  const std::string token = tokens.TokenFor(tenant);
  if (!token.empty()) context.AddMetadata("authorization", "Bearer " + token);
  if (deadline != absl::InfiniteFuture()) context.set_deadline(absl::ToChronoTime(deadline));
}

void FillRequestId(google::protobuf::Message& request) {
  const auto* field = request.GetDescriptor()->FindFieldByName("request_id");
  if (field == nullptr || field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_STRING) return;
  if (!request.GetReflection()->GetString(request, field).empty()) return;
  request.GetReflection()->SetString(&request, field, Uuid::New(SystemClock::Get()->Now()).ToString());
}

}  // namespace vinculo::clients
