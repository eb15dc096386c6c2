#pragma once

#include <google/protobuf/message.h>

#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "clients/cpp/token_source.h"

namespace grpc {
class GenericStub;
}

namespace vinculo::clients {

struct ChannelOptions {
  std::string target;              // host:port, or dns:///service-headless.namespace.svc:port
  bool insecure_loopback = false;  // plain text; refused unless the target is a loopback address
  std::string ca_file;             // PEM files; read once
  std::string certificate_file;
  std::string key_file;
};

// A connection to one service with the published service config: deadlines, retries that are safe, round robin. Every request whose
// request_id is empty gets one, so that a retry has one effect. Errors are the service's own with their details (common/status), or
// UNAVAILABLE. Thread-safe; shared by all clients of one service. Outlives its calls.
class Channel {
 public:
  using Message = google::protobuf::Message;

  // INVALID_ARGUMENT when plain text is asked for elsewhere than on loopback, or a file cannot be read.
  static absl::StatusOr<std::shared_ptr<Channel>> Open(const ChannelOptions& options, std::shared_ptr<TokenSource> tokens);
  ~Channel();

  // Calls `method`, such as "vinculo.messaging.v1.MessageService/SendMessage", for `tenant`, and hands the outcome to `done` on one of
  // gRPC's threads: return at once. Without a deadline the service config's holds.
  template <class Response, class Request, class Done>
  void Call(const std::string& method, const std::string& tenant, Request request, absl::Time deadline, Done done) {
    auto response = std::make_unique<Response>();
    Response* const out = response.get();
    Start(method, tenant, request, deadline, out,
          [response = std::move(response), done = std::move(done)](absl::Status status) mutable {
            if (!status.ok()) return done(absl::StatusOr<Response>(std::move(status)));
            done(absl::StatusOr<Response>(std::move(*response)));
          });
  }

  // The same, waiting. For command lines and tests: never on a thread that serves calls.
  template <class Response, class Request>
  absl::StatusOr<Response> CallAndWait(const std::string& method, const std::string& tenant, Request request,
                                       absl::Time deadline = absl::InfiniteFuture()) {
    Response response;
    const absl::Status status = CallAndWait(method, tenant, request, deadline, &response);
    if (!status.ok()) return status;
    return response;
  }
  absl::Status CallAndWait(const std::string& method, const std::string& tenant, Message& request, absl::Time deadline,
                           Message* response);

  // Streams, seen from a thread that may wait. Upload: `next` fills the next message and returns false at the end. Follow:
  // `on_message` sees each response and returns false to stop.
  absl::Status Upload(const std::string& method, const std::string& tenant, Message* message,
                      absl::FunctionRef<bool(Message*)> next, Message* response);
  absl::Status Follow(const std::string& method, const std::string& tenant, Message& request, absl::Time deadline, Message* response,
                      absl::FunctionRef<bool(const Message&)> on_message);

  grpc::GenericStub& stub() { return *stub_; }
  TokenSource& tokens() { return *tokens_; }

 private:
  Channel(std::unique_ptr<grpc::GenericStub> stub, std::shared_ptr<TokenSource> tokens);
  void Start(const std::string& method, const std::string& tenant, Message& request, absl::Time deadline, Message* response,
             absl::AnyInvocable<void(absl::Status)> done);

  const std::unique_ptr<grpc::GenericStub> stub_;
  const std::shared_ptr<TokenSource> tokens_;
};

}  // namespace vinculo::clients
