#pragma once

#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/sql/database.h"

namespace vinculo::rpc {

// Deletes what every store keeps for a while only: events after 14 days, stored replies after 7. In small transactions,
// tenant by tenant, once an hour. Thread-safe.
class Housekeeper {
 public:
  Housekeeper(sql::Database& database, std::vector<std::string> tenants, absl::Duration interval = absl::Hours(1));
  ~Housekeeper();

  // One round, waiting for it. Errors are logged and tried again in the next round.
  void Sweep();

 private:
  void Run(absl::Duration interval);
  bool stopped();

  sql::Database& database_;
  const std::vector<std::string> tenants_;
  absl::Mutex mutex_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace vinculo::rpc
