#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "clients/cpp/channel.h"

namespace vinculo::clients {

// What a Channel is made of. Internal to this folder.
class Channel::Impl {
 public:
  Impl(std::shared_ptr<grpc::Channel> channel, std::shared_ptr<TokenSource> tokens)
      : channel_(std::move(channel)), unary_(channel_), streams_(channel_), tokens_(std::move(tokens)) {}

  void Start(const std::string& method, const std::string& tenant, const Message& request, absl::Time deadline,
             Message* response, absl::AnyInvocable<void(absl::Status)> done);
  // Cancels what is in flight and waits until no callback runs. Never on a thread of gRPC's.
  void Close();

  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  grpc::GenericStub& streams() { return streams_; }
  TokenSource& tokens() { return *tokens_; }

 private:
  struct Pending;
  using Calls = absl::flat_hash_map<uint64_t, Pending*>;
  void Finish(Pending* pending, const grpc::Status& status);

  const std::shared_ptr<grpc::Channel> channel_;
  grpc::TemplatedGenericStub<Message, Message> unary_;
  grpc::GenericStub streams_;
  const std::shared_ptr<TokenSource> tokens_;
  absl::Mutex mutex_;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t last_id_ ABSL_GUARDED_BY(mutex_) = 0;
  Calls pending_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace vinculo::clients
