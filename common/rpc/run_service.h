#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/auth/token_minter.h"
#include "common/metrics/registry.h"
#include "common/rpc/runtime.h"
#include "common/rpc/server.h"
#include "common/rpc/service_config.h"
#include "common/sql/database.h"
#include "common/sql/migration.h"
#include "common/time/clock.h"

namespace vinculo::rpc {

// What a service is built from. Everything in it outlives the service.
struct Environment {
  const ServiceConfig& config;
  const Clock& clock;
  metrics::Registry& metrics;
  sql::Database& database;
  Runtime& runtime;
  Server& server;  // Add<v1::TicketService>(tickets)
  // Signs tokens for calls to other services; null without --service_key.
  std::shared_ptr<const auth::TokenMinter> minter;
  // Ports of the service's own listeners by name, for --ports_file. Filled in Start.
  std::map<std::string, int>& ports;
};

// A built service: it owns its gRPC services, repositories, workers and listeners.
class Service {
 public:
  virtual ~Service() = default;
  // Starts what runs without a caller: job runners, feed consumers, webhook listeners. Called once, before SERVING.
  virtual absl::Status Start() { return absl::OkStatus(); }
  // Stops that again: claims no more, finishes what is in hand. Called once, while calls are still being served.
  virtual void Stop() {}
};

using ServiceFactory = std::function<absl::StatusOr<std::unique_ptr<Service>>(Environment&)>;

// Blocks SIGTERM and SIGINT for this thread and all that it starts, and ignores SIGPIPE. The first thing main does.
void BlockSignals();

// The life of a service's process, from an opened store to the exit code:
//   open and migrate the store, build, start workers, listen with health NOT_SERVING, check itself, SERVING, write the
//   ports file; wait for SIGTERM or SIGINT; NOT_SERVING, wait for balancers, stop workers, end feeds, let calls finish,
//   close the store.
// A second signal skips the wait. `migrations` are the service's own; those of events and jobs are added. The event
// feed is added too. Prints what is wrong and returns 1 when the service cannot start, else 0.
//
//   int main(int argc, char** argv) {
//     rpc::BlockSignals();
//     flags::ParseCommandLineOrExit(argc, argv, "Vinculo support: conversations, ratings, reports.");
//     flags::Checker check;
//     const Config config = ReadConfig(check);   // calls rpc::ReadServiceFlags("support", check)
//     if (const absl::Status status = check.ToStatus(); !status.ok()) return flags::ExitCode(status);
//     return rpc::RunService(config.service, {{"support", &Migrations()}}, [&](rpc::Environment& environment) {
//       return Support::Build(config, environment);
//     });
//   }
int RunService(const ServiceConfig& config, const std::vector<sql::MigrationSet>& migrations,
               const ServiceFactory& factory);

}  // namespace vinculo::rpc
