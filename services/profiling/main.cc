#include "common/flags/flags.h"
#include "common/rpc/run_service.h"
#include "profiling_store_migrations.h"
#include "services/profiling/config.h"
#include "services/profiling/profiling.h"

int main(int argc, char** argv) {
  using namespace vinculo;  // NOLINT(google-build-using-namespace): the door of one service
  rpc::BlockSignals();
  flags::ParseCommandLineOrExit(argc, argv, "Vinculo profiling: flows, answers, recommendations, profiles, leads.");
  flags::Checker check;
  const profiling::Config config = profiling::ReadConfig(check);
  if (const absl::Status status = check.ToStatus(); !status.ok()) return flags::ExitCode(status);
  return rpc::RunService(config.service, {{"profiling", &profiling::Migrations()}},
                         [&](rpc::Environment& environment) { return profiling::BuildProfiling(config, environment); });
}
