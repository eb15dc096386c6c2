#include "common/http/listener_server.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/http/listener_protocol.h"
#include "common/log/log.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"

namespace vinculo::http {
namespace {

constexpr int kBacklog = 1024;  // httplib's own, 5, drops connections under any burst
constexpr auto kSweepPeriod = std::chrono::milliseconds(250);

using Clock = std::chrono::steady_clock;

absl::Status ListenFailed(const HostPort& address, absl::string_view what) {
  return Error(absl::StatusCode::kUnavailable, "LISTEN_FAILED",
               absl::StrCat("cannot listen on ", address.ToString(), ": ", what));
}

std::vector<std::string> Segments(absl::string_view path) {
  if (absl::StartsWith(path, "/")) path.remove_prefix(1);
  return absl::StrSplit(path, '/');
}

bool IsField(absl::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

bool Fits(const Route& route, const std::vector<std::string>& segments,
          std::vector<std::pair<std::string, std::string>>& fields) {
  const size_t count = route.segments.size();
  if (route.open_ended ? segments.size() <= count : segments.size() != count) return false;
  fields.clear();
  for (size_t i = 0; i < count; ++i) {
    const std::string& wanted = route.segments[i];
    if (IsField(wanted)) {
      if (segments[i].empty()) return false;
      fields.emplace_back(wanted.substr(1, wanted.size() - 2), segments[i]);
    } else if (wanted != segments[i]) {
      return false;
    }
  }
  return true;
}

std::string NumericHost(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text, sizeof(text));
  } else {
    inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, text, sizeof(text));
  }
  return text;
}

int PortOf(const sockaddr_storage& address) {
  return ntohs(address.ss_family == AF_INET ? reinterpret_cast<const sockaddr_in&>(address).sin_port
                                            : reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
}

}  // namespace

ListenerServer::ListenerServer(ListenerOptions options)
    : options_(std::move(options)),
      protocol_(std::make_unique<Protocol>(*this, static_cast<int>(absl::ToInt64Seconds(options_.idle_timeout)))) {}

ListenerServer::~ListenerServer() { Stop(); }

Answer ListenerServer::Dispatch(IncomingRequest& request) const {
  const std::vector<std::string> segments = Segments(request.path);
  const std::string method = request.method == "HEAD" ? "GET" : request.method;
  bool other_method = false;
  for (const Route& route : routes_) {
    if (!Fits(route, segments, request.path_fields)) continue;
    if (route.method != method) {
      other_method = true;
      continue;
    }
    try {
      return route.handler(request);
    } catch (const std::exception&) {
      log::Error("http handler threw", {{"method", request.method}});
      return {.status = 500, .body = "internal error\n"};
    }
  }
  if (other_method) return {.status = 405, .body = "method not allowed\n"};
  return {.status = 404, .body = "not found\n"};
}

absl::Status ListenerServer::Listen() {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string port = absl::StrCat(options_.address.port);
  if (const int code = getaddrinfo(options_.address.host.c_str(), port.c_str(), &hints, &found); code != 0) {
    return ListenFailed(options_.address, gai_strerror(code));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> guard(found, &freeaddrinfo);
  listen_fd_ = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(listen_fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (bind(listen_fd_, found->ai_addr, found->ai_addrlen) != 0 || listen(listen_fd_, kBacklog) != 0) {
    return ListenFailed(options_.address, std::strerror(errno));
  }
  sockaddr_storage bound;
  socklen_t size = sizeof(bound);
  getsockname(listen_fd_, reinterpret_cast<sockaddr*>(&bound), &size);
  options_.address.port = PortOf(bound);
  return absl::OkStatus();
}

absl::Status ListenerServer::Start() {
  RETURN_IF_ERROR(Listen());
  epoll_fd_ = epoll_create1(EPOLL_CLOEXEC);
  stop_fd_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (!Arm(listen_fd_, &listen_fd_, EPOLLIN | EPOLLEXCLUSIVE, EPOLL_CTL_ADD) ||
      !Arm(stop_fd_, &stop_fd_, EPOLLIN, EPOLL_CTL_ADD)) {
    return ListenFailed(options_.address, std::strerror(errno));
  }
  for (int i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { Work(); });
  return absl::OkStatus();
}

void ListenerServer::Stop() {
  if (stopping_.exchange(true)) return;
  if (stop_fd_ >= 0) {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(stop_fd_, &one, sizeof(one));
  }
  for (std::thread& thread : threads_) thread.join();
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& [fd, connection] : connections_) close(fd);
    connections_.clear();
  }
  for (const int fd : {listen_fd_, epoll_fd_, stop_fd_}) {
    if (fd >= 0) close(fd);
  }
}

bool ListenerServer::Arm(int fd, void* data, uint32_t events, int operation) {
  epoll_event event = {.events = events, .data = {.ptr = data}};
  return epoll_ctl(epoll_fd_, operation, fd, &event) == 0;
}

void ListenerServer::Work() {
  while (!stopping_) {
    epoll_event event;
    const int period = static_cast<int>(kSweepPeriod / std::chrono::milliseconds(1));
    const int count = epoll_wait(epoll_fd_, &event, 1, period);
    if (count == 1 && event.data.ptr == &listen_fd_) {
      AcceptSome();
    } else if (count == 1 && event.data.ptr != &stop_fd_) {
      Serve(*static_cast<Connection*>(event.data.ptr));
    }
    const int64_t now = Clock::now().time_since_epoch().count();
    int64_t due = next_sweep_ns_;
    const int64_t next = now + std::chrono::nanoseconds(kSweepPeriod).count();
    if (now >= due && next_sweep_ns_.compare_exchange_strong(due, next)) Sweep();
  }
}

