#include "tests/sandbox/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace vinculo::sandbox {
namespace {

constexpr int kBacklog = 4096;
constexpr size_t kReadBytes = 64 * 1024;

}  // namespace

class HttpServer::Acceptor : public ReadyHandler {
 public:
  Acceptor(HttpServer& server, int fd) : server_(server), fd_(fd) {}
  ~Acceptor() override { close(fd_); }
  int fd() const { return fd_; }
  void OnReady(uint32_t) override { server_.Accept(); }

 private:
  HttpServer& server_;
  const int fd_;
};

class HttpServer::Connection : public ReadyHandler {
 public:
  Connection(HttpServer& server, uint64_t id, int fd) : server_(server), id_(id), fd_(fd) {}
  ~Connection() override { close(fd_); }

  int fd() const { return fd_; }

  void OnReady(uint32_t events) override {
    if (dropped_) return;
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
      if (!Fill()) return Drop();
      Process();
    }
    if (!dropped_ && (events & EPOLLOUT)) Flush();
  }

  void Send(uint64_t serial, const HttpReply& reply) {
    if (dropped_ || !waiting_ || serial != serial_) return;
    waiting_ = false;
    Render(reply);
    if (!keep_alive_) closing_ = true;
    if (processing_) return;  // the loop in Process() goes on by itself
    Process();
  }

  void Reset(uint64_t serial) {
    if (dropped_ || !waiting_ || serial != serial_) return;
    const linger hard = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
    Drop();
  }

 private:
  // Reads what is there; false when the peer has gone.
  bool Fill() {
    while (true) {
      const ssize_t got = recv(fd_, server_.scratch_.data(), kReadBytes, 0);
      if (got == 0) return false;
      if (got < 0) return errno == EAGAIN || errno == EINTR;
      in_.append(server_.scratch_.data(), got);
      if (static_cast<size_t>(got) < kReadBytes) return true;
    }
  }

  void Process() {
    processing_ = true;
    size_t at = 0;
    while (!waiting_ && !closing_ && !dropped_ && at < in_.size()) {
      size_t size = 0;
      const ParseResult result = ParseRequest(absl::string_view(in_).substr(at), &message_, &size);
      if (result == ParseResult::kComplete) {
        at += size;
        Handle();
        continue;
      }
      if (result == ParseResult::kBad) {
        Render({.status = 400, .body = "{\"error\":\"malformed HTTP\"}"});
        closing_ = true;
      } else if (result == ParseResult::kHeadOnly && message_.expects_continue && !continued_) {
        out_ += "HTTP/1.1 100 Continue\r\n\r\n";
        continued_ = true;
      }
      break;
    }
    processing_ = false;
    in_.erase(0, at);
    if (!dropped_) Flush();
  }

  void Handle() {
    continued_ = false;
    waiting_ = true;
    keep_alive_ = message_.keep_alive;
    ++serial_;
    ++server_.requests_;
    server_.handler_(message_, Exchange(&server_, id_, serial_));
  }

  void Render(const HttpReply& reply) {
    absl::StrAppend(&out_, "HTTP/1.1 ", reply.status, " ", ReasonPhrase(reply.status),
                    "\r\nContent-Length: ", reply.body.size(), "\r\n");
    if (!reply.body.empty()) absl::StrAppend(&out_, "Content-Type: ", reply.content_type, "\r\n");
    for (const auto& [name, value] : reply.headers) absl::StrAppend(&out_, name, ": ", value, "\r\n");
    absl::StrAppend(&out_, keep_alive_ ? "\r\n" : "Connection: close\r\n\r\n", reply.body);
  }

  void Flush() {
    size_t done = 0;
    while (done < out_.size()) {
      const ssize_t sent = send(fd_, out_.data() + done, out_.size() - done, MSG_NOSIGNAL);
      if (sent < 0) {
        if (errno == EAGAIN) break;
        if (errno == EINTR) continue;
        return Drop();
      }
      done += sent;
    }
    out_.erase(0, done);
    if (out_.empty() && closing_) return Drop();
    const bool wants_write = !out_.empty();
    if (wants_write == writing_) return;
    writing_ = wants_write;
    server_.loop_.Change(fd_, writing_ ? EPOLLIN | EPOLLOUT : EPOLLIN, this);
  }

  void Drop() {
    if (dropped_) return;
    dropped_ = true;
    server_.Drop(id_);
  }

  HttpServer& server_;
  const uint64_t id_;
  const int fd_;
  std::string in_;
  std::string out_;
  HttpMessage message_;
  uint64_t serial_ = 0;
  bool waiting_ = false;  // a request was handed out and not answered yet
  bool keep_alive_ = true;
  bool closing_ = false;     // close once everything is written
  bool processing_ = false;  // inside Process()
  bool continued_ = false;
  bool writing_ = false;  // EPOLLOUT is armed
  bool dropped_ = false;
};

void Exchange::Send(const HttpReply& reply) const { server_->Send(connection_, serial_, reply); }
void Exchange::Reset() const { server_->Reset(connection_, serial_); }

HttpServer::HttpServer(EventLoop& loop, Handler handler)
    : loop_(loop), handler_(std::move(handler)), scratch_(kReadBytes) {}

HttpServer::~HttpServer() {
  if (acceptor_) loop_.Remove(acceptor_->fd());
  for (const auto& [id, connection] : connections_) loop_.Remove(connection->fd());
}

absl::Status HttpServer::Listen(const std::string& address, int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return absl::UnavailableError(absl::StrCat("socket: ", strerror(errno)));
  acceptor_ = std::make_unique<Acceptor>(*this, fd);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons(static_cast<uint16_t>(port))};
  if (inet_pton(AF_INET, address.c_str(), &where.sin_addr) != 1) {
    return absl::InvalidArgumentError(absl::StrCat("not an IPv4 address: ", address));
  }
  socklen_t size = sizeof(where);
  if (bind(fd, reinterpret_cast<sockaddr*>(&where), size) != 0 || listen(fd, kBacklog) != 0 ||
      getsockname(fd, reinterpret_cast<sockaddr*>(&where), &size) != 0) {
    return absl::UnavailableError(absl::StrCat("cannot listen on ", address, ":", port, ": ", strerror(errno)));
  }
  port_ = ntohs(where.sin_port);
  loop_.Add(fd, EPOLLIN, acceptor_.get());
  return absl::OkStatus();
}

void HttpServer::Accept() {
  while (true) {
    const int fd = accept4(acceptor_->fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    const uint64_t id = next_connection_++;
    auto connection = std::make_unique<Connection>(*this, id, fd);
    loop_.Add(fd, EPOLLIN, connection.get());
    connections_.emplace(id, std::move(connection));
  }
}

void HttpServer::Send(uint64_t connection, uint64_t serial, const HttpReply& reply) {
  const auto it = connections_.find(connection);
  if (it != connections_.end()) it->second->Send(serial, reply);
}

void HttpServer::Reset(uint64_t connection, uint64_t serial) {
  const auto it = connections_.find(connection);
  if (it != connections_.end()) it->second->Reset(serial);
}

void HttpServer::Drop(uint64_t id) {
  const auto it = connections_.find(id);
  if (it == connections_.end()) return;
  loop_.Remove(it->second->fd());
  // The connection may be on the stack, and later events of this turn may name it. Its socket is shut only with it, so
  // a reset goes out at the end of the turn.
  loop_.AtTurnEnd([dead = std::shared_ptr<Connection>(std::move(it->second))] {});
  connections_.erase(it);
}

}  // namespace vinculo::sandbox
