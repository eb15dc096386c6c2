#include "common/http/listener_protocol.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "httplib.h"

namespace vinculo::http {
namespace {

// What httplib reads from and writes to: a request head in memory, an answer in memory.
class MemoryStream final : public httplib::Stream {
 public:
  explicit MemoryStream(absl::string_view input) : input_(input) {}

  bool is_readable() const override { return !input_.empty(); }
  bool is_writable() const override { return true; }
  ssize_t read(char* data, size_t size) override {
    const size_t taken = std::min(size, input_.size());
    std::memcpy(data, input_.data(), taken);
    input_.remove_prefix(taken);
    return static_cast<ssize_t>(taken);
  }
  ssize_t write(const char* data, size_t size) override {
    // Whoever waits for it got it before the body was read.
    if (absl::string_view(data, size) != "HTTP/1.1 100 Continue\r\n\r\n") output_.append(data, size);
    return static_cast<ssize_t>(size);
  }
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return INVALID_SOCKET; }

  std::string& output() { return output_; }

 private:
  absl::string_view input_;
  std::string output_;
};

const char* ReasonPhrase(int status) {
  switch (status) {
    case 413:
      return "Payload Too Large";
    case 415:
      return "Unsupported Media Type";
    case 431:
      return "Request Header Fields Too Large";
    case 501:
      return "Not Implemented";
    default:
      return "Bad Request";
  }
}

// The request being handled on this thread; httplib's routing hook has no place for it.
struct Current {
  MessageFramer* framer = nullptr;
  const std::string* remote_address = nullptr;
  Answer::Ending ending = Answer::Ending::kKeepOpen;
  bool handled = false;
};
thread_local Current* t_current = nullptr;

IncomingRequest ToIncoming(const httplib::Request& request, Current& current) {
  IncomingRequest incoming;
  incoming.method = request.method;
  incoming.path = request.path;
  incoming.query.assign(request.params.begin(), request.params.end());
  // Not httplib's headers: it percent-decodes their values.
  incoming.headers = current.framer->headers();
  incoming.body = std::move(current.framer->body());
  incoming.remote_address = *current.remote_address;
  return incoming;
}

}  // namespace

class ListenerServer::Protocol::Parser final : public httplib::Server {
 public:
  Parser(const ListenerServer& server, int keep_alive_seconds) : server_(server) {
    keep_alive_timeout_sec_ = keep_alive_seconds;
    keep_alive_max_count_ = 1'000'000;
    set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
      Handle(request, response);
      return HandlerResponse::Handled;
    });
  }

  bool Process(MemoryStream& stream, bool last, bool& closed) {
    return process_request(stream, last, closed, [](httplib::Request& request) {
      // Answers are small and made for one caller: neither ranges nor compression.
      request.ranges.clear();
      request.headers.erase("Accept-Encoding");
    });
  }

 private:
  void Handle(const httplib::Request& request, httplib::Response& response) {
    IncomingRequest incoming = ToIncoming(request, *t_current);
    Answer answer = server_.Dispatch(incoming);
    t_current->ending = answer.ending;
    t_current->handled = true;
    response.status = answer.status;
    for (const auto& [name, value] : answer.headers) response.set_header(name, value);
    if (answer.ending == Answer::Ending::kClose) response.set_header("Connection", "close");
    if (!answer.body.empty() || answer.status != 204) response.set_header("Content-Type", answer.content_type);
    response.body = std::move(answer.body);
  }

  const ListenerServer& server_;
};

ListenerServer::Protocol::Protocol(const ListenerServer& server, int keep_alive_seconds)
    : parser_(std::make_unique<Parser>(server, keep_alive_seconds)) {}

ListenerServer::Protocol::~Protocol() = default;

ListenerServer::Protocol::Outcome ListenerServer::Protocol::Respond(MessageFramer& framer,
                                                                    const std::string& remote_address,
                                                                    bool last) const {
  using Ending = Answer::Ending;
  Current current{.framer = &framer, .remote_address = &remote_address};
  t_current = &current;
  MemoryStream stream(framer.head());
  bool closed = false;
  const bool parsed = parser_->Process(stream, last, closed);
  t_current = nullptr;
  if (!parsed || stream.output().empty()) return {.bytes = Refusal(400), .ending = Ending::kClose};
  if (!current.handled) current.ending = Ending::kClose;  // refused by the parser
  if (current.ending == Ending::kKeepOpen && (closed || last)) current.ending = Ending::kClose;
  return {.bytes = std::move(stream.output()), .ending = current.ending};
}

std::string ListenerServer::Protocol::Refusal(int status) {
  const char* const reason = ReasonPhrase(status);
  const std::string body = absl::StrCat(reason, "\n");
  return absl::StrCat("HTTP/1.1 ", status, " ", reason,
                      "\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8",
                      "\r\nContent-Length: ", body.size(), "\r\n\r\n", body);
}

}  // namespace vinculo::http
