#pragma once

#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/sql/database.h"
#include "services/messaging/metrics.h"

namespace vinculo::messaging {

// What time alone brings about, once a minute in small transactions: messages not delivered within their time to live
// become EXPIRED [M-89], statuses that joined no message are dropped after 14 days [M-93], raw webhook bodies go 7 days
// after they were processed [M-100], and files that ended a month ago are forgotten. Imports of this process are kept
// alive, those of one that is gone become INTERRUPTED [M-34]. Several processes may do it at once. Thread-safe.
class Upkeep {
 public:
  // All outlive it. `instance` names this process. The first round comes after `interval`.
  Upkeep(sql::Database& database, Metrics& metrics, std::vector<std::string> tenants, std::string instance,
         absl::Duration interval = absl::Minutes(1));
  ~Upkeep();

  void Start();
  void Stop();
  // One round at `now`, waiting for it; the first error.
  absl::Status Round(absl::Time now);

 private:
  absl::Status RoundOf(const std::string& tenant, absl::Time now);
  bool stopped();

  sql::Database& db_;
  Metrics& metrics_;
  const std::vector<std::string> tenants_;
  const std::string instance_;
  const absl::Duration interval_;
  absl::Mutex mutex_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace vinculo::messaging
