#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace vinculo::messaging {

// How much memory files on their way may take in all. Thread-safe.
class MediaBudget {
 public:
  explicit MediaBudget(int64_t bytes = int64_t{256} << 20) : left_(bytes) {}

  // What one transfer has of it; gives it back at its end.
  class Share {
   public:
    explicit Share(MediaBudget& budget) : budget_(budget) {}
    ~Share() { budget_.left_.fetch_add(taken_); }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;
    // Grows the share to `bytes`; false when the budget does not have them.
    bool GrowTo(int64_t bytes) {
      if (bytes <= taken_) return true;
      const int64_t more = bytes - taken_;
      if (budget_.left_.fetch_sub(more) < more) {
        budget_.left_.fetch_add(more);
        return false;
      }
      taken_ = bytes;
      return true;
    }

   private:
    MediaBudget& budget_;
    int64_t taken_ = 0;
  };

 private:
  std::atomic<int64_t> left_;
};

}  // namespace vinculo::messaging
