#pragma once

#include <curl/curl.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/http/client.h"
#include "common/http/client_transfer.h"
#include "common/metrics/registry.h"

namespace vinculo::http {

// What happens behind Client: the thread, libcurl's multi handle with epoll below it, and the queues. libcurl's event
// interface costs per event and not per transfer, which is what hundreds in flight need.
class ClientEngine {
 public:
  explicit ClientEngine(ClientOptions options);
  ~ClientEngine();

  void Submit(std::unique_ptr<Transfer> transfer);
  bool Drain(absl::Duration timeout);
  const AddressGuard& guard() const { return options_.guard; }

 private:
  struct Origin {
    std::deque<std::unique_ptr<Transfer>> waiting;
    int active = 0;
    bool in_turn = false;  // stands in turns_
  };
  struct Metrics {
    explicit Metrics(metrics::Registry& registry);
    metrics::Labeled<metrics::Counter> requests;
    metrics::Histogram& seconds;
    metrics::Gauge& in_flight;
    metrics::Gauge& queued;
  };

  static int OnSocket(CURL* easy, curl_socket_t socket, int what, void* self, void* known);
  static int OnTimer(CURLM* multi, long timeout_ms, void* self);

  void Run();
  void Wake();
  void TakeSubmitted();
  void Admit(std::unique_ptr<Transfer> transfer);
  void StartWaiting();
  bool Start(std::unique_ptr<Transfer> transfer, const std::string& origin);
  void WaitForEvents();
  void CollectFinished();
  void ExpireWaiting();
  void FailEverything();
  void Finish(std::unique_ptr<Transfer> transfer, std::optional<CURLcode> code, absl::Status failure);
  void LeaveOrigin(const std::string& name);
  void ForgetIfIdle(const std::string& name);
  CURL* TakeHandle();

  const ClientOptions options_;
  std::unique_ptr<Metrics> metrics_;
  CURLM* multi_;
  curl_slist* resolve_ = nullptr;
  int epoll_fd_;
  int wake_fd_;

  absl::Mutex mutex_;
  std::vector<std::unique_ptr<Transfer>> submitted_ ABSL_GUARDED_BY(mutex_);
  bool wake_sent_ ABSL_GUARDED_BY(mutex_) = false;
  bool refusing_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  int64_t outstanding_ ABSL_GUARDED_BY(mutex_) = 0;

  // The thread's own from here on.
  absl::flat_hash_map<CURL*, std::pair<std::unique_ptr<Transfer>, std::string>> active_;
  absl::flat_hash_map<std::string, Origin> origins_;
  std::deque<std::string> turns_;  // origins with work that may start, each once
  size_t waiting_ = 0;
  std::vector<CURL*> idle_handles_;
  std::optional<SteadyTime> timer_;
  SteadyTime next_expiry_;
  int64_t finished_ = 0;  // not yet taken off outstanding_
  bool stopped_ = false;

  std::thread thread_;
};

}  // namespace vinculo::http
