#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include <memory>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/synchronization/mutex.h"
#include "clients/cpp/channel.h"

namespace vinculo::clients {

// What a Channel is made of. Internal to this folder.
class Channel::Impl {
 public:
  Impl(std::shared_ptr<grpc::Channel> channel, std::shared_ptr<TokenSource> tokens)
      : channel_(std::move(channel)), stub_(channel_), tokens_(std::move(tokens)) {}
  ~Impl();

  void Start(const char* method, const std::string& tenant, const google::protobuf::Message& request,
             google::protobuf::Message* response, const CallOptions& options,
             absl::AnyInvocable<void(absl::Status)> done);
  // A context with the tenant's token.
  std::unique_ptr<grpc::ClientContext> MakeContext(const std::string& tenant);
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

 private:
  using Message = google::protobuf::Message;
  struct Pending;
  void Finish(Pending* pending, const grpc::Status& status);

  const std::shared_ptr<grpc::Channel> channel_;
  grpc::TemplatedGenericStub<Message, Message> stub_;
  const std::shared_ptr<TokenSource> tokens_;
  absl::Mutex mutex_;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  absl::flat_hash_set<Pending*> pending_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace vinculo::clients
