#include "services/messaging/messaging.h"

#include "absl/strings/str_cat.h"
#include "clients/cpp/channel.h"
#include "clients/cpp/feed_watcher.h"
#include "clients/cpp/token_source.h"
#include "common/events/consumer.h"
#include "common/http/client.h"
#include "common/http/listener.h"
#include "common/jobs/job_runner.h"
#include "common/status/status_macros.h"
#include "services/messaging/api/campaign_service.h"
#include "services/messaging/api/channel_service.h"
#include "services/messaging/api/contact_service.h"
#include "services/messaging/api/message_service.h"
#include "services/messaging/api/report_service.h"
#include "services/messaging/api/routing_service.h"
#include "services/messaging/api/template_service.h"
#include "services/messaging/metrics.h"
#include "services/messaging/settle.h"
#include "services/messaging/store/channel_repository.h"
#include "services/messaging/store/import_repository.h"
#include "services/messaging/work/campaign_jobs.h"
#include "services/messaging/work/channel_jobs.h"
#include "services/messaging/work/contact_jobs.h"
#include "services/messaging/work/dispatcher.h"
#include "services/messaging/work/inbox.h"
#include "services/messaging/work/profiling_feed.h"
#include "services/messaging/work/read_marks.h"
#include "services/messaging/work/sender_jobs.h"
#include "services/messaging/work/template_jobs.h"
#include "services/messaging/work/upkeep.h"

namespace vinculo::messaging {
namespace {

constexpr size_t kWebhookBody = 4 << 20;

http::ClientOptions ClientOptions(const Config& config, rpc::Environment& environment) {
  http::ClientOptions options;
  // The operator's word: Graph's own address, also over http, as the sandbox has it.
  options.guard = http::AddressGuard({config.graph_address});
  options.metrics = &environment.metrics;
  return options;
}

std::vector<WebhookApp> FurtherApps(const Config& config) {
  std::vector<WebhookApp> out;
  for (const AppFile& app : config.further_apps) out.push_back({app.slug, app.verify_token, app.secrets});
  return out;
}

class Messaging final : public rpc::Service {
 public:
  Messaging(const Config& config, rpc::Environment& environment, DataKey key)
      : config_(config),
        environment_(environment),
        key_(std::move(key)),
        contacts_(key_),
        instance_(Uuid::New(environment.clock.Now()).ToString()),
        metrics_(environment.metrics),
        client_(std::make_unique<http::Client>(ClientOptions(config, environment))),
        provider_(*client_, {.base_url = config.graph_url,
                             .version = config.graph_version,
                             .connect_timeout = config.graph_connect_timeout,
                             .total_timeout = config.graph_total_timeout,
                             .app_id = config.app_id}),
        queue_room_(environment.database, config.queued_max),
        context_{environment.runtime, environment.database, contacts_,    key_,     provider_,
                 media_budget_,       queue_room_,          config.rules, instance_},
        channels_(context_),
        templates_(context_),
        contact_service_(context_),
        campaigns_(context_),
        messages_(context_),
        routing_(context_),
        reports_(context_),
        runner_(environment.database),
        inbox_(environment.database, contacts_, metrics_, {config.app, config.verify_token, config.app_secrets},
               FurtherApps(config), config.rules),
        listener_({.address = config.webhook_address, .max_body_bytes = kWebhookBody}),
        jobs_(environment.database, contacts_),
        contact_jobs_(environment.database, contacts_),
        sender_jobs_(environment.database, key_, provider_, config.rules.levels, config.sender_refresh),
        template_jobs_(environment.database, key_, provider_, {.sync_interval = config.template_sync_interval}),
        channel_jobs_(environment.database, key_, provider_),
        dispatcher_(environment.database, contacts_, key_, provider_, metrics_,
                    {.tenants = config.service.tenants,
                     .holder = instance_,
                     .unknown_wait = config.unknown_wait,
                     .in_flight_max = config.sender_in_flight,
                     .bulk_in_flight_max = config.sender_bulk_in_flight,
                     .error_classes = config.rules.errors}),
        read_marks_(
            environment.database, key_, provider_,
            [this](const std::string& tenant, const Uuid& sender) { return dispatcher_.TryReserve(tenant, sender); }),
        upkeep_(environment.database, metrics_, config.service.tenants, instance_) {
    environment.server.Add<v1::ChannelService>(channels_);
    environment.server.Add<v1::TemplateService>(templates_);
    environment.server.Add<v1::ContactService>(contact_service_);
    environment.server.Add<v1::CampaignService>(campaigns_);
    environment.server.Add<v1::MessageService>(messages_);
    environment.server.Add<v1::RoutingService>(routing_);
    environment.server.Add<v1::ReportService>(reports_);
    jobs_.Register(runner_);
    contact_jobs_.Register(runner_);
    read_marks_.Register(runner_);
    sender_jobs_.Register(runner_);
    template_jobs_.Register(runner_);
    channel_jobs_.Register(runner_);
    inbox_.Serve(listener_);
  }

