#pragma once

#include <grpc/health/v1/health.grpc.pb.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"

namespace vinculo::rpc {

// grpc.health.v1 for "" and each service: one switch for all. Needs no token and passes no admission, so that a loaded
// server still says that it lives. Thread-safe.
class Health final : public grpc::health::v1::Health::CallbackService {
 public:
  explicit Health(std::vector<std::string> services);
  ~Health() override;

  void SetServing(bool serving);
  bool serving() const;
  // NOT_SERVING for good, and every watcher's stream ends.
  void Shutdown();

  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext* context,
                                  const grpc::health::v1::HealthCheckRequest* request,
                                  grpc::health::v1::HealthCheckResponse* response) override;
  grpc::ServerWriteReactor<grpc::health::v1::HealthCheckResponse>* Watch(
      grpc::CallbackServerContext* context, const grpc::health::v1::HealthCheckRequest* request) override;

 private:
  using State = grpc::health::v1::HealthCheckResponse::ServingStatus;
  class Watcher;
  bool Knows(const std::string& service) const;
  State StateOf(bool known) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);

  std::vector<std::string> services_;
  mutable absl::Mutex mutex_;
  bool serving_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::shared_ptr<Watcher>> watchers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace vinculo::rpc
