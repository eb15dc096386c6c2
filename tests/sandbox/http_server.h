#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "tests/sandbox/event_loop.h"
#include "tests/sandbox/http_message.h"

namespace vinculo::sandbox {

// An answer to one request.
struct HttpReply {
  int status = 200;
  std::string body;
  absl::string_view content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
};

class HttpServer;

// The right to answer one request, now or later. A copy is cheap; the first call wins and, once the connection is gone,
// does nothing. Whoever never answers leaves the caller waiting.
class Exchange {
 public:
  Exchange(HttpServer* server, uint64_t connection, uint64_t serial)
      : server_(server), connection_(connection), serial_(serial) {}
  void Send(const HttpReply& reply) const;
  // Ends the connection with a TCP reset and no answer.
  void Reset() const;

 private:
  HttpServer* server_;
  uint64_t connection_;
  uint64_t serial_;
};

// HTTP/1.1 with keep-alive and pipelining on the loop's thread. It exists beside cpp-httplib because that takes a
// thread per connection, and the sandbox is the yardstick of a dispatcher that keeps dozens of connections busy.
class HttpServer {
 public:
  // The request is valid during the call only.
  using Handler = std::function<void(const HttpMessage& request, const Exchange& exchange)>;

  HttpServer(EventLoop& loop, Handler handler);
  ~HttpServer();

  // Listens on `address`:`port`; port 0 takes a free one. UNAVAILABLE when that fails.
  absl::Status Listen(const std::string& address, int port);
  int port() const { return port_; }
  uint64_t requests() const { return requests_; }
  size_t connections() const { return connections_.size(); }

 private:
  friend class Exchange;
  class Connection;
  class Acceptor;

  void Accept();
  void Send(uint64_t connection, uint64_t serial, const HttpReply& reply);
  void Reset(uint64_t connection, uint64_t serial);
  void Drop(uint64_t connection);

  EventLoop& loop_;
  Handler handler_;
  std::vector<char> scratch_;  // what was just read, before it joins its connection's bytes
  std::unique_ptr<Acceptor> acceptor_;
  int port_ = 0;
  uint64_t next_connection_ = 1;
  uint64_t requests_ = 0;
  absl::flat_hash_map<uint64_t, std::unique_ptr<Connection>> connections_;
};

}  // namespace vinculo::sandbox
