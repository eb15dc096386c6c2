#pragma once

#include <google/protobuf/message.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "clients/cpp/token_source.h"

namespace vinculo::clients {

struct ChannelOptions {
  std::string target;                   // host:port, or dns:///name:port for several replicas
  std::shared_ptr<TokenSource> tokens;  // required
  bool insecure_loopback = false;       // plain text; refused unless the target is a loopback address
  // PEM files, read again when they change.
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;
};

struct CallOptions {
  std::optional<absl::Duration> timeout;  // instead of the one of the service config
};

// A connection to one service of the suite, for any number of calls at once, with the published service config:
// deadlines, retries that are safe, round robin. Thread-safe. The typed clients (vinculo/<area>/v1/*.client.h) are
// built on it.
//
// A request whose `request_id` is empty gets one, so that a repetition has no second effect. Errors carry their reason
// again (common/status); a service that does not answer in time gives DEADLINE_EXCEEDED, one that cannot be reached
// UNAVAILABLE.
class Channel {
 public:
  // INVALID_ARGUMENT for plain text to another machine or missing files.
  static absl::StatusOr<std::shared_ptr<Channel>> Open(const ChannelOptions& options);
  // Calls in flight are cancelled and their callbacks have run when it returns.
  ~Channel();

  // Calls `method` ("vinculo.support.v1.TicketService/GetTicket"); `done` runs once, on a thread of gRPC's, and must
  // not block.
  template <class Resp>
  void Call(const char* method, const std::string& tenant, const google::protobuf::Message& request,
            const CallOptions& options, absl::AnyInvocable<void(absl::StatusOr<Resp>)> done) {
    auto response = std::make_unique<Resp>();
    Resp* const filled = response.get();
    Start(method, tenant, request, filled, options,
          [response = std::move(response), done = std::move(done)](absl::Status status) mutable {
            if (status.ok()) {
              done(std::move(*response));
            } else {
              done(std::move(status));
            }
          });
  }

  // Calls and waits: for command lines and tests, never on a thread that serves calls.
  template <class Resp>
  absl::StatusOr<Resp> CallAndWait(const char* method, const std::string& tenant,
                                   const google::protobuf::Message& request, const CallOptions& options) {
    Resp response;
    const absl::Status status = Wait(method, tenant, request, &response, options);
    if (!status.ok()) return status;
    return response;
  }

  class Impl;  // known to this folder only
  Impl& impl() { return *impl_; }

 private:
  explicit Channel(std::unique_ptr<Impl> impl);
  void Start(const char* method, const std::string& tenant, const google::protobuf::Message& request,
             google::protobuf::Message* response, const CallOptions& options,
             absl::AnyInvocable<void(absl::Status)> done);
  absl::Status Wait(const char* method, const std::string& tenant, const google::protobuf::Message& request,
                    google::protobuf::Message* response, const CallOptions& options);

  std::unique_ptr<Impl> impl_;
};

}  // namespace vinculo::clients
