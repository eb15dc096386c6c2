#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"

namespace vinculo::sandbox {

// Gets told when its descriptor is readable or writable (epoll event bits).
class ReadyHandler {
 public:
  virtual ~ReadyHandler() = default;
  virtual void OnReady(uint32_t events) = 0;
};

// One thread that waits on descriptors and timers and runs everything else of the sandbox, which therefore needs no
// locks. Only Stop() and Post() may be called from another thread.
class EventLoop {
 public:
  using Task = absl::AnyInvocable<void()>;

  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // `handler` must outlive the turn of the loop in which Remove() is called: destroy it in a task given to AtTurnEnd().
  void Add(int fd, uint32_t events, ReadyHandler* handler);
  void Change(int fd, uint32_t events, ReadyHandler* handler);
  void Remove(int fd);

  // Runs `task` after `delay` (at once in the next turn when not positive); tasks of equal time keep their order.
  void After(absl::Duration delay, Task task);
  // Runs `task` when the events of this turn have been handled.
  void AtTurnEnd(Task task) { turn_end_.push_back(std::move(task)); }
  // Runs `task` on the loop's thread; callable from any thread.
  void Post(Task task);

  // Returns after Stop().
  void Run();
  void Stop();

  // Monotonic microseconds, read once per turn.
  int64_t now_us() const { return now_us_; }

 private:
  struct Timer {
    int64_t due_us;
    uint64_t sequence;
    Task task;
    bool operator<(const Timer& other) const {
      return due_us != other.due_us ? due_us > other.due_us : sequence > other.sequence;
    }
  };

  class Wakeup;

  int WaitMillis() const;
  void RunTimers();
  void RunPosted();

  int epoll_fd_;
  std::unique_ptr<Wakeup> wakeup_;
  std::atomic<bool> stopping_ = false;
  int64_t now_us_ = 0;
  uint64_t next_sequence_ = 0;
  std::vector<Timer> timers_;  // a heap, earliest first
  std::vector<Task> turn_end_;
};

}  // namespace vinculo::sandbox
