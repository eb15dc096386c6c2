#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/flags/host_port.h"
#include "common/http/headers.h"

namespace vinculo::http {

class ListenerServer;

struct IncomingRequest {
  std::string method;
  std::string path;                                              // percent-decoded, without the query
  std::vector<std::pair<std::string, std::string>> query;        // decoded, sorted by name
  std::vector<std::pair<std::string, std::string>> path_fields;  // what `{name}` stood for
  Headers headers;
  std::string body;  // the raw bytes, as sent
  std::string remote_address;

  // Case-insensitive; "" when absent.
  absl::string_view Header(absl::string_view name) const { return FindHeader(headers, name); }
  // The first value of that query parameter; nullopt when absent.
  std::optional<std::string> Query(absl::string_view name) const;
  // What `{name}` stood for in the path; "" when the pattern has no such field.
  absl::string_view PathField(absl::string_view name) const;
};

struct Answer {
  // What happens to the connection. kReset writes nothing and cuts it with RST, kHangUp writes nothing and closes it:
  // for servers that play a broken peer.
  enum class Ending { kKeepOpen, kClose, kHangUp, kReset };

  int status = 200;
  std::string body;
  std::string content_type = "text/plain; charset=utf-8";
  Headers headers;
  Ending ending = Ending::kKeepOpen;
};

struct ListenerOptions {
  HostPort address;                                    // port 0 takes a free one
  int threads = 8;                                     // requests handled at one time; a handler may block its thread
  size_t max_body_bytes = 1 << 20;                     // more: 413
  size_t max_header_bytes = 16 * 1024;                 // request line and headers; more: 431
  int max_connections = 1024;                          // more are closed at once
  absl::Duration request_timeout = absl::Seconds(10);  // from first to last byte of a request
  absl::Duration idle_timeout = absl::Seconds(60);     // between requests
};

// A small HTTP/1.1 server on cpp-httplib's parser with sockets of its own: a thread is taken only once a whole request
// has arrived, so neither an idle keep-alive connection nor a slow sender holds one. Listens with a deep backlog and
// TCP_NODELAY. Handlers run on the pool, several at a time. A request that is malformed, compressed or too large is
// refused before a handler sees it (400, 413, 414, 415, 431), an unknown path with 404, another method with 405.
class Listener {
 public:
  using Handler = std::function<Answer(const IncomingRequest&)>;

  explicit Listener(ListenerOptions options);
  // Stops.
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // Before Start. `pattern` is a path; a segment `{name}` stands for any one segment, `/*` at the end for any rest. The
  // first that fits wins. GET also serves HEAD.
  void Handle(absl::string_view method, absl::string_view pattern, Handler handler);

  // Binds, listens and starts the pool. UNAVAILABLE `LISTEN_FAILED` when the address cannot be had.
  absl::Status Start();
  // Where it listens, with the real port; valid after Start.
  const HostPort& address() const;
  // `http://host:port`, without a slash at the end.
  std::string url() const;
  // Takes no new request, waits for the handlers that run, closes every connection. May be called twice.
  void Stop();

 private:
  std::unique_ptr<ListenerServer> server_;
};

}  // namespace vinculo::http
