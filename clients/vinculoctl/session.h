#pragma once

#include <google/protobuf/message.h>

#include <map>
#include <memory>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"

namespace vinculo::ctl {

// Where the services are and who is calling. Filled from flags and environment by main.
struct Connection {
  std::map<std::string, std::string> addresses;  // area ("messaging") -> host:port
  std::string token;
  bool insecure = false;  // plain text; only for loopback addresses
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;
  absl::Duration timeout = absl::Seconds(30);
};

// Calls RPCs by their full name, such as "vinculo.messaging.v1.CampaignService/GetCampaign"; the package says which
// service is asked. Every request with an empty request_id gets one, so that repeating a call is harmless. Errors are
// the service's own, with their details (common/status), or UNAVAILABLE when nobody answers. One thread at a time.
class Session {
 public:
  explicit Session(Connection connection);
  ~Session();

  absl::Status Call(const std::string& method, google::protobuf::Message& request, google::protobuf::Message* response);

  // A client stream: `next` fills the next message and returns false when there is none.
  absl::Status Upload(const std::string& method, google::protobuf::Message* message,
                      absl::FunctionRef<bool(google::protobuf::Message*)> next, google::protobuf::Message* response);

  // A server stream: `on_message` is handed each response and returns false to stop early. `endless` streams have no
  // deadline.
  absl::Status Follow(const std::string& method, google::protobuf::Message& request,
                      google::protobuf::Message* response,
                      absl::FunctionRef<bool(const google::protobuf::Message&)> on_message, bool endless = false);

  const Connection& connection() const { return connection_; }

 private:
  class Impl;
  const Connection connection_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace vinculo::ctl
