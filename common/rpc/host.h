#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/auth/authenticator.h"
#include "common/auth/token_minter.h"
#include "common/http/listener.h"
#include "common/jobs/job_runner.h"
#include "common/metrics/registry.h"
#include "common/rpc/event_feed.h"
#include "common/rpc/host_flags.h"
#include "common/rpc/runtime.h"
#include "common/rpc/server.h"
#include "common/sql/database.h"

namespace vinculo::rpc {

// The first thing in main, before any thread exists: SIGTERM and SIGINT are blocked everywhere and taken by Host::Run.
void BlockShutdownSignals();

// What a service process consists of beside its own code: store, keys, metrics, jobs, event feed, gRPC server, probes. Opened in
// main, which then adds the service's RPCs and work and calls Run.
//
//   int main(int argc, char** argv) {
//     rpc::BlockShutdownSignals();
//     flags::ParseCommandLineOrExit(argc, argv, "Vinculo support: conversations and their metrics.");
//     flags::Checker check;
//     rpc::HostConfig host_config = rpc::ReadHostFlags(check);
//     Config config = ReadConfig(check);
//     if (absl::Status bad = check.ToStatus(); !bad.ok()) return flags::ExitCode(bad);
//     auto host = rpc::Host::Open("support", std::move(host_config), support::Migrations());
//     if (!host.ok()) return flags::ExitCode(host.status());
//     TicketService tickets((*host)->runtime(), (*host)->database(), ...);
//     (*host)->server().Add<v1::TicketService>(tickets);
//     return flags::ExitCode((*host)->Run({.start = ..., .stop = ...}));
//   }
class Host {
 public:
  // Opens the store (migrating it) and reads the keys. `name` is the service's, its component in the store and its subject in
  // calls to others. Errors are those of the store and of the key files.
  static absl::StatusOr<std::unique_ptr<Host>> Open(const std::string& name, HostConfig config,
                                                    const std::vector<sql::Migration>& migrations);
  ~Host();

  const HostConfig& config() const { return config_; }
  sql::Database& database() { return *database_; }
  Runtime& runtime() { return *runtime_; }
  Server& server() { return *server_; }
  jobs::JobRunner& jobs() { return *jobs_; }
  metrics::Registry& registry() { return registry_; }
  // Signs calls to other services; null without --service_key.
  const std::shared_ptr<const auth::TokenMinter>& minter() const { return minter_; }

  struct Work {
    // Once the server listens and before it says SERVING: begin what runs without a caller. An error ends the process.
    std::function<absl::Status()> start;
    // After the last call was answered, before the store closes: end it.
    std::function<void()> stop;
    // Further ports for the ports file, such as the webhook listener's, asked for after `start`.
    std::function<std::map<std::string, int>()> ports;
  };
  // Serves until SIGTERM or SIGINT, then drains: NOT_SERVING, the drain delay (a second signal skips it), no new jobs, calls in
  // flight finish, work stops, the store closes. OK after a clean end.
  absl::Status Run(const Work& work);

 private:
  Host(std::string name, HostConfig config) : name_(std::move(name)), config_(std::move(config)) {}
  absl::Status OpenParts(const std::vector<sql::Migration>& migrations);
  absl::Status StartProbes();
  absl::Status WritePorts(const std::map<std::string, int>& more) const;
  void WaitForSignal();

  const std::string name_;
  const HostConfig config_;
  metrics::Registry registry_;
  std::unique_ptr<auth::WatchedKeySet> keys_;
  std::unique_ptr<auth::Authenticator> authenticator_;
  std::shared_ptr<const auth::TokenMinter> minter_;
  std::unique_ptr<sql::Database> database_;
  std::unique_ptr<jobs::JobRunner> jobs_;
  std::unique_ptr<Runtime> runtime_;
  std::unique_ptr<EventFeedService> feed_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<http::Listener> health_;
  std::unique_ptr<http::Listener> metrics_;
};

}  // namespace vinculo::rpc
