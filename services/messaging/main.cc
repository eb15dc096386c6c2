#include "common/flags/flags.h"
#include "common/rpc/run_service.h"
#include "messaging_store_migrations.h"
#include "services/messaging/config.h"
#include "services/messaging/messaging.h"

int main(int argc, char** argv) {
  using namespace vinculo;  // NOLINT(google-build-using-namespace): the door of one service
  rpc::BlockSignals();
  flags::ParseCommandLineOrExit(argc, argv, "Vinculo messaging: templates, contacts, campaigns, messages, webhooks.");
  flags::Checker check;
  const messaging::Config config = messaging::ReadConfig(check);
  if (const absl::Status status = check.ToStatus(); !status.ok()) return flags::ExitCode(status);
  return rpc::RunService(config.service, {{"messaging", &messaging::Migrations()}},
                         [&](rpc::Environment& environment) { return messaging::BuildMessaging(config, environment); });
}
