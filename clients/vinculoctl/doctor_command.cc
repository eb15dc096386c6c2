#include "absl/strings/str_cat.h"
#include "clients/vinculoctl/commands.h"
#include "common/status/error.h"
#include "grpc/health/v1/health.pb.h"
#include "vinculo/events/v1/event_feed.pb.h"

namespace vinculo::ctl {
namespace {

// Asks one service whether it serves and whether it accepts our token; prints what it finds. True when all is well.
bool Examine(const Connection& base, const std::string& area) {
  Connection connection = base;
  const std::string address = connection.addresses[area];
  std::cout << area << " " << (address.empty() ? "(no address)" : address) << ": ";
  if (address.empty()) {
    std::cout << "give --" << area << " host:port\n";
    return false;
  }
  connection.addresses["health"] = connection.addresses["events"] = address;
  connection.timeout = absl::Seconds(3);
  Session session(connection);
  grpc::health::v1::HealthCheckRequest ask;
  grpc::health::v1::HealthCheckResponse answer;
  const absl::Status healthy = session.Call("grpc.health.v1.Health/Check", ask, &answer);
  if (!healthy.ok()) {
    std::cout << "does not answer (" << healthy.message() << "); is it running, and is the address right?\n";
    return false;
  }
  std::cout << grpc::health::v1::HealthCheckResponse::ServingStatus_Name(answer.status());
  vinculo::events::v1::ReadRequest read;
  read.set_page_size(1);
  vinculo::events::v1::ReadResponse events;
  const absl::Status permitted = session.Call("vinculo.events.v1.EventFeed/Read", read, &events);
  if (permitted.ok()) {
    std::cout << ", token accepted\n";
  } else if (absl::IsPermissionDenied(permitted)) {
    std::cout << ", token accepted (its roles do not read the feed)\n";
  } else {
    std::cout << ", but: " << permitted.message() << " [" << ErrorReason(permitted) << "]\n";
    return false;
  }
  return answer.status() == grpc::health::v1::HealthCheckResponse::SERVING;
}

}  // namespace

void AddDoctorCommand(CLI::App& app, Context& context) {
  CLI::App* doctor = app.add_subcommand("doctor", "check that every service answers, serves and accepts the token");
  doctor->callback([&context] {
    bool well = true;
    for (const char* area : {"messaging", "profiling", "lifecycle", "support"}) {
      well = Examine(context.session().connection(), area) && well;
    }
    if (!well) throw ExitWith{kExitUnavailable};
  });
}

}  // namespace vinculo::ctl
