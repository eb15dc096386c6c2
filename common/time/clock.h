#pragma once

#include <algorithm>
#include <chrono>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace vinculo {

// The only source of wall-clock time. Injected, so that tests own time. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  // UTC, microsecond resolution.
  virtual absl::Time Now() const = 0;
  // Time since some instant in the past: never goes back and never jumps, whatever becomes of the wall clock.
  virtual absl::Duration Elapsed() const = 0;
};

class SystemClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::FromUnixMicros(absl::ToUnixMicros(absl::Now())); }
  absl::Duration Elapsed() const override {
    return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
  }
  // One for the process; it has no state.
  static const SystemClock* Get() {
    static const SystemClock clock;
    return &clock;
  }
};

// Stands still until it is told to move.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(absl::Time start) : now_(start) {}
  absl::Time Now() const override {
    absl::MutexLock lock(&mutex_);
    return now_;
  }
  absl::Duration Elapsed() const override {
    absl::MutexLock lock(&mutex_);
    return elapsed_;
  }
  // Back is the wall clock alone.
  void Set(absl::Time now) {
    absl::MutexLock lock(&mutex_);
    elapsed_ += std::max(now - now_, absl::ZeroDuration());
    now_ = now;
  }
  void Advance(absl::Duration by) {
    absl::MutexLock lock(&mutex_);
    now_ += by;
    elapsed_ += by;
  }

 private:
  mutable absl::Mutex mutex_;
  absl::Time now_ ABSL_GUARDED_BY(mutex_);
  absl::Duration elapsed_ ABSL_GUARDED_BY(mutex_) = absl::ZeroDuration();
};

}  // namespace vinculo
