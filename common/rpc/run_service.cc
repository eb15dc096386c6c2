#include "common/rpc/run_service.h"

#include <prometheus/registry.h>
#include <pthread.h>
#include <signal.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "common/auth/authenticator.h"
#include "common/auth/key_set.h"
#include "common/events/event_log.h"
#include "common/flags/flags.h"
#include "common/http/endpoints.h"
#include "common/http/listener.h"
#include "common/jobs/job_queue.h"
#include "common/log/log.h"
#include "common/rpc/event_feed.h"
#include "common/rpc/housekeeper.h"
#include "common/rpc/self_probe.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"

namespace vinculo::rpc {
namespace {

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

// Waits for one of the stop signals, at most `timeout`.
void AwaitStop(absl::Duration timeout) {
  const sigset_t signals = StopSignals();
  const absl::Time until = absl::Now() + timeout;
  while (true) {
    const absl::Duration left = std::min(std::max(until - absl::Now(), absl::ZeroDuration()), absl::Hours(24));
    const timespec wait = absl::ToTimespec(left);
    if (sigtimedwait(&signals, nullptr, &wait) > 0) return;
    if (errno != EINTR && absl::Now() >= until) return;
  }
}

absl::Status WritePorts(const std::string& path, const std::map<std::string, int>& ports) {
  const std::string next = path + ".next";
  {
    std::ofstream file(next);
    file << nlohmann::json(ports).dump() << "\n";
    if (!file.flush()) return Error(absl::StatusCode::kUnavailable, "PORTS_FILE", absl::StrCat("cannot write ", next));
  }
  if (std::rename(next.c_str(), path.c_str()) != 0) {
    return Error(absl::StatusCode::kUnavailable, "PORTS_FILE", absl::StrCat("cannot replace ", path));
  }
  return absl::OkStatus();
}

HostPort LoopbackOf(const HostPort& address, int port) {
  if (address.host == "0.0.0.0") return {"127.0.0.1", port};
  if (address.host == "::") return {"::1", port};
  return {address.host, port};
}

// A process in the order of its parts: each may use those above it, and is destroyed before them.
class Process {
 public:
  explicit Process(const ServiceConfig& config) : config_(config) {}
  // No handler may run while the services it belongs to are destroyed; after Stop there is none.
  ~Process() {
    if (server_ != nullptr) server_->Shutdown(absl::ZeroDuration());
  }

  absl::Status Start(const std::vector<sql::MigrationSet>& migrations, const ServiceFactory& factory) {
    RETURN_IF_ERROR(OpenKeys());
    RETURN_IF_ERROR(OpenStore(migrations));
    RETURN_IF_ERROR(Build(factory));
    RETURN_IF_ERROR(Listen());
    server_->SetServing(true);
    ports_["grpc"] = server_->port();
    if (!config_.ports_file.empty()) RETURN_IF_ERROR(WritePorts(config_.ports_file, ports_));
    log::Info("serving", {{"service", config_.name},
                          {"grpc", server_->address()},
                          {"health", health_->address().ToString()},
                          {"metrics", metrics_listener_->address().ToString()}});
    return absl::OkStatus();
  }

  void Stop() {
    log::Info("stopping", {{"service", config_.name}});
    server_->SetServing(false);
    if (config_.endpoint_delay > absl::ZeroDuration()) AwaitStop(config_.endpoint_delay);
    probe_->Stop();
    housekeeper_ = nullptr;
    service_->Stop();
    server_->Shutdown(config_.shutdown_grace);
    health_->Stop();
    metrics_listener_->Stop();
  }

 private:
  absl::Status OpenKeys() {
    registry_.AddProcessMetrics();
    ASSIGN_OR_RETURN(keys_, auth::WatchedKeySet::Open(config_.jwks_file));
    registry_.AddCallbackCounter("auth_key_set_failures_total", "Readings of the key set that failed.",
                                 [this] { return keys_ == nullptr ? 0.0 : static_cast<double>(keys_->failures()); });
    authenticator_ = std::make_unique<auth::Authenticator>(
        auth::Authenticator::Options{.issuer = config_.token_issuer, .audience = config_.token_audience}, keys_.get(),
        clock_);
    if (!config_.service_key.empty()) {
      ASSIGN_OR_RETURN(minter_, auth::TokenMinter::FromFile(config_.service_key));
    }
    return absl::OkStatus();
  }

