#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/sql/task.h"
#include "common/time/clock.h"

namespace vinculo::sql {

// What refuses a task before it is run.
absl::Status OverloadedError();
absl::Status ClosingError();
// Of a scope that is past its deadline or given up.
absl::Status AbandonedError(const Scope& scope, absl::Time now);

// A bounded queue of reads and the threads that empty it.
class TaskPool {
 public:
  using Read = std::function<absl::Status(const Scope&, absl::FunctionRef<absl::Status(Transaction&)>)>;

  // At most `max` tasks wait. `read` runs one, on a thread of the pool.
  TaskPool(int threads, size_t max, const Clock* clock, Read read);
  // Runs what waits, then ends.
  ~TaskPool();

  // Queues; a full queue finishes the task at once with RESOURCE_EXHAUSTED OVERLOADED.
  void Push(std::unique_ptr<Task> task);

 private:
  void Loop();

  const size_t max_;
  const Clock* const clock_;
  const Read read_;
  absl::Mutex mutex_;
  std::deque<std::unique_ptr<Task>> tasks_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace vinculo::sql
