#include "services/lifecycle/lifecycle.h"

#include "clients/cpp/channel.h"
#include "clients/cpp/feed_watcher.h"
#include "clients/cpp/token_source.h"
#include "common/events/consumer.h"
#include "common/jobs/job_runner.h"
#include "common/status/status_macros.h"
#include "services/lifecycle/api/announce.h"
#include "services/lifecycle/api/health_service.h"
#include "services/lifecycle/api/lifecycle_service.h"
#include "services/lifecycle/api/usage_service.h"
#include "services/lifecycle/metrics.h"
#include "services/lifecycle/work/support_feed.h"
#include "services/lifecycle/work/weekly_evaluation.h"

namespace vinculo::lifecycle {
namespace {

class Lifecycle final : public rpc::Service {
 public:
  Lifecycle(const Config& config, rpc::Environment& environment)
      : config_(config),
        environment_(environment),
        metrics_(environment.metrics),
        lifecycle_(environment.runtime, environment.database, config.settings, metrics_),
        usage_(environment.runtime, environment.database, config.settings, metrics_),
        health_(environment.runtime, environment.database, config.settings, metrics_),
        runner_(environment.database),
        evaluation_(environment.database, config.settings, metrics_, {AnnounceStage, AnnounceHealth}) {
    environment.server.Add<v1::LifecycleService>(lifecycle_);
    environment.server.Add<v1::UsageService>(usage_);
    environment.server.Add<v1::HealthService>(health_);
    evaluation_.Register(runner_);
  }

  // Opens the connection to support, if there is one.
  absl::Status Connect() {
    if (config_.support.empty()) return absl::OkStatus();
    const rpc::ServiceConfig& service = config_.service;
    clients::ChannelOptions options;
    options.target = config_.support;
    const auto tokens = std::make_shared<clients::ServiceTokens>(
        environment_.minter, service.token_issuer, service.token_audience, "lifecycle", &environment_.clock);
    options.insecure_loopback = service.insecure_loopback;
    options.ca_file = service.tls.client_ca;
    options.certificate_file = service.tls.certificate;
    options.key_file = service.tls.key;
    ASSIGN_OR_RETURN(std::shared_ptr<clients::Channel> support, clients::Channel::Open(options, tokens));
    feed_ = std::make_unique<clients::FeedWatcher>(std::move(support));
    consumer_ = std::make_unique<events::Consumer>(
        "support", environment_.database, *feed_, SupportEventTypes(),
        [this](sql::Transaction& tx, const events::v1::Event& event, absl::Time now) -> absl::Status {
          RETURN_IF_ERROR(ApplySupportEvent(tx, event, now));
          metrics_.support_events.Increment();
          return absl::OkStatus();
        });
    return absl::OkStatus();
  }

  absl::Status Start() override {
    RETURN_IF_ERROR(evaluation_.Schedule(config_.service.tenants));
    runner_.Start();
    if (consumer_ == nullptr) return absl::OkStatus();
    return consumer_->Start(config_.service.tenants);
  }

  void Stop() override {
    consumer_.reset();
    evaluation_.Stop();
    runner_.Stop();
  }

 private:
  const Config& config_;
  rpc::Environment& environment_;
  Metrics metrics_;
  LifecycleService lifecycle_;
  UsageService usage_;
  HealthService health_;
  jobs::JobRunner runner_;
  WeeklyEvaluation evaluation_;
  std::unique_ptr<clients::FeedWatcher> feed_;
  std::unique_ptr<events::Consumer> consumer_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<rpc::Service>> BuildLifecycle(const Config& config, rpc::Environment& environment) {
  auto lifecycle = std::make_unique<Lifecycle>(config, environment);
  RETURN_IF_ERROR(lifecycle->Connect());
  return lifecycle;
}

}  // namespace vinculo::lifecycle
