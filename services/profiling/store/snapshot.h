#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace vinculo::profiling {

// An immutable value that many threads read and few replace. A reader takes no lock unless the value changed since it
// last looked: each thread keeps its own pointer and compares one counter.
template <class T>
class Snapshot {
 public:
  Snapshot() : id_(next_id_.fetch_add(1) + 1), value_(std::make_shared<const T>()) {}
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

  // Never null.
  std::shared_ptr<const T> Load() const {
    thread_local Cache cache;
    const uint64_t generation = generation_.load(std::memory_order_acquire);
    if (cache.owner != id_ || cache.generation != generation) {
      absl::MutexLock lock(&mutex_);
      cache = {id_, generation_.load(std::memory_order_relaxed), value_};
    }
    return cache.value;
  }

  // Replaces the value by what `change(const T&)` makes of it. Callers are taken one at a time.
  template <class Change>
  void Update(Change&& change) {
    absl::MutexLock lock(&mutex_);
    value_ = std::make_shared<const T>(change(*value_));
    generation_.fetch_add(1, std::memory_order_release);
  }

 private:
  struct Cache {
    uint64_t owner = 0;
    uint64_t generation = 0;
    std::shared_ptr<const T> value;
  };

  inline static std::atomic<uint64_t> next_id_{0};
  const uint64_t id_;
  std::atomic<uint64_t> generation_{1};
  mutable absl::Mutex mutex_;
  std::shared_ptr<const T> value_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace vinculo::profiling
