#include "services/support/support.h"

#include <utility>
#include <vector>

#include "clients/cpp/channel.h"
#include "clients/cpp/feed_watcher.h"
#include "clients/cpp/token_source.h"
#include "common/events/consumer.h"
#include "common/jobs/job_runner.h"
#include "common/status/status_macros.h"
#include "services/support/api/csat_service.h"
#include "services/support/api/directory_service.h"
#include "services/support/api/import_export_service.h"
#include "services/support/api/publisher.h"
#include "services/support/api/report_service.h"
#include "services/support/api/ticket_service.h"
#include "services/support/metrics.h"
#include "services/support/work/deliveries.h"
#include "services/support/work/messaging_feed.h"
#include "services/support/work/profiling_feed.h"

namespace vinculo::support {
namespace {

constexpr char kSendMessage[] = "vinculo.messaging.v1.MessageService/SendMessage";
constexpr absl::Duration kSendDeadline = absl::Seconds(5);

class Support final : public rpc::Service {
 public:
  Support(const Config& config, rpc::Environment& environment)
      : config_(config),
        environment_(environment),
        metrics_(environment.metrics),
        desk_({config.zone, config.survey_url, PublishEvents}),
        tickets_(environment.runtime, environment.database, desk_),
        directory_(environment.runtime, environment.database),
        csat_(environment.runtime, environment.database, desk_),
        reports_(environment.runtime, environment.database, desk_),
        imports_(environment.runtime, environment.database, desk_),
        runner_(environment.database),
        deliveries_(environment.database, desk_,
                    [this](const std::string& tenant, const messaging::v1::SendMessageRequest& request,
                           SendCallback done) { Send(tenant, request, std::move(done)); }) {
    environment.server.Add<v1::TicketService>(tickets_);
    environment.server.Add<v1::DirectoryService>(directory_);
    environment.server.Add<v1::CsatService>(csat_);
    environment.server.Add<v1::ReportService>(reports_);
    environment.server.Add<v1::ImportExportService>(imports_);
    deliveries_.Register(runner_);
  }

  // Opens the connections to the services that are configured.
  absl::Status Connect() {
    if (config_.messaging.empty() && config_.profiling.empty()) return absl::OkStatus();
    const auto tokens =
        std::make_shared<clients::ServiceTokens>(environment_.minter, config_.service.token_issuer,
                                                 config_.service.token_audience, "support", &environment_.clock);
    if (!config_.messaging.empty()) {
      ASSIGN_OR_RETURN(messaging_, Open(config_.messaging, tokens));
      Follow("messaging", messaging_, MessagingEventTypes(), ApplyMessagingEvent);
    }
    if (!config_.profiling.empty()) {
      ASSIGN_OR_RETURN(profiling_, Open(config_.profiling, tokens));
      Follow("profiling", profiling_, ProfilingEventTypes(), ApplyProfilingEvent);
    }
    return absl::OkStatus();
  }

  absl::Status Start() override {
    runner_.Start();
    for (const auto& consumer : consumers_) RETURN_IF_ERROR(consumer->Start(config_.service.tenants));
    return absl::OkStatus();
  }

  void Stop() override {
    consumers_.clear();
    runner_.Stop();
  }

 private:
  using ApplyEvent = absl::Status (*)(const Desk&, sql::Transaction&, const events::v1::Event&, absl::Time);

  absl::StatusOr<std::shared_ptr<clients::Channel>> Open(const std::string& target,
                                                         std::shared_ptr<clients::TokenSource> tokens) const {
    clients::ChannelOptions options;
    options.target = target;
    options.insecure_loopback = config_.service.insecure_loopback;
    options.ca_file = config_.service.tls.client_ca;
    options.certificate_file = config_.service.tls.certificate;
    options.key_file = config_.service.tls.key;
    return clients::Channel::Open(options, std::move(tokens));
  }

  void Follow(const std::string& name, std::shared_ptr<clients::Channel> channel, std::vector<std::string> types,
              ApplyEvent apply) {
    watchers_.push_back(std::make_unique<clients::FeedWatcher>(std::move(channel)));
    metrics::Counter& applied = metrics_.feed_events[name];
    consumers_.push_back(std::make_unique<events::Consumer>(
        name, environment_.database, *watchers_.back(), std::move(types),
        [this, apply, &applied](sql::Transaction& tx, const events::v1::Event& event, absl::Time now) -> absl::Status {
          RETURN_IF_ERROR(apply(desk_, tx, event, now));
          applied.Increment();
          return absl::OkStatus();
        }));
  }

  void Send(const std::string& tenant, const messaging::v1::SendMessageRequest& request, SendCallback done) {
    if (messaging_ == nullptr) {
      metrics_.deliveries["postponed"].Increment();
      return done(absl::UnavailableError("no --messaging"));
    }
    messaging_->Call<messaging::v1::Message>(
        kSendMessage, tenant, request, environment_.clock.Now() + kSendDeadline,
        [this, done = std::move(done)](absl::StatusOr<messaging::v1::Message> sent) mutable {
          const bool later = absl::IsUnavailable(sent.status()) || absl::IsDeadlineExceeded(sent.status());
          metrics_.deliveries[sent.ok() ? "accepted" : later ? "postponed" : "refused"].Increment();
          done(std::move(sent));
        });
  }

  const Config& config_;
  rpc::Environment& environment_;
  Metrics metrics_;
  const Desk desk_;
  TicketService tickets_;
  DirectoryService directory_;
  CsatService csat_;
  ReportService reports_;
  ImportExportService imports_;
  std::shared_ptr<clients::Channel> messaging_;
  std::shared_ptr<clients::Channel> profiling_;
  jobs::JobRunner runner_;
  Deliveries deliveries_;
  std::vector<std::unique_ptr<clients::FeedWatcher>> watchers_;
  std::vector<std::unique_ptr<events::Consumer>> consumers_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<rpc::Service>> BuildSupport(const Config& config, rpc::Environment& environment) {
  auto support = std::make_unique<Support>(config, environment);
  RETURN_IF_ERROR(support->Connect());
  return support;
}

}  // namespace vinculo::support
