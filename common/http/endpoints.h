#pragma once

#include <functional>

#include "absl/status/status.h"
#include "common/http/listener.h"
#include "common/metrics/registry.h"

namespace vinculo::http {

// What the probes ask. Both are called on a pool thread at each probe and must not block.
struct HealthChecks {
  std::function<absl::Status()> live;   // this process works and need not be restarted
  std::function<absl::Status()> ready;  // calls may be sent to it
};

// Adds GET /livez and GET /readyz: 200 `ok`, or 503 with the status' reason or message.
void ServeHealth(Listener& listener, HealthChecks checks);

// Adds GET /metrics. `registry` outlives the listener.
void ServeMetrics(Listener& listener, const metrics::Registry& registry);

}  // namespace vinculo::http
