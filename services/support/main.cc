#include "common/flags/flags.h"
#include "common/rpc/run_service.h"
#include "services/support/config.h"
#include "services/support/support.h"
#include "support_store_migrations.h"

int main(int argc, char** argv) {
  using namespace vinculo;  // NOLINT(google-build-using-namespace): the door of one service
  rpc::BlockSignals();
  flags::ParseCommandLineOrExit(argc, argv, "Vinculo support: conversations, ratings, reports.");
  flags::Checker check;
  const support::Config config = support::ReadConfig(check);
  if (const absl::Status status = check.ToStatus(); !status.ok()) return flags::ExitCode(status);
  return rpc::RunService(config.service, {{"support", &support::Migrations()}},
                         [&](rpc::Environment& environment) { return support::BuildSupport(config, environment); });
}
