#include "common/rpc/health.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "common/rpc/runtime.h"
#include "common/rpc/status.h"

namespace vinculo::rpc {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

namespace {

constexpr size_t kMaxWatchers = 1024;

}  // namespace

// Sends the latest state, skipping those that were replaced while a write was in flight.
class Health::Watcher final : public grpc::ServerWriteReactor<HealthCheckResponse>,
                              public std::enable_shared_from_this<Watcher> {
 public:
  Watcher(Health* health, bool known) : known_(known), health_(health) {}
  bool known() const { return known_; }

  void Begin(std::shared_ptr<Watcher> self, State state) {
    self_ = std::move(self);
    Tell(state);
  }
  void Tell(State state) {
    absl::MutexLock lock(&mutex_);
    if (ended_ || (told_ && *told_ == state && !next_)) return;
    next_ = state;
    if (!writing_) Write();
  }
  void End(const grpc::Status& status) {
    absl::MutexLock lock(&mutex_);
    if (std::exchange(ended_, true)) return;
    Finish(status);
  }

 private:
  void Write() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    told_ = std::exchange(next_, std::nullopt);
    message_.set_status(*told_);
    writing_ = true;
    StartWrite(&message_);
  }
  void OnWriteDone(bool ok) override {
    if (!ok) return End(grpc::Status::CANCELLED);
    absl::MutexLock lock(&mutex_);
    writing_ = false;
    if (!ended_ && next_ && *next_ != *told_) Write();
  }
  void OnCancel() override { End(grpc::Status::CANCELLED); }
  void OnDone() override {
    const auto last = std::move(self_);
    absl::MutexLock lock(&health_->mutex_);
    auto& all = health_->watchers_;
    all.erase(std::remove(all.begin(), all.end(), last), all.end());
  }

  const bool known_;
  Health* const health_;
  std::shared_ptr<Watcher> self_;
  HealthCheckResponse message_;
  absl::Mutex mutex_;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<State> told_ ABSL_GUARDED_BY(mutex_);
  std::optional<State> next_ ABSL_GUARDED_BY(mutex_);
};

Health::Health(std::vector<std::string> services) : services_(std::move(services)) { services_.emplace_back(); }

Health::~Health() = default;

bool Health::Knows(const std::string& service) const {
  return std::find(services_.begin(), services_.end(), service) != services_.end();
}

Health::State Health::StateOf(bool known) const {
  if (!known) return HealthCheckResponse::SERVICE_UNKNOWN;
  return serving_ ? HealthCheckResponse::SERVING : HealthCheckResponse::NOT_SERVING;
}

void Health::SetServing(bool serving) {
  absl::MutexLock lock(&mutex_);
  serving_ = serving && !stopped_;
  for (const auto& watcher : watchers_) watcher->Tell(StateOf(watcher->known()));
}

bool Health::serving() const {
  absl::MutexLock lock(&mutex_);
  return serving_;
}

void Health::Shutdown() {
  absl::MutexLock lock(&mutex_);
  serving_ = false;
  stopped_ = true;
  for (const auto& watcher : watchers_) watcher->End(ToGrpcStatus(DrainingError(), ""));
}

grpc::ServerUnaryReactor* Health::Check(grpc::CallbackServerContext* context, const HealthCheckRequest* request,
                                        HealthCheckResponse* response) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  if (!Knows(request->service())) {
    reactor->Finish(grpc::Status(grpc::StatusCode::NOT_FOUND, "no such service here"));
    return reactor;
  }
  {
    absl::MutexLock lock(&mutex_);
    response->set_status(StateOf(true));
  }
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

grpc::ServerWriteReactor<HealthCheckResponse>* Health::Watch(grpc::CallbackServerContext*,
                                                             const HealthCheckRequest* request) {
  auto watcher = std::make_shared<Watcher>(this, Knows(request->service()));
  Watcher* const raw = watcher.get();
  absl::MutexLock lock(&mutex_);
  raw->Begin(watcher, StateOf(raw->known()));
  if (stopped_ || watchers_.size() >= kMaxWatchers) {
    raw->End(ToGrpcStatus(DrainingError(), ""));
  } else {
    watchers_.push_back(std::move(watcher));
  }
  return raw;
}

}  // namespace vinculo::rpc
