// The smallest service of the suite: the test's EchoService behind the whole of common/rpc. For the tests of RunService
// and for measuring what the adapter costs.
#include "common/flags/flags.h"
#include "common/rpc/echo_test_service.h"
#include "common/rpc/run_service.h"

namespace vinculo::rpc {
namespace {

class Echo final : public Service {
 public:
  explicit Echo(Environment& environment) : service_(environment.runtime, &environment.database) {
    environment.server.Add<v1::EchoService>(service_);
  }

 private:
  EchoService service_;
};

}  // namespace
}  // namespace vinculo::rpc

int main(int argc, char** argv) {
  vinculo::rpc::BlockSignals();
  vinculo::flags::ParseCommandLineOrExit(argc, argv, "The echo service of the tests.");
  vinculo::flags::Checker check;
  const vinculo::rpc::ServiceConfig config = vinculo::rpc::ReadServiceFlags("echo", check);
  if (const absl::Status status = check.ToStatus(); !status.ok()) return vinculo::flags::ExitCode(status);
  return vinculo::rpc::RunService(
      config, {{"echo", &vinculo::rpc::kEchoSteps}},
      [](vinculo::rpc::Environment& environment) { return std::make_unique<vinculo::rpc::Echo>(environment); });
}
