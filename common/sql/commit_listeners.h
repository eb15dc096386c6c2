#pragma once

#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/sql/engine.h"

namespace vinculo::sql {

// Who is told of commits. Thread-safe.
class CommitListeners {
 public:
  void Add(CommitListener listener) {
    absl::MutexLock lock(&mutex_);
    listeners_.push_back(std::move(listener));
  }
  void Tell(uint32_t signals) {
    absl::MutexLock lock(&mutex_);
    for (CommitListener& listener : listeners_) listener(signals);
  }

 private:
  absl::Mutex mutex_;
  std::vector<CommitListener> listeners_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace vinculo::sql