void ListenerServer::AcceptSome() {
  constexpr int kAtOnce = 16;
  for (int i = 0; i < kAtOnce; ++i) {
    sockaddr_storage peer;
    socklen_t size = sizeof(peer);
    const int fd = accept4(listen_fd_, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
        // The listening socket stays readable; the next sweep tries again.
        absl::MutexLock lock(&mutex_);
        if (std::exchange(accepting_, false)) epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, listen_fd_, nullptr);
      }
      return;
    }
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    auto connection = std::make_unique<Connection>(fd, options_);
    connection->remote_address = NumericHost(peer);
    connection->parked = true;
    connection->deadline = Clock::now() + absl::ToChronoNanoseconds(options_.request_timeout);
    Connection* const raw = connection.get();
    absl::MutexLock lock(&mutex_);
    if (connections_.size() >= static_cast<size_t>(options_.max_connections)) {
      close(fd);
      continue;
    }
    connections_[fd] = std::move(connection);
    Arm(fd, raw, EPOLLIN | EPOLLRDHUP | EPOLLONESHOT, EPOLL_CTL_ADD);
  }
}

void ListenerServer::Serve(Connection& connection) {
  {
    absl::MutexLock lock(&mutex_);
    connection.parked = false;
  }
  const Fate fate = Receive(connection);
  if (fate == Fate::kPark && Park(connection)) return;
  Close(connection, fate == Fate::kReset);
}

ListenerServer::Fate ListenerServer::Receive(Connection& connection) {
  std::array<char, 16 * 1024> buffer;
  while (true) {
    const ssize_t count = recv(connection.fd, buffer.data(), buffer.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return Fate::kPark;
    if (count <= 0) return Fate::kClose;
    auto progress = connection.framer.Append(absl::string_view(buffer.data(), static_cast<size_t>(count)));
    while (progress == MessageFramer::Progress::kComplete) {
      const Fate fate = AnswerComplete(connection);
      if (fate != Fate::kPark) return fate;
      progress = connection.framer.Next();
    }
    if (progress == MessageFramer::Progress::kRefused) {
      SendAll(connection, Protocol::Refusal(connection.framer.refusal()));
      // A close with unread bytes would be a reset, which can overtake the answer.
      shutdown(connection.fd, SHUT_WR);
      for (int i = 0; i < 64 && recv(connection.fd, buffer.data(), buffer.size(), 0) > 0; ++i) continue;
      return Fate::kClose;
    }
    if (connection.framer.TakeContinueWish() && !SendAll(connection, "HTTP/1.1 100 Continue\r\n\r\n"))
      return Fate::kClose;
    // A short read emptied the socket: the next event says when there is more.
    if (static_cast<size_t>(count) < buffer.size()) return Fate::kPark;
  }
}

ListenerServer::Fate ListenerServer::AnswerComplete(Connection& connection) {
  const Protocol::Outcome outcome = protocol_->Respond(connection.framer, connection.remote_address, stopping_);
  switch (outcome.ending) {
    case Answer::Ending::kReset:
      return Fate::kReset;
    case Answer::Ending::kHangUp:
      return Fate::kClose;
    case Answer::Ending::kClose:
      SendAll(connection, outcome.bytes);
      return Fate::kClose;
    case Answer::Ending::kKeepOpen:
      break;
  }
  return SendAll(connection, outcome.bytes) ? Fate::kPark : Fate::kClose;
}

bool ListenerServer::SendAll(Connection& connection, absl::string_view bytes) const {
  const auto deadline = Clock::now() + absl::ToChronoNanoseconds(options_.request_timeout);
  while (!bytes.empty()) {
    const ssize_t sent = send(connection.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
      pollfd writable = {.fd = connection.fd, .events = POLLOUT, .revents = 0};
      if (left <= 0 || poll(&writable, 1, static_cast<int>(left)) == 0) return false;
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

bool ListenerServer::Park(Connection& connection) {
  const auto patience = connection.framer.idle() ? options_.idle_timeout : options_.request_timeout;
  absl::MutexLock lock(&mutex_);
  connection.parked = true;
  // A request under way keeps the deadline it got when it began.
  const auto deadline = Clock::now() + absl::ToChronoNanoseconds(patience);
  if (connection.framer.idle() || !connection.in_request) connection.deadline = deadline;
  connection.in_request = !connection.framer.idle();
  if (Arm(connection.fd, &connection, EPOLLIN | EPOLLRDHUP | EPOLLONESHOT, EPOLL_CTL_MOD)) return true;
  connection.parked = false;
  return false;
}

void ListenerServer::Close(Connection& connection, bool reset) {
  const int fd = connection.fd;
  if (reset) {
    const linger cut = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &cut, sizeof(cut));
  }
  // Under the lock: as soon as it is closed, accept may give the number to another connection.
  absl::MutexLock lock(&mutex_);
  connections_.erase(fd);
  close(fd);
}

void ListenerServer::Sweep() {
  const auto now = Clock::now();
  absl::MutexLock lock(&mutex_);
  if (!accepting_ && Arm(listen_fd_, &listen_fd_, EPOLLIN | EPOLLEXCLUSIVE, EPOLL_CTL_ADD)) accepting_ = true;
  for (const auto& [fd, connection] : connections_) {
    // Wakes the connection with an end of file; whichever thread gets it closes it.
    if (connection->parked && connection->deadline <= now) shutdown(fd, SHUT_RDWR);
  }
}

}  // namespace vinculo::http
