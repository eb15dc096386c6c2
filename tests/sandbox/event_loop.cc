#include "tests/sandbox/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <memory>
#include <utility>

#include "absl/synchronization/mutex.h"

namespace vinculo::sandbox {
namespace {

constexpr int kEventsPerTurn = 256;

int64_t MonotonicMicros() {
  timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return int64_t{ts.tv_sec} * 1000000 + ts.tv_nsec / 1000;
}

}  // namespace

class EventLoop::Wakeup : public ReadyHandler {
 public:
  Wakeup() : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
  ~Wakeup() override { close(fd_); }

  int fd() const { return fd_; }

  void Ring() {
    const uint64_t one = 1;
    // The counter cannot overflow in practice, and a full one wakes the loop just as well.
    [[maybe_unused]] const ssize_t written = write(fd_, &one, sizeof(one));
  }

  void OnReady(uint32_t) override {
    uint64_t count;
    [[maybe_unused]] const ssize_t got = read(fd_, &count, sizeof(count));
  }

  void Put(Task task) {
    absl::MutexLock lock(&mutex_);
    tasks_.push_back(std::move(task));
  }

  std::vector<Task> Take() {
    absl::MutexLock lock(&mutex_);
    return std::exchange(tasks_, {});
  }

 private:
  const int fd_;
  absl::Mutex mutex_;
  std::vector<Task> tasks_ ABSL_GUARDED_BY(mutex_);
};

EventLoop::EventLoop()
    : epoll_fd_(epoll_create1(EPOLL_CLOEXEC)), wakeup_(std::make_unique<Wakeup>()), now_us_(MonotonicMicros()) {
  Add(wakeup_->fd(), EPOLLIN, wakeup_.get());
}

EventLoop::~EventLoop() { close(epoll_fd_); }

void EventLoop::Add(int fd, uint32_t events, ReadyHandler* handler) {
  epoll_event event{.events = events, .data = {.ptr = handler}};
  epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event);
}

void EventLoop::Change(int fd, uint32_t events, ReadyHandler* handler) {
  epoll_event event{.events = events, .data = {.ptr = handler}};
  epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, fd, &event);
}

void EventLoop::Remove(int fd) { epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr); }

void EventLoop::After(absl::Duration delay, Task task) {
  timers_.push_back(
      {now_us_ + std::max<int64_t>(0, absl::ToInt64Microseconds(delay)), next_sequence_++, std::move(task)});
  std::push_heap(timers_.begin(), timers_.end());
}

void EventLoop::Post(Task task) {
  wakeup_->Put(std::move(task));
  wakeup_->Ring();
}

void EventLoop::Stop() {
  stopping_ = true;
  wakeup_->Ring();
}

int EventLoop::WaitMillis() const {
  if (timers_.empty()) return -1;
  const int64_t wait_us = timers_.front().due_us - MonotonicMicros();
  return wait_us <= 0 ? 0 : static_cast<int>(std::min<int64_t>((wait_us + 999) / 1000, 60000));
}

void EventLoop::RunTimers() {
  while (!timers_.empty() && timers_.front().due_us <= now_us_) {
    std::pop_heap(timers_.begin(), timers_.end());
    Task task = std::move(timers_.back().task);
    timers_.pop_back();
    task();
  }
}

void EventLoop::RunPosted() {
  for (Task& task : wakeup_->Take()) task();
}

void EventLoop::Run() {
  std::array<epoll_event, kEventsPerTurn> events;
  while (!stopping_) {
    const int count = epoll_wait(epoll_fd_, events.data(), kEventsPerTurn, WaitMillis());
    now_us_ = MonotonicMicros();
    for (int i = 0; i < count; ++i) static_cast<ReadyHandler*>(events[i].data.ptr)->OnReady(events[i].events);
    RunPosted();
    RunTimers();
    for (Task& task : std::exchange(turn_end_, {})) task();
  }
}

}  // namespace vinculo::sandbox
