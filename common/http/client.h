#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/http/address_guard.h"
#include "common/http/headers.h"
#include "common/metrics/registry.h"

namespace vinculo::http {

class ClientEngine;

struct Request {
  std::string method = "GET";  // GET, HEAD, POST, PUT, PATCH or DELETE
  std::string url;
  Headers headers;
  std::string body;  // sent with POST, PUT and PATCH, and with DELETE when not empty
  absl::Duration connect_timeout = absl::Seconds(5);
  absl::Duration total_timeout = absl::Seconds(30);  // from Send() to the last byte, waiting included
  size_t max_response_bytes = 64 * 1024;
};

struct Response {
  // OK when a whole answer arrived, whatever its HTTP status. Otherwise:
  //   INVALID_ARGUMENT   INVALID_URL, INVALID_REQUEST
  //   PERMISSION_DENIED  URL_NOT_ALLOWED, ADDRESS_BLOCKED
  //   RESOURCE_EXHAUSTED HTTP_QUEUE_FULL; RESPONSE_TOO_LARGE (`status` and `headers` are set)
  //   DEADLINE_EXCEEDED  HTTP_TIMEOUT
  //   UNAVAILABLE        HTTP_CONNECT_FAILED, HTTP_TLS_FAILED, HTTP_CONNECTION_LOST
  //   CANCELLED          HTTP_CLIENT_STOPPED
  absl::Status transport;
  // False: not one byte of the request left, so the peer cannot have acted on it and it may be sent again. True with a
  // transport error: nobody knows whether the peer acted. Errs on the side of true.
  bool request_bytes_written = false;
  int status = 0;  // HTTP status; 0 when no answer began
  Headers headers;
  std::string body;
  absl::Duration elapsed;  // since Send()

  // Case-insensitive; "" when absent.
  absl::string_view Header(absl::string_view name) const { return FindHeader(headers, name); }
  bool not_sent() const { return !transport.ok() && !request_bytes_written; }
  bool ambiguous() const { return !transport.ok() && request_bytes_written; }
};

// What `Retry-After` asks for, counted from `now`: seconds or an HTTP date; nullopt when absent or unreadable, at most
// a day.
std::optional<absl::Duration> RetryAfter(const Response& response, absl::Time now);

struct ClientOptions {
  AddressGuard guard;
  int max_in_flight = 512;           // transfers at one time
  int max_in_flight_per_host = 256;  // so that one slow peer cannot take them all
  size_t max_queued = 16384;         // waiting beyond that: HTTP_QUEUE_FULL
  size_t max_queued_per_host = 8192;
  std::string user_agent = "Vinculo/0.1";
  std::string ca_file;                   // PEM; empty means the system's
  metrics::Registry* metrics = nullptr;  // http_client_* where given; outlives the client
  std::vector<std::string> resolve;      // `host:port:address` entries that stand in for DNS, for tests
};

// Asynchronous HTTP/1.1 and HTTP/2 client: one thread drives libcurl, connections are kept and shared. Follows no
// redirects, uses no proxy, no cookies, no netrc, no compression. A request other than GET and HEAD is written at most
// once: where libcurl would silently repeat it on a fresh connection, this client reports it as ambiguous. Thread-safe.
class Client {
 public:
  using Callback = absl::AnyInvocable<void(Response)>;

  explicit Client(ClientOptions options = {});
  // Fails what is still waiting or under way with HTTP_CLIENT_STOPPED, calls those callbacks and ends the thread.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Never blocks. `done` is called exactly once, on the client's thread (also when the request is refused), and must
  // not block; it may call Send.
  void Send(Request request, Callback done);

  // For tests and tools: waits for the answer. Not on the client's thread.
  Response SendAndWait(Request request);

  // Refuses new requests and waits up to `timeout` until none is left. True when that happened.
  bool Drain(absl::Duration timeout);

 private:
  std::unique_ptr<ClientEngine> engine_;
};

}  // namespace vinculo::http
