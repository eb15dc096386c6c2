#include "services/profiling/profiling.h"

#include <utility>

#include "clients/cpp/channel.h"
#include "clients/cpp/feed_watcher.h"
#include "clients/cpp/token_source.h"
#include "common/events/consumer.h"
#include "common/jobs/job_runner.h"
#include "common/status/status_macros.h"
#include "common/text/phone.h"
#include "services/profiling/api/catalogue_service.h"
#include "services/profiling/api/convert_catalogue.h"
#include "services/profiling/api/convert_session.h"
#include "services/profiling/api/flow_service.h"
#include "services/profiling/api/lead_service.h"
#include "services/profiling/api/profile_service.h"
#include "services/profiling/api/session_service.h"
#include "services/profiling/work/crm_delivery.h"
#include "services/profiling/work/feed_events.h"
#include "services/profiling/work/outbound_sender.h"
#include "services/profiling/work/session_timer.h"

namespace vinculo::profiling {
namespace {

PhoneParser MakePhoneParser(std::string region) {
  return [region = std::move(region)](absl::string_view text) -> std::optional<std::string> {
    const absl::StatusOr<text::Phone> phone = text::ParsePhone(text, region);
    if (!phone.ok()) return std::nullopt;
    return phone->e164;
  };
}

class Profiling final : public rpc::Service {
 public:
  Profiling(const Config& config, rpc::Environment& environment)
      : config_(config),
        environment_(environment),
        secrets_(config.master),
        policy_(config.outbound, config.service.insecure_loopback),
        phone_(MakePhoneParser(config.default_region)),
        published_(Published::Make(environment.database, MakeBlobReaders())),
        engine_(*published_, secrets_, EmitServiceEvent, {phone_, config.contract_is_basis}),
        flows_(environment.runtime, environment.database, *published_, engine_),
        catalogue_(environment.runtime, environment.database, *published_),
        sessions_(environment.runtime, environment.database, *published_, engine_),
        profiles_(environment.runtime, environment.database, EmitServiceEvent, phone_),
        leads_(environment.runtime, environment.database, secrets_, policy_),
        feed_events_(engine_, EmitServiceEvent),
        crm_(environment.database, secrets_, EmitServiceEvent, {policy_, &environment.metrics}),
        timer_(environment.database, engine_),
        runner_(environment.database) {
    environment.server.Add<v1::FlowService>(flows_);
    environment.server.Add<v1::CatalogueService>(catalogue_);
    environment.server.Add<v1::SessionService>(sessions_);
    environment.server.Add<v1::ProfileService>(profiles_);
    environment.server.Add<v1::LeadService>(leads_);
    crm_.Register(runner_);
    timer_.Register(runner_);
  }

  // Opens the connection to messaging, if it is configured.
  absl::Status Connect() {
    if (config_.messaging.empty()) return absl::OkStatus();
    clients::ChannelOptions options;
    options.target = config_.messaging;
    options.insecure_loopback = config_.service.insecure_loopback;
    options.ca_file = config_.service.tls.client_ca;
    options.certificate_file = config_.service.tls.certificate;
    options.key_file = config_.service.tls.key;
    const auto tokens =
        std::make_shared<clients::ServiceTokens>(environment_.minter, config_.service.token_issuer,
                                                 config_.service.token_audience, "profiling", &environment_.clock);
    ASSIGN_OR_RETURN(messaging_, clients::Channel::Open(options, tokens));
    sender_ = std::make_unique<OutboundSender>(environment_.database, messaging_);
    sender_->Register(runner_);
    watcher_ = std::make_unique<clients::FeedWatcher>(messaging_);
    consumer_ =
        std::make_unique<events::Consumer>("messaging", environment_.database, *watcher_, FeedEvents::Types(),
                                           [this](sql::Transaction& tx, const events::v1::Event& event,
                                                  absl::Time now) { return feed_events_.Apply(tx, event, now); });
    return absl::OkStatus();
  }

  absl::Status Start() override {
    for (const std::string& tenant : config_.service.tenants) {
      // Steps inside transactions take what is in memory: it must be there first.
      RETURN_IF_ERROR(published_->View(sql::Scope::ForTenant(tenant)).status());
      RETURN_IF_ERROR(timer_.PlanSweep(tenant));
    }
    runner_.Start();
    return consumer_ == nullptr ? absl::OkStatus() : consumer_->Start(config_.service.tenants);
  }

  void Stop() override {
    consumer_.reset();
    runner_.Stop();
  }

 private:
  const Config& config_;
  rpc::Environment& environment_;
  const SecretBox secrets_;
  const OutboundPolicy policy_;
  const PhoneParser phone_;
  const std::shared_ptr<Published> published_;
  SessionEngine engine_;
  FlowService flows_;
  CatalogueService catalogue_;
  SessionService sessions_;
  ProfileService profiles_;
  LeadService leads_;
  FeedEvents feed_events_;
  CrmDelivery crm_;
  SessionTimer timer_;
  std::shared_ptr<clients::Channel> messaging_;
  std::unique_ptr<OutboundSender> sender_;
  jobs::JobRunner runner_;
  std::unique_ptr<clients::FeedWatcher> watcher_;
  std::unique_ptr<events::Consumer> consumer_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<rpc::Service>> BuildProfiling(const Config& config, rpc::Environment& environment) {
  auto profiling = std::make_unique<Profiling>(config, environment);
  RETURN_IF_ERROR(profiling->Connect());
  return profiling;
}

}  // namespace vinculo::profiling
