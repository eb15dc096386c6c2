#pragma once

#include <atomic>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/rpc/server.h"

namespace vinculo::rpc {

// Calls Health/Check of this very process once an interval, each time over a fresh loopback connection: a listener that
// has gone deaf shows within seconds. Thread-safe.
class SelfProbe {
 public:
  struct Options {
    std::string address;  // loopback host:port of the gRPC listener
    bool insecure_loopback = false;
    TlsFiles tls;  // shown as the client's certificate
    absl::Duration interval = absl::Seconds(1);
  };
  explicit SelfProbe(Options options);
  ~SelfProbe();

  // No further probes; what Live says stays. May be called twice.
  void Stop();
  // One probe, now: OK when the server answered, whatever it answered.
  absl::Status Probe();
  // UNAVAILABLE `LISTENER_DEAF` after three misses in a row, once there was a success. What /livez says.
  absl::Status Live() const;
  int64_t misses() const { return misses_total_.load(); }

 private:
  void Run();

  const Options options_;
  std::atomic<bool> seen_{false};
  std::atomic<int> misses_{0};
  std::atomic<int64_t> misses_total_{0};
  absl::Mutex mutex_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace vinculo::rpc
