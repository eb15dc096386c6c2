#pragma once

#include <google/protobuf/message.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "clients/cpp/token_source.h"

namespace vinculo::clients {

struct ChannelOptions {
  std::string target;              // host:port, or dns:///service-headless.namespace.svc:port for several replicas
  bool insecure_loopback = false;  // plain text; refused unless the target is a loopback address
  // PEM files. With all three they are read again when they change; a caller without a certificate of its own leaves
  // out the last two, and without the first the system's authorities are trusted.
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;
};

// A connection to one service of the suite, for any number of calls at once, with the published service config:
// deadlines, retries that are safe, round robin. Thread-safe. The typed clients (vinculo/<area>/v1/*.client.h) are
// built on it.
//
// A request whose `request_id` is empty gets one, so that a repetition has no second effect. Errors carry their reason
// again (common/status); a service that does not answer in time gives DEADLINE_EXCEEDED, one that cannot be reached
// UNAVAILABLE. An infinite deadline means that of the service config: reads 2 s, mutations 5 s, streams none.
class Channel {
 public:
  using Message = google::protobuf::Message;

  // INVALID_ARGUMENT PLAIN_TEXT_REFUSED for plain text to another machine, FILE_UNREADABLE for a file that cannot be
  // read.
  static absl::StatusOr<std::shared_ptr<Channel>> Open(const ChannelOptions& options,
                                                       std::shared_ptr<TokenSource> tokens);
  // Calls in flight are cancelled and their callbacks have run when it returns; in a callback it does not wait for
  // that.
  ~Channel();

  // Calls `method` ("vinculo.support.v1.TicketService/GetTicket") for `tenant`; `done(absl::StatusOr<Response>)` runs
  // once, on a thread of gRPC's, and must not block.
  template <class Response, class Done>
  void Call(const std::string& method, const std::string& tenant, const Message& request, absl::Time deadline,
            Done done) {
    auto response = std::make_unique<Response>();
    Response* const filled = response.get();
    Start(method, tenant, request, deadline, filled,
          [response = std::move(response), done = std::move(done)](absl::Status status) mutable {
            if (status.ok()) {
              done(absl::StatusOr<Response>(std::move(*response)));
            } else {
              done(absl::StatusOr<Response>(std::move(status)));
            }
          });
  }

  // The same, waiting. For command lines and tests, never on a thread that serves calls.
  template <class Response>
  absl::StatusOr<Response> CallAndWait(const std::string& method, const std::string& tenant, const Message& request,
                                       absl::Time deadline = absl::InfiniteFuture()) {
    Response response;
    const absl::Status status = CallAndWait(method, tenant, request, deadline, &response);
    if (!status.ok()) return status;
    return response;
  }
  absl::Status CallAndWait(const std::string& method, const std::string& tenant, const Message& request,
                           absl::Time deadline, Message* response);

  // Streams, seen from a thread that may wait. Upload: `next` fills the next message and returns false at the end.
  // Follow: `on_message` sees each response and returns false to stop.
  absl::Status Upload(const std::string& method, const std::string& tenant, Message* message,
                      absl::FunctionRef<bool(Message*)> next, Message* response);
  absl::Status Follow(const std::string& method, const std::string& tenant, Message& request, absl::Time deadline,
                      Message* response, absl::FunctionRef<bool(const Message&)> on_message);

  class Impl;  // known to this folder only
  Impl& impl() { return *impl_; }

 private:
  explicit Channel(std::unique_ptr<Impl> impl);
  void Start(const std::string& method, const std::string& tenant, const Message& request, absl::Time deadline,
             Message* response, absl::AnyInvocable<void(absl::Status)> done);

  std::unique_ptr<Impl> impl_;
};

}  // namespace vinculo::clients
