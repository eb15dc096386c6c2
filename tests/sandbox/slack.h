#pragma once

#include <cstdint>
#include <string>

#include "tests/sandbox/faults.h"
#include "tests/sandbox/http_server.h"
#include "tests/sandbox/settings.h"

namespace vinculo::sandbox {

// What Slack would say to an incoming webhook's body: "ok", or one of its error words.
std::string SlackVerdict(absl::string_view body);

// POST /services/...: incoming webhooks with Slack's shapes and limits.
class Slack {
 public:
  explicit Slack(Faults& faults) : faults_(faults) {}
  void Reset() { received_ = accepted_ = 0; }
  void Handle(const HttpMessage& request, const Exchange& exchange);
  Json Counts() const { return {{"received", received_}, {"accepted", accepted_}}; }

 private:
  Faults& faults_;
  int64_t received_ = 0;
  int64_t accepted_ = 0;
};

}  // namespace vinculo::sandbox
