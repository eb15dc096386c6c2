#include "common/http/test_peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace vinculo::http {
namespace {

[[noreturn]] void Die(const char* what) {
  std::perror(what);
  std::abort();
}

sockaddr_in Loopback(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

// Bound to a free port of both families where there are two.
int BindAny(int* port) {
  int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int off = 0;
  sockaddr_in6 any = {};
  any.sin6_family = AF_INET6;
  any.sin6_addr = in6addr_any;
  if (fd < 0 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) != 0 ||
      bind(fd, reinterpret_cast<sockaddr*>(&any), sizeof(any)) != 0) {
    if (fd >= 0) close(fd);
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = Loopback(0);
    if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) Die("bind");
  }
  sockaddr_in6 bound;
  socklen_t size = sizeof(bound);
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &size) != 0) Die("getsockname");
  *port = ntohs(bound.sin6_port);  // at the same place in both families
  return fd;
}

}  // namespace

std::string TestConnection::ReadUntil(absl::string_view marker) {
  std::string text;
  char byte;
  while (!absl::EndsWith(text, marker) && recv(fd_, &byte, 1, 0) == 1) text += byte;
  return text;
}

std::string TestConnection::ReadRequest() {
  std::string text = ReadUntil("\r\n\r\n");
  const std::string lower = absl::AsciiStrToLower(text);
  const size_t at = lower.find("content-length:");
  if (at == std::string::npos) return text;
  size_t left = 0;
  const size_t end = lower.find("\r\n", at);
  if (!absl::SimpleAtoi(lower.substr(at + 15, end - at - 15), &left)) return text;
  char byte;
  while (left-- > 0 && recv(fd_, &byte, 1, 0) == 1) text += byte;
  return text;
}

void TestConnection::Write(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

void TestConnection::Reset() {
  const linger cut = {.l_onoff = 1, .l_linger = 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &cut, sizeof(cut));
}

void TestConnection::WaitForEnd() {
  char buffer[4096];
  while (recv(fd_, buffer, sizeof(buffer), 0) > 0) continue;
}

TestPeer::TestPeer(Script script) : script_(std::move(script)) {
  listen_fd_ = BindAny(&port_);
  if (listen(listen_fd_, 128) != 0) Die("listen");
  thread_ = std::thread([this] { Run(); });
}

TestPeer::~TestPeer() {
  shutdown(listen_fd_, SHUT_RDWR);
  thread_.join();
  for (std::thread& script : scripts_) script.join();
  close(listen_fd_);
}

std::string TestPeer::url() const { return absl::StrCat("http://127.0.0.1:", port_); }

void TestPeer::Run() {
  while (true) {
    const int fd = accept4(listen_fd_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    const int number = ++connections_;
    scripts_.emplace_back([this, fd, number] {
      TestConnection connection(fd);
      script_(connection, number);
      close(fd);
    });
  }
}

int ClosedPort() {
  int port = 0;
  close(BindAny(&port));
  return port;
}

int ConnectTo(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(port);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) Die("connect");
  return fd;
}

}  // namespace vinculo::http
