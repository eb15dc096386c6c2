#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/sql/database.h"

namespace vinculo::messaging {

// Whether a tenant may queue one more message [M-128]. What waits is counted now and then, and what was taken in since
// is added: a counter in the store would be a row that all callers of a tenant fight over. So the bound holds to within
// what comes in over some seconds. Thread-safe.
class QueueRoom {
 public:
  // `db` outlives it.
  QueueRoom(sql::Database& db, int64_t max) : db_(db), max_(max), state_(std::make_shared<State>()) {}

  // Takes the place of one message. RESOURCE_EXHAUSTED QUEUE_FULL when there is none. Does not wait.
  absl::Status Take(const std::string& tenant);

 private:
  struct Waiting {
    int64_t counted = 0;
    int64_t taken = 0;  // since the count began
    absl::Time counted_at = absl::InfinitePast();
    bool counting = false;
  };
  struct State {
    absl::Mutex mutex;
    std::map<std::string, Waiting> tenants ABSL_GUARDED_BY(mutex);
  };
  void Count(const std::string& tenant, int64_t taken_before);

  sql::Database& db_;
  const int64_t max_;
  const std::shared_ptr<State> state_;  // a count under way may outlive this
};

}  // namespace vinculo::messaging
