#pragma once

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/client_callback.h>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"

namespace vinculo::clients {

// A generic stream seen from a thread that may wait: one operation at a time, and Wait at the end. Internal to
// clients/cpp.
class BlockingStream : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  // Begins the call, which stays open for further operations until Wait, however early the server ends it.
  void Start() {
    AddHold();
    StartCall();
  }
  bool Write(const grpc::ByteBuffer& message) {
    return Do([&] { StartWrite(&message); });
  }
  bool Read(grpc::ByteBuffer* message) {
    return Do([&] { StartRead(message); });
  }
  bool CloseWrites() {
    return Do([&] { StartWritesDone(); });
  }
  grpc::Status Wait() {
    RemoveHold();
    done_.WaitForNotification();
    return status_;
  }

 private:
  template <class Start>
  bool Do(Start start) {
    {
      absl::MutexLock lock(&mutex_);
      finished_ = false;
    }
    start();
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&finished_));
    return ok_;
  }
  void Finished(bool ok) {
    absl::MutexLock lock(&mutex_);
    ok_ = ok;
    finished_ = true;
  }
  void OnWriteDone(bool ok) override { Finished(ok); }
  void OnReadDone(bool ok) override { Finished(ok); }
  void OnWritesDoneDone(bool ok) override { Finished(ok); }
  void OnDone(const grpc::Status& status) override {
    status_ = status;
    done_.Notify();
  }

  absl::Mutex mutex_;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  bool ok_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Notification done_;
  grpc::Status status_;
};

}  // namespace vinculo::clients
