#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/auth/authenticator.h"
#include "common/metrics/registry.h"
#include "common/rpc/method.h"
#include "common/time/clock.h"

namespace vinculo::rpc {

// The bounds of one process. Every refusal is RESOURCE_EXHAUSTED with RetryInfo and a retry pushback, before any work
// is done.
struct Limits {
  int in_flight = 256;         // unary calls at once: a full second of work at 2 ms each on two threads
  int tenant_in_flight = 128;  // of one tenant, so that a loud one leaves half for the others
  int streams = 512;           // open streams, imports and feed watchers together
  int unary_bytes = 1 << 20;   // of a unary request; what is larger comes as a stream
  absl::Duration default_deadline = absl::Seconds(10);    // of a unary call that brings none
  absl::Duration least_deadline = absl::Milliseconds(5);  // less than this left: not worth starting
  absl::Duration retry_after = absl::Milliseconds(200);   // told to those who are refused
};

// Calls of one tenant in flight.
struct TenantGate {
  std::atomic<int> in_flight{0};
};

// A stream that wants to know when the server drains.
class Drainable {
 public:
  virtual void Drain() = 0;

 protected:
  ~Drainable() = default;
};

// UNAVAILABLE `DRAINING`.
absl::Status DrainingError();

// What all RPCs of a process have in common: who may call, how many at once, what is counted. One per server; services
// keep a reference in `runtime_`. Thread-safe.
class Runtime {
 public:
  struct Options {
    const auth::Authenticator* authenticator = nullptr;  // required
    const Clock* clock = SystemClock::Get();
    metrics::Registry* registry = nullptr;  // required
    Limits limits;
  };
  explicit Runtime(const Options& options);
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  // Makes the methods of a service known and creates their metrics. Before the server starts.
  void AddService(const google::protobuf::ServiceDescriptor* service);

  const Clock& clock() const { return clock_; }
  const Limits& limits() const { return limits_; }
  const auth::Authenticator& authenticator() const { return authenticator_; }
  int in_flight() const { return load_->calls.load(std::memory_order_relaxed); }
  int open_streams() const { return load_->streams.load(std::memory_order_relaxed); }

  // Remembers a stream until it is gone. UNAVAILABLE `DRAINING` when the server stops.
  absl::Status Register(const std::shared_ptr<Drainable>& stream);
  // Ends every stream that is open, with UNAVAILABLE `DRAINING`, and refuses new ones. Unary calls go on.
  void DrainStreams();

 private:
  friend class CallContext;
  // Read by metrics that may outlive the runtime.
  struct Load {
    std::atomic<int> calls{0};
    std::atomic<int> streams{0};
  };
  struct MethodMetrics {
    metrics::Counter* started;
    std::array<metrics::Counter*, 17> handled;  // by status code
    metrics::Histogram* seconds;
  };

  // RESOURCE_EXHAUSTED `OVERLOADED` when as many are in flight as may be.
  absl::Status Enter(bool stream);
  void Leave(bool stream);
  TenantGate* Gate(const std::string& tenant);
  const MethodMetrics& metrics(const Method& method) const { return metrics_[method.index]; }
  // False when more lines about refusals were written in this second than anybody reads.
  bool MayLog(int64_t now_seconds);

  const auth::Authenticator& authenticator_;
  const Clock& clock_;
  metrics::Registry& registry_;
  const Limits limits_;
  const std::shared_ptr<Load> load_;
  std::vector<MethodMetrics> metrics_;  // by Method::index, filled before the server starts
  std::atomic<int64_t> log_second_{0};
  std::atomic<int> logged_{0};

  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, std::unique_ptr<TenantGate>> gates_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::weak_ptr<Drainable>> open_ ABSL_GUARDED_BY(mutex_);  // some of them gone; swept as it doubles
  size_t sweep_at_ ABSL_GUARDED_BY(mutex_) = 64;
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace vinculo::rpc
