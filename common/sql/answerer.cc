#include "common/sql/answerer.h"

#include <pthread.h>

#include <utility>

namespace vinculo::sql {

Answerer::Answerer(std::function<void(uint32_t)> on_signals)
    : on_signals_(std::move(on_signals)), thread_([this] {
        pthread_setname_np(pthread_self(), "sql-answerer");
        Loop();
      }) {}

Answerer::~Answerer() {
  {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
  }
  thread_.join();
}

void Answerer::Tell(Answered batch) {
  absl::MutexLock lock(&mutex_);
  waiting_.push_back(std::move(batch));
}

void Answerer::Loop() {
  for (;;) {
    std::vector<Answered> batches;
    {
      absl::MutexLock lock(&mutex_);
      const auto ready = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return closed_ || !waiting_.empty(); };
      mutex_.Await(absl::Condition(&ready));
      if (waiting_.empty()) return;
      batches.swap(waiting_);
    }
    for (Answered& batch : batches) {
      for (size_t i = 0; i < batch.tasks.size(); ++i) {
        batch.tasks[i]->Finish(std::move(batch.statuses[i]));
        batch.tasks[i].reset();
      }
      if (batch.signals != 0) on_signals_(batch.signals);
    }
  }
}

}  // namespace vinculo::sql
