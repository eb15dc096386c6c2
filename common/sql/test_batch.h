#pragma once

#include <atomic>

#include "absl/status/status.h"
#include "absl/synchronization/notification.h"
#include "common/sql/database.h"
#include "common/sql/test_database.h"

namespace vinculo::sql {

// Holds the writer until Run has queued its writes, so that they share a batch.
class TestBatch {
 public:
  explicit TestBatch(Database& database) : database_(database) {
    database_.Write(
        TestScope(),
        [this](Transaction&) {
          if (!entered_.HasBeenNotified()) entered_.Notify();
          release_.WaitForNotification();
          return absl::OkStatus();
        },
        [](absl::Status) {});
    entered_.WaitForNotification();
  }
  template <class Body>
  void Add(Body body, absl::Status* out) {
    ++count_;
    database_.Write(TestScope(), std::move(body), [this, out](absl::Status status) {
      *out = status;
      if (--count_ == 0) done_.Notify();
    });
  }
  void Run() {
    release_.Notify();
    done_.WaitForNotification();
  }

 private:
  Database& database_;
  absl::Notification entered_, release_, done_;
  std::atomic<int> count_{0};
};

}  // namespace vinculo::sql
