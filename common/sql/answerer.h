#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "common/sql/task.h"

namespace vinculo::sql {

// Work that is over and waits to be told.
struct Answered {
  std::vector<std::unique_ptr<Task>> tasks;
  std::vector<absl::Status> statuses;  // one for each task
  uint32_t signals = 0;
};

// Tells the outcome of batches, in their order, on a thread of its own: answering a hundred callers takes about as long
// as their commit, and the next batch need not wait for it.
class Answerer {
 public:
  // `on_signals` is called after a batch's tasks were finished, when the batch raised any.
  explicit Answerer(std::function<void(uint32_t)> on_signals);
  // Tells what was handed over before.
  ~Answerer();

  void Tell(Answered batch);

 private:
  void Loop();

  const std::function<void(uint32_t)> on_signals_;
  absl::Mutex mutex_;
  std::vector<Answered> waiting_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace vinculo::sql