  // Opens the connection to the service that is followed, if there is one.
  absl::Status Connect() {
    if (config_.profiling.empty()) return absl::OkStatus();
    auto tokens =
        std::make_shared<clients::ServiceTokens>(environment_.minter, config_.service.token_issuer,
                                                 config_.service.token_audience, "messaging", &environment_.clock);
    clients::ChannelOptions options;
    options.target = config_.profiling;
    options.insecure_loopback = config_.service.insecure_loopback;
    options.ca_file = config_.service.tls.client_ca;
    options.certificate_file = config_.service.tls.certificate;
    options.key_file = config_.service.tls.key;
    ASSIGN_OR_RETURN(std::shared_ptr<clients::Channel> channel, clients::Channel::Open(options, std::move(tokens)));
    watcher_ = std::make_unique<clients::FeedWatcher>(std::move(channel));
    consumer_ = std::make_unique<events::Consumer>(
        "profiling", environment_.database, *watcher_, ProfilingEventTypes(),
        [this](sql::Transaction& tx, const events::v1::Event& event, absl::Time now) -> absl::Status {
          RETURN_IF_ERROR(ApplyProfilingEvent(contacts_, tx, event, now));
          metrics_.feed_events["profiling"].Increment();
          return absl::OkStatus();
        });
    return absl::OkStatus();
  }

  absl::Status Start() override {
    const absl::Time now = environment_.clock.Now();
    for (const std::string& tenant : config_.service.tenants) {
      const bool alone = !environment_.database.engine().shared();
      RETURN_IF_ERROR(
          environment_.database.WriteAndWait(sql::Scope::ForTenant(tenant), [now, alone](sql::Transaction& tx) {
            if (alone) RETURN_IF_ERROR(ChannelRepository::ReleaseDispatchers(tx, now));
            // Whoever ran an import in a store that nobody else has open is gone; of several the upkeep of each tells.
            return ImportRepository::Interrupt(tx, alone ? Never() : now, now).status();
          }));
    }
    inbox_.Start();
    RETURN_IF_ERROR(listener_.Start());
    environment_.ports["webhook"] = listener_.address().port;
    runner_.Start();
    dispatcher_.Start();
    upkeep_.Start();
    return consumer_ == nullptr ? absl::OkStatus() : consumer_->Start(config_.service.tenants);
  }

  void Stop() override {
    consumer_.reset();
    listener_.Stop();
    upkeep_.Stop();
    dispatcher_.Stop();
    runner_.Stop();
    inbox_.Stop();
  }

 private:
  const Config& config_;
  rpc::Environment& environment_;
  const DataKey key_;
  const ContactRepository contacts_;
  const std::string instance_;  // names this process
  Metrics metrics_;
  MediaBudget media_budget_;
  std::unique_ptr<http::Client> client_;
  GraphProvider provider_;
  QueueRoom queue_room_;
  const ApiContext context_;
  ChannelService channels_;
  TemplateService templates_;
  ContactService contact_service_;
  CampaignService campaigns_;
  MessageService messages_;
  RoutingService routing_;
  ReportService reports_;
  jobs::JobRunner runner_;
  Inbox inbox_;
  http::Listener listener_;
  MessagingJobs jobs_;
  ContactJobs contact_jobs_;
  SenderJobs sender_jobs_;
  TemplateJobs template_jobs_;
  ChannelJobs channel_jobs_;
  Dispatcher dispatcher_;
  ReadMarks read_marks_;
  Upkeep upkeep_;
  std::unique_ptr<clients::FeedWatcher> watcher_;
  std::unique_ptr<events::Consumer> consumer_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<rpc::Service>> BuildMessaging(const Config& config, rpc::Environment& environment) {
  ASSIGN_OR_RETURN(DataKey key, DataKey::FromSecret(config.data_secret));
  auto messaging = std::make_unique<Messaging>(config, environment, std::move(key));
  RETURN_IF_ERROR(messaging->Connect());
  return messaging;
}

}  // namespace vinculo::messaging
