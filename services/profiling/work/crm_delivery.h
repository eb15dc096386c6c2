#pragma once

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "common/http/client.h"
#include "common/jobs/job_runner.h"
#include "common/metrics/registry.h"
#include "common/sql/database.h"
#include "services/profiling/domain/delivery.h"
#include "services/profiling/domain/lead.h"
#include "services/profiling/store/outbound_policy.h"
#include "services/profiling/store/secret_box.h"
#include "services/profiling/store/service_event.h"

namespace vinculo::profiling {

// The call that a delivery makes, signed for this attempt. DATA_LOSS when a secret cannot be opened.
absl::StatusOr<http::Request> RenderCall(const Delivery& delivery, const Connector& connector, const SecretBox& secrets,
                                         const std::string& tenant, absl::Time now);

// Judges an answer by the connector's rule; `reference` receives the CRM's own id, if it names one.
CallResult ReadAnswer(const http::Response& response, const Connector& connector, absl::Time now,
                      std::string& reference);

// Brings leads to the client's CRM: at least once, ten attempts over three days, the same id each time.
class CrmDelivery {
 public:
  struct Options {
    OutboundPolicy policy;
    metrics::Registry* registry = nullptr;
  };
  CrmDelivery(sql::Database& database, const SecretBox& secrets, EmitEvent emit, Options options);
  ~CrmDelivery();
  void Register(jobs::JobRunner& runner);
  // The handler: one attempt at the delivery that the job names.
  void Run(jobs::Job job, jobs::Done done);

 private:
  struct Attempt;
  void Call(std::shared_ptr<Attempt> attempt);
  void Finish(std::shared_ptr<Attempt> attempt, const CallResult& result, std::string reference,
              absl::Duration latency);
  absl::Status Save(sql::Transaction& tx, const Attempt& attempt, const Verdict& verdict, const DeliveryAttempt& made,
                    const std::string& reference, double jitter, absl::Time now) const;
  absl::Status SettleLead(sql::Transaction& tx, const Delivery& delivery, const std::string& reference) const;
  http::Client& ClientFor(const std::string& url);

  sql::Database& db_;
  const SecretBox& secrets_;
  const EmitEvent emit_;
  const Options options_;
  metrics::Counter* delivered_ = nullptr;
  metrics::Counter* failed_ = nullptr;
  absl::Mutex mutex_;
  // One for the world; one more for each plain-http loopback address.
  absl::flat_hash_map<std::string, std::unique_ptr<http::Client>> clients_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace vinculo::profiling
