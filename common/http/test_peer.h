#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/string_view.h"

namespace vinculo::http {

// One accepted connection of a TestPeer, for a script to use. Blocking; closed by the peer when the script returns.
class TestConnection {
 public:
  explicit TestConnection(int fd) : fd_(fd) {}
  // Reads until `marker` has been seen or the other side ends; returns all that was read.
  std::string ReadUntil(absl::string_view marker);
  // Reads head and body of one request (Content-Length only).
  std::string ReadRequest();
  void Write(absl::string_view bytes);
  // Closes with RST instead of FIN.
  void Reset();
  // Waits until the other side ends.
  void WaitForEnd();
  int fd() const { return fd_; }

 private:
  int fd_;
};

// A TCP server on the loopback (IPv4 and, where there is one, IPv6) that plays a script for each connection and counts
// them.
class TestPeer {
 public:
  using Script = std::function<void(TestConnection& connection, int number)>;
  explicit TestPeer(Script script);
  ~TestPeer();

  int port() const { return port_; }
  std::string url() const;
  int connections() const { return connections_; }

 private:
  void Run();

  Script script_;
  int listen_fd_ = -1;
  int port_ = 0;
  std::atomic<int> connections_{0};
  std::vector<std::thread> scripts_;
  std::thread thread_;
};

// A port of the loopback on which nothing listens.
int ClosedPort();

// A blocking connection to 127.0.0.1:`port`; the caller closes it.
int ConnectTo(int port);

}  // namespace vinculo::http
