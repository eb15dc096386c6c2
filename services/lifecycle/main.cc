#include "common/flags/flags.h"
#include "common/rpc/run_service.h"
#include "lifecycle_store_migrations.h"
#include "services/lifecycle/config.h"
#include "services/lifecycle/lifecycle.h"

int main(int argc, char** argv) {
  using namespace vinculo;  // NOLINT(google-build-using-namespace): the door of one service
  rpc::BlockSignals();
  flags::ParseCommandLineOrExit(argc, argv, "Vinculo lifecycle: clients, modules, stages, usage, health.");
  flags::Checker check;
  const lifecycle::Config config = lifecycle::ReadConfig(check);
  if (const absl::Status status = check.ToStatus(); !status.ok()) return flags::ExitCode(status);
  return rpc::RunService(config.service, {{"lifecycle", &lifecycle::Migrations()}},
                         [&](rpc::Environment& environment) { return lifecycle::BuildLifecycle(config, environment); });
}
