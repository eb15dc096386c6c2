#include "common/sql/task_pool.h"

#include <pthread.h>

#include <utility>

#include "common/status/error.h"

namespace vinculo::sql {

absl::Status OverloadedError() {
  return ErrorWithDetails(absl::StatusCode::kResourceExhausted,
                          "too many requests wait for the store; try again shortly",
                          {.reason = "OVERLOADED", .retry_after = absl::Milliseconds(100)});
}

absl::Status ClosingError() {
  return Error(absl::StatusCode::kUnavailable, "STORE_UNAVAILABLE", "the store is closing");
}

absl::Status AbandonedError(const Scope& scope, absl::Time now) {
  return now >= scope.deadline
             ? Error(absl::StatusCode::kDeadlineExceeded, "DEADLINE", "the deadline passed before the store got to it")
             : Error(absl::StatusCode::kCancelled, "CANCELLED", "the caller gave up");
}

TaskPool::TaskPool(int threads, size_t max, const Clock* clock, Read read)
    : max_(max), clock_(clock), read_(std::move(read)) {
  for (int i = 0; i < threads; ++i) {
    threads_.emplace_back([this] {
      pthread_setname_np(pthread_self(), "sql-reader");
      Loop();
    });
  }
}

TaskPool::~TaskPool() {
  {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
  }
  for (std::thread& thread : threads_) thread.join();
}

void TaskPool::Push(std::unique_ptr<Task> task) {
  absl::Status refused;
  {
    absl::MutexLock lock(&mutex_);
    if (!closed_ && tasks_.size() < max_) {
      tasks_.push_back(std::move(task));
      return;
    }
    refused = closed_ ? ClosingError() : OverloadedError();
  }
  task->Finish(std::move(refused));
}

void TaskPool::Loop() {
  for (;;) {
    std::unique_ptr<Task> task;
    {
      absl::MutexLock lock(&mutex_);
      const auto ready = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return closed_ || !tasks_.empty(); };
      mutex_.Await(absl::Condition(&ready));
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    if (const absl::Time now = clock_->Now(); task->scope().Abandoned(now)) {
      task->Finish(AbandonedError(task->scope(), now));
    } else {
      task->Finish(read_(task->scope(), [&](Transaction& tx) { return task->Run(tx); }));
    }
  }
}

}  // namespace vinculo::sql
