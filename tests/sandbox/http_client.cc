#include "tests/sandbox/http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/sandbox/http_message.h"

namespace vinculo::sandbox {

absl::StatusOr<Url> ParseUrl(absl::string_view text) {
  constexpr absl::string_view kScheme = "http://";
  if (!absl::StartsWith(text, kScheme)) return absl::InvalidArgumentError(absl::StrCat("not an http:// URL: ", text));
  const absl::string_view rest = text.substr(kScheme.size());
  const absl::string_view authority = rest.substr(0, rest.find('/'));
  const size_t colon = authority.find(':');
  Url url;
  url.host = std::string(authority.substr(0, colon));
  if (url.host == "localhost") url.host = "127.0.0.1";
  in_addr ignored;
  if (inet_pton(AF_INET, url.host.c_str(), &ignored) != 1) {
    return absl::InvalidArgumentError(absl::StrCat("not an IPv4 address: ", url.host));
  }
  if (colon != absl::string_view::npos && !absl::SimpleAtoi(authority.substr(colon + 1), &url.port)) {
    return absl::InvalidArgumentError(absl::StrCat("bad port in ", text));
  }
  url.target = authority.size() == rest.size() ? "/" : std::string(rest.substr(authority.size()));
  return url;
}

class HttpClient::Connection : public ReadyHandler {
 public:
  Connection(HttpClient& client, std::string host, int port)
      : client_(client),
        host_(std::move(host)),
        port_(port),
        fd_(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    const int on = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons(static_cast<uint16_t>(port_))};
    inet_pton(AF_INET, host_.c_str(), &where.sin_addr);
    // A refusal shows as EPOLLERR when the loop looks at it, like every later failure.
    connect(fd_, reinterpret_cast<sockaddr*>(&where), sizeof(where));
    client_.loop_.Add(fd_, EPOLLIN | EPOLLOUT, this);
  }
  ~Connection() override {
    client_.loop_.Remove(fd_);
    close(fd_);
  }

  bool ServesOrigin(const Url& url) const { return url.host == host_ && url.port == port_; }
  bool broken() const { return broken_; }

  void Begin(const OutboundRequest& request, Callback callback, std::weak_ptr<Connection> self) {
    callback_ = std::move(callback);
    ++serial_;
    in_.clear();
    out_ = absl::StrCat(request.method, " ", request.url.target, " HTTP/1.1\r\nHost: ", host_, ":", port_,
                        "\r\nContent-Length: ", request.body.size(), "\r\n");
    for (const auto& [name, value] : request.headers) absl::StrAppend(&out_, name, ": ", value, "\r\n");
    absl::StrAppend(&out_, "\r\n", request.body);
    client_.loop_.Change(fd_, EPOLLIN | EPOLLOUT, this);
    client_.loop_.After(request.timeout, [self = std::move(self), serial = serial_] {
      const auto connection = self.lock();
      if (connection && connection->callback_ && connection->serial_ == serial) connection->End({}, false);
    });
  }

  Callback TakeCallback() { return std::exchange(callback_, nullptr); }

  void OnReady(uint32_t events) override {
    if (broken_) return;
    if (!callback_) {  // idle: the peer closed, or sent what nobody asked for
      if (events & ~EPOLLOUT) broken_ = true;
      client_.loop_.Change(fd_, EPOLLIN, this);
      if (broken_) client_.loop_.Remove(fd_);
      return;
    }
    if ((events & EPOLLOUT) && !Write()) return End({}, false);
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) Read();
  }

 private:
  bool Write() {
    while (!out_.empty()) {
      const ssize_t sent = send(fd_, out_.data(), out_.size(), MSG_NOSIGNAL);
      if (sent < 0) return errno == EAGAIN || errno == EINTR || errno == ENOTCONN;
      out_.erase(0, sent);
    }
    client_.loop_.Change(fd_, EPOLLIN, this);
    return true;
  }

  void Read() {
    char buffer[16 * 1024];
    bool at_end = false;
    while (!at_end) {
      const ssize_t got = recv(fd_, buffer, sizeof(buffer), 0);
      if (got > 0) {
        in_.append(buffer, got);
        continue;
      }
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno == EAGAIN) break;
      at_end = true;
    }
    HttpMessage message;
    size_t size = 0;
    const ParseResult result = ParseResponse(in_, at_end, &message, &size);
    if (result == ParseResult::kComplete) {
      return End({.status = message.status, .body = std::string(message.body)}, !at_end && message.keep_alive);
    }
    if (result == ParseResult::kBad || at_end) End({}, false);
  }

  void End(OutboundResponse response, bool reusable) {
    broken_ = !reusable;
    client_.Finish(this, std::move(response), reusable);
  }

  HttpClient& client_;
  const std::string host_;
  const int port_;
  const int fd_;
  std::string in_;
  std::string out_;
  Callback callback_;
  uint64_t serial_ = 0;
  bool broken_ = false;
};

HttpClient::HttpClient(EventLoop& loop) : loop_(loop) {}
HttpClient::~HttpClient() = default;

void HttpClient::Send(OutboundRequest request, Callback callback) {
  idle_.erase(std::remove_if(idle_.begin(), idle_.end(),
                             [this](std::shared_ptr<Connection>& c) {
                               if (!c->broken()) return false;
                               loop_.AtTurnEnd([dead = std::move(c)] {});
                               return true;
                             }),
              idle_.end());
  const auto found = std::find_if(idle_.rbegin(), idle_.rend(),
                                  [&](const std::shared_ptr<Connection>& c) { return c->ServesOrigin(request.url); });
  std::shared_ptr<Connection> connection;
  if (found != idle_.rend()) {
    connection = std::move(*found);
    idle_.erase(std::next(found).base());
  } else {
    connection = std::make_shared<Connection>(*this, request.url.host, request.url.port);
  }
  busy_.push_back(connection);
  connection->Begin(request, std::move(callback), connection);
}

void HttpClient::Finish(Connection* connection, OutboundResponse response, bool reusable) {
  const auto found = std::find_if(busy_.begin(), busy_.end(),
                                  [&](const std::shared_ptr<Connection>& c) { return c.get() == connection; });
  std::shared_ptr<Connection> owner = std::move(*found);
  busy_.erase(found);
  const Callback callback = owner->TakeCallback();
  if (reusable) {
    idle_.push_back(std::move(owner));
  } else {
    loop_.AtTurnEnd([dead = std::move(owner)] {});
  }
  callback(std::move(response));
}

}  // namespace vinculo::sandbox
