#pragma once

#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/sandbox/sandbox.h"

namespace vinculo::sandbox {

// A sandbox inside a test program: listens on a free port of loopback from construction to destruction. Talk to it over
// HTTP only; its other methods are not for the test's thread.
class SandboxThread {
 public:
  explicit SandboxThread(const Json& config = Json::object()) {
    status_ = sandbox_.Configure(config);
    status_.Update(sandbox_.Listen("127.0.0.1", 0));
    if (status_.ok()) thread_ = std::thread([this] { sandbox_.Run(); });
  }
  ~SandboxThread() {
    sandbox_.Stop();
    if (thread_.joinable()) thread_.join();
  }
  SandboxThread(const SandboxThread&) = delete;
  SandboxThread& operator=(const SandboxThread&) = delete;

  // Not OK when the configuration was wrong or no port could be had; nothing listens then.
  const absl::Status& status() const { return status_; }
  int port() const { return sandbox_.port(); }
  std::string url() const { return absl::StrCat("http://127.0.0.1:", sandbox_.port()); }

 private:
  Sandbox sandbox_;
  absl::Status status_;
  std::thread thread_;
};

}  // namespace vinculo::sandbox
