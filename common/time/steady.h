#pragma once

#include <chrono>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace vinculo {

// Time since some instant in the past, for leases, rates and waits: it never goes back and never jumps, whatever
// becomes of the wall clock. Injected, as Clock is. Thread-safe.
class Steady {
 public:
  virtual ~Steady() = default;
  virtual absl::Duration Elapsed() const = 0;
};

class SystemSteady final : public Steady {
 public:
  absl::Duration Elapsed() const override {
    return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
  }
  // One for the process; it has no state.
  static const SystemSteady* Get() {
    static const SystemSteady steady;
    return &steady;
  }
};

// Stands still until it is told to move.
class ManualSteady final : public Steady {
 public:
  absl::Duration Elapsed() const override {
    absl::MutexLock lock(&mutex_);
    return elapsed_;
  }
  void Advance(absl::Duration by) {
    absl::MutexLock lock(&mutex_);
    elapsed_ += by;
  }

 private:
  mutable absl::Mutex mutex_;
  absl::Duration elapsed_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace vinculo
