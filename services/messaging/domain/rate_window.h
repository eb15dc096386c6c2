#pragma once

#include <algorithm>
#include <deque>

#include "absl/time/time.h"

namespace vinculo::messaging {

// How many requests may begin so that no window of one second, wherever it lies, holds more than the limit. Keeps the
// times of the last second. Not thread-safe.
class RateWindow {
 public:
  explicit RateWindow(int per_second) : per_second_(per_second) {}

  void SetLimit(int per_second) { per_second_ = per_second; }
  int limit() const { return per_second_; }

  // How many may begin now.
  int Free(absl::Time now) {
    Forget(now);
    return std::max(0, per_second_ - static_cast<int>(begun_.size()));
  }
  // How many began within the last second.
  int Used(absl::Time now) {
    Forget(now);
    return static_cast<int>(begun_.size());
  }
  // Takes `n` of them.
  void Take(absl::Time now, int n) { begun_.insert(begun_.end(), n, now); }
  // When one more is free; `now` when one is. A limit that was lowered waits until enough of them are past.
  absl::Time NextFree(absl::Time now) {
    if (Free(now) > 0 || begun_.empty()) return now;
    const size_t over = begun_.size() - static_cast<size_t>(std::max(1, per_second_));
    return begun_[std::min(over, begun_.size() - 1)] + kWindow;
  }

 private:
  // A little more than a second: the receiver counts by its own clock, and no two requests take equally long to arrive.
  static constexpr absl::Duration kWindow = absl::Milliseconds(1030);

  void Forget(absl::Time now) {
    while (!begun_.empty() && begun_.front() <= now - kWindow) begun_.pop_front();
  }

  int per_second_;
  std::deque<absl::Time> begun_;
};

}  // namespace vinculo::messaging