  absl::Status OpenStore(const std::vector<sql::MigrationSet>& migrations) {
    const auto store_metrics = std::make_shared<prometheus::Registry>();
    registry_.AddCollectable(store_metrics);
    sql::DatabaseOptions options{.url = config_.store,
                                 .clock = clock_,
                                 .registry = store_metrics.get(),
                                 .read_threads = config_.read_threads,
                                 .write_sessions = config_.write_sessions};
    options.migrations = {{"events", &events::Migrations()}, {"jobs", &jobs::Migrations()}};
    options.migrations.insert(options.migrations.end(), migrations.begin(), migrations.end());
    ASSIGN_OR_RETURN(database_, sql::Database::Open(std::move(options)));
    return absl::OkStatus();
  }

  absl::Status Build(const ServiceFactory& factory) {
    runtime_ = std::make_unique<Runtime>(Runtime::Options{
        .authenticator = authenticator_.get(), .clock = clock_, .registry = &registry_, .limits = config_.limits});
    feed_ = std::make_unique<EventFeedService>(*runtime_, *database_);
    server_ = std::make_unique<Server>(ServerOptions{.address = config_.grpc_address.ToString(),
                                                     .insecure_loopback = config_.insecure_loopback,
                                                     .tls = config_.tls},
                                       *runtime_);
    server_->Add<events::v1::EventFeed>(*feed_);
    // Services keep a reference to it.
    environment_ = std::make_unique<Environment>(
        Environment{config_, *clock_, registry_, *database_, *runtime_, *server_, minter_, ports_});
    ASSIGN_OR_RETURN(service_, factory(*environment_));
    return absl::OkStatus();
  }

  absl::Status Listen() {
    RETURN_IF_ERROR(server_->Start());
    RETURN_IF_ERROR(service_->Start());
    probe_ = std::make_unique<SelfProbe>(
        SelfProbe::Options{.address = LoopbackOf(config_.grpc_address, server_->port()).ToString(),
                           .insecure_loopback = config_.insecure_loopback,
                           .tls = config_.tls});
    housekeeper_ = std::make_unique<Housekeeper>(*database_, config_.tenants);
    health_ = std::make_unique<http::Listener>(http::ListenerOptions{.address = config_.health_address, .threads = 1});
    http::ServeHealth(*health_, {.live = [this] { return Live(); }, .ready = [this] { return Ready(); }});
    RETURN_IF_ERROR(health_->Start());
    metrics_listener_ =
        std::make_unique<http::Listener>(http::ListenerOptions{.address = config_.metrics_address, .threads = 1});
    http::ServeMetrics(*metrics_listener_, registry_);
    RETURN_IF_ERROR(metrics_listener_->Start());
    ports_["health"] = health_->address().port;
    ports_["metrics"] = metrics_listener_->address().port;
    return absl::OkStatus();
  }

  // Only what a restart would cure.
  absl::Status Live() const {
    if (!server_->serving()) return absl::OkStatus();
    return probe_ == nullptr ? absl::OkStatus() : probe_->Live();
  }
  absl::Status Ready() const {
    if (!server_->serving()) return DrainingError();
    return database_->Ready();
  }

  const ServiceConfig& config_;
  const Clock* const clock_ = SystemClock::Get();
  metrics::Registry registry_;
  std::map<std::string, int> ports_;
  std::unique_ptr<auth::WatchedKeySet> keys_;
  std::unique_ptr<auth::Authenticator> authenticator_;
  std::shared_ptr<const auth::TokenMinter> minter_;
  std::unique_ptr<sql::Database> database_;
  std::unique_ptr<Runtime> runtime_;
  std::unique_ptr<EventFeedService> feed_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<Environment> environment_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<SelfProbe> probe_;
  std::unique_ptr<Housekeeper> housekeeper_;
  std::unique_ptr<http::Listener> health_;
  std::unique_ptr<http::Listener> metrics_listener_;
};

}  // namespace

void BlockSignals() {
  const sigset_t signals = StopSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);  // a peer that hangs up is an error of that connection only
}

int RunService(const ServiceConfig& config, const std::vector<sql::MigrationSet>& migrations,
               const ServiceFactory& factory) {
  // Debian's Abseil is built with its deadlock detector, whose one lock every other lock takes. Tests keep it.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  Process process(config);
  if (const absl::Status status = process.Start(migrations, factory); !status.ok()) return flags::ExitCode(status);
  AwaitStop(absl::InfiniteDuration());
  process.Stop();
  return 0;
}

}  // namespace vinculo::rpc
