#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tests/sandbox/event_loop.h"

namespace vinculo::sandbox {

// Where to send: `http://<IPv4 address>[:port]/path`. Names other than "localhost" are not resolved.
struct Url {
  std::string host;
  int port = 80;
  std::string target;  // path and query, at least "/"
};
absl::StatusOr<Url> ParseUrl(absl::string_view text);

struct OutboundRequest {
  std::string method = "POST";
  Url url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  absl::Duration timeout = absl::Seconds(10);
};

struct OutboundResponse {
  int status = 0;  // 0 = no answer: refused, reset, timed out or malformed
  std::string body;
};

// Sends requests on the loop's thread and keeps idle connections for the next one. Never retries.
class HttpClient {
 public:
  using Callback = std::function<void(OutboundResponse)>;

  explicit HttpClient(EventLoop& loop);
  ~HttpClient();
  void Send(OutboundRequest request, Callback callback);

 private:
  class Connection;
  void Finish(Connection* connection, OutboundResponse response, bool reusable);

  EventLoop& loop_;
  std::vector<std::shared_ptr<Connection>> busy_;
  std::vector<std::shared_ptr<Connection>> idle_;
};

}  // namespace vinculo::sandbox
