#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "common/http/listener.h"
#include "common/http/message_framer.h"

namespace vinculo::http {

// A pattern such as `/v1/{id}/messages` or `/files/*`, cut into segments.
struct Route {
  std::string method;
  std::vector<std::string> segments;
  bool open_ended = false;
  Listener::Handler handler;
};

// The sockets and threads behind Listener. All threads wait on one epoll; a connection is armed for one event at a
// time, so it belongs to one thread from that event until it is armed again. Requests are put together without
// blocking; cpp-httplib parses and renders them.
class ListenerServer {
 public:
  explicit ListenerServer(ListenerOptions options);
  ~ListenerServer();

  void AddRoute(Route route) { routes_.push_back(std::move(route)); }
  absl::Status Start();
  void Stop();
  const HostPort& address() const { return options_.address; }

  // Finds the route and calls its handler; 404, 405 and 500 are made here.
  Answer Dispatch(IncomingRequest& request) const;

 private:
  class Protocol;
  struct Connection {
    Connection(int fd, const ListenerOptions& options)
        : fd(fd), framer(options.max_header_bytes, options.max_body_bytes) {}
    const int fd;
    std::string remote_address;
    MessageFramer framer;
    bool parked = false;                             // guarded by mutex_: waits for an event
    bool in_request = true;                          // guarded by mutex_: the deadline is that of a request
    std::chrono::steady_clock::time_point deadline;  // guarded by mutex_
  };
  enum class Fate { kPark, kClose, kReset };

  absl::Status Listen();
  void Work();
  void AcceptSome();
  void Serve(Connection& connection);
  Fate Receive(Connection& connection);
  Fate AnswerComplete(Connection& connection);
  bool SendAll(Connection& connection, absl::string_view bytes) const;
  bool Park(Connection& connection);
  void Close(Connection& connection, bool reset);
  void Sweep();
  bool Arm(int fd, void* data, uint32_t events, int operation);

  ListenerOptions options_;
  std::vector<Route> routes_;
  std::unique_ptr<Protocol> protocol_;
  int listen_fd_ = -1;
  int epoll_fd_ = -1;
  int stop_fd_ = -1;
  std::atomic<bool> stopping_{false};
  std::atomic<int64_t> next_sweep_ns_{0};

  absl::Mutex mutex_;
  bool accepting_ ABSL_GUARDED_BY(mutex_) = true;
  absl::flat_hash_map<int, std::unique_ptr<Connection>> connections_ ABSL_GUARDED_BY(mutex_);

  std::vector<std::thread> threads_;
};

}  // namespace vinculo::http
