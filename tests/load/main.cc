// vinculo-load: the yardstick and the generator of `make bench`.
//   vinculo-load echo-server      a bare gRPC callback echo server; prints `port N`, runs until its input ends
//   vinculo-load run ...          a closed loop of one RPC; prints one `name value` per line
//   vinculo-load bare-sends ...   template sends over libcurl alone; prints `sends_per_s N`
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "common/flags/flags.h"
#include "tests/load/bare_sends.h"
#include "tests/load/load_generator.h"
#include "vinculo/echo/v1/echo.grpc.pb.h"

namespace vinculo::load {
namespace {

// Nothing but gRPC: no token, no admission, no metrics, no store.
class BareEcho final : public echo::v1::EchoService::CallbackService {
 public:
  grpc::ServerUnaryReactor* Echo(grpc::CallbackServerContext* context, const echo::v1::EchoRequest* request,
                                 echo::v1::EchoResponse* response) override {
    response->set_text(request->text());
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

int ServeEcho() {
  BareEcho service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) {
    std::fprintf(stderr, "cannot listen\n");
    return 1;
  }
  std::printf("port %d\n", port);
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  server->Shutdown();
  return 0;
}

int Run(const LoadOptions& options) {
  const absl::StatusOr<LoadResult> result = RunLoad(options);
  if (!result.ok()) return flags::ExitCode(result.status());
  std::printf("calls_per_s %.0f\np50_ms %.3f\np99_ms %.3f\ncalls %lld\nerrors %lld\n", result->calls_per_s,
              result->p50_ms, result->p99_ms, static_cast<long long>(result->calls),
              static_cast<long long>(result->errors));
  for (const auto& [name, count] : result->errors_by_name) {
    std::fprintf(stderr, "%lld x %s\n", static_cast<long long>(count), name.c_str());
  }
  return result->calls > 0 ? 0 : 1;
}

int SendBare(const BareSendsOptions& options) {
  const absl::StatusOr<double> rate = RunBareSends(options);
  if (!rate.ok()) return flags::ExitCode(rate.status());
  std::printf("sends_per_s %.0f\n", *rate);
  return 0;
}

}  // namespace
}  // namespace vinculo::load

int main(int argc, char** argv) {
  CLI::App app("Load for one RPC, and the bare echo server it is compared with.", "vinculo-load");
  app.require_subcommand(1);
  CLI::App* const server =
      app.add_subcommand("echo-server", "serve vinculo.echo.v1.EchoService/Echo with nothing around it");
  CLI::App* const run = app.add_subcommand("run", "call one RPC in a closed loop");
  vinculo::load::LoadOptions options;
  std::string token_file;
  double seconds = 5;
  double warm_up = 1;
  run->add_option("--target", options.target, "host:port, plain text")->required();
  run->add_option("--method", options.method, "package.Service/Method")->required();
  run->add_option("--request", options.request_json, "body as JSON")->default_val("{}");
  run->add_option("--unique", options.unique_fields, "string fields that get a new value in each call");
  run->add_option("--token", options.token, "bearer token");
  run->add_option("--token-file", token_file, "file with the bearer token");
  run->add_option("--in-flight", options.in_flight, "calls at once")->check(CLI::Range(1, 100000));
  run->add_option("--connections", options.connections, "connections")->check(CLI::Range(1, 1000));
  run->add_option("--seconds", seconds, "measured time")->check(CLI::Range(0.1, 3600.0));
  run->add_option("--warm-up", warm_up, "seconds before measuring")->check(CLI::Range(0.0, 600.0));
  CLI::App* const bare = app.add_subcommand("bare-sends", "send templates with nothing around them");
  vinculo::load::BareSendsOptions sends;
  bare->add_option("--url", sends.url, "the number's /messages")->required();
  bare->add_option("--access-token", sends.access_token, "of WhatsApp")->required();
  bare->add_option("--template", sends.template_name, "approved, with one parameter")->required();
  bare->add_option("--language", sends.language, "of the template");
  bare->add_option("--count", sends.count, "sends")->check(CLI::Range(1, 10'000'000));
  bare->add_option("--in-flight", sends.in_flight, "at once")->check(CLI::Range(1, 1000));
  CLI11_PARSE(app, argc, argv);
  if (bare->parsed()) return vinculo::load::SendBare(sends);
  if (server->parsed()) return vinculo::load::ServeEcho();
  if (!token_file.empty()) {
    std::ifstream file(token_file);
    file >> options.token;
  }
  options.duration = absl::Seconds(seconds);
  options.warm_up = absl::Seconds(warm_up);
  return vinculo::load::Run(options);
}
