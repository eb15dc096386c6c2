#include "common/rpc/service_config.h"

#include <algorithm>

#include "absl/flags/flag.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/flags/cpus.h"
#include "common/id/uuid.h"
#include "common/log/log.h"
#include "common/sql/database.h"

ABSL_FLAG(std::string, grpc_address, "127.0.0.1:0", "host:port of the gRPC listener; port 0 takes a free one");
ABSL_FLAG(std::string, health_address, "127.0.0.1:0", "host:port of /livez and /readyz");
ABSL_FLAG(std::string, metrics_address, "127.0.0.1:0", "host:port of /metrics");
ABSL_FLAG(std::string, store, "",
          "where the data is: sqlite:PATH, or postgres://USER@HOST/DATABASE for several replicas");
ABSL_FLAG(bool, insecure_loopback, false, "serve plain text; refused unless --grpc_address is a loopback address");
ABSL_FLAG(std::string, tls_cert, "", "PEM file of the server's certificate chain, read again when it changes");
ABSL_FLAG(std::string, tls_key, "", "PEM file of its key");
ABSL_FLAG(std::string, tls_client_ca, "", "PEM file of the authorities whose certificates callers must show");
ABSL_FLAG(std::string, jwks_file, "",
          "JSON Web Key Set with the public keys of token issuers, read again when it changes");
ABSL_FLAG(std::string, token_issuer, "vinculo",
          "what the `iss` of a token must be, and what this service writes into its own");
ABSL_FLAG(std::string, token_audience, "vinculo", "what the `aud` of a token must hold");
ABSL_FLAG(std::string, service_key, "",
          "PEM file of the Ed25519 key that signs this service's tokens for calls to other services");
ABSL_FLAG(std::string, tenants, "", "comma-separated tenants of this installation");
ABSL_FLAG(std::string, ports_file, "", "JSON file that receives the real ports once the service is SERVING");
ABSL_FLAG(
    absl::Duration, endpoint_delay, absl::Seconds(-1),
    "how long to keep serving after NOT_SERVING, so that balancers notice; default 5s, and 0 with --insecure_loopback");
ABSL_FLAG(absl::Duration, shutdown_grace, absl::Seconds(20), "how long calls in flight may take at shutdown");
ABSL_FLAG(int, max_in_flight, 256, "unary calls served at once; more are refused with OVERLOADED");
ABSL_FLAG(int, max_in_flight_per_tenant, 128, "unary calls of one tenant served at once");
ABSL_FLAG(int, max_streams, 512, "open streams");
ABSL_FLAG(
    int, read_threads, 0,
    "threads and connections for lists, reports and searches; 0 takes the processors that the process may use, at "
    "least 2 and at most 16");
ABSL_FLAG(std::string, log_level, "info", "debug, info, warning, error or off");
ABSL_FLAG(std::string, log_format, "text", "text or json");

namespace vinculo::rpc {
namespace {

constexpr int kMost = 1 << 20;

void ReadTransport(flags::Checker& check, ServiceConfig& config) {
  config.grpc_address = check.Address("grpc_address", absl::GetFlag(FLAGS_grpc_address));
  config.health_address = check.Address("health_address", absl::GetFlag(FLAGS_health_address));
  config.metrics_address = check.Address("metrics_address", absl::GetFlag(FLAGS_metrics_address));
  config.insecure_loopback = absl::GetFlag(FLAGS_insecure_loopback);
  if (config.insecure_loopback) {
    check.Require(config.grpc_address.IsLoopback(), "insecure_loopback", "needs a loopback address in --grpc_address");
  } else {
    config.tls.certificate = check.ReadableFile("tls_cert", absl::GetFlag(FLAGS_tls_cert));
    config.tls.key = check.ReadableFile("tls_key", absl::GetFlag(FLAGS_tls_key));
    config.tls.client_ca = check.ReadableFile("tls_client_ca", absl::GetFlag(FLAGS_tls_client_ca));
  }
}

void ReadLimits(flags::Checker& check, ServiceConfig& config) {
  const auto count = [&](absl::string_view flag, int value) {
    return static_cast<int>(check.IntWithin(flag, value, 1, kMost));
  };
  config.limits.in_flight = count("max_in_flight", absl::GetFlag(FLAGS_max_in_flight));
  config.limits.tenant_in_flight = count("max_in_flight_per_tenant", absl::GetFlag(FLAGS_max_in_flight_per_tenant));
  config.limits.streams = count("max_streams", absl::GetFlag(FLAGS_max_streams));
  config.read_threads = static_cast<int>(check.IntWithin("read_threads", absl::GetFlag(FLAGS_read_threads), 0, 64));
  const int cpus = flags::AvailableCpus();
  if (config.read_threads == 0) config.read_threads = std::clamp(cpus, 2, 16);
  config.write_sessions = std::clamp(2 * cpus, 2, 32);
  config.endpoint_delay = absl::GetFlag(FLAGS_endpoint_delay);
  if (config.endpoint_delay < absl::ZeroDuration()) {
    config.endpoint_delay = config.insecure_loopback ? absl::ZeroDuration() : absl::Seconds(5);
  }
  check.DurationWithin("endpoint_delay", config.endpoint_delay, absl::ZeroDuration(), absl::Minutes(5));
  config.shutdown_grace = check.DurationWithin("shutdown_grace", absl::GetFlag(FLAGS_shutdown_grace),
                                               absl::ZeroDuration(), absl::Minutes(10));
}

}  // namespace

ServiceConfig ReadServiceFlags(absl::string_view name, flags::Checker& check) {
  ServiceConfig config;
  config.name = std::string(name);
  ReadTransport(check, config);
  ReadLimits(check, config);
  config.store = check.Required("store", absl::GetFlag(FLAGS_store));
  check.Require(config.store.empty() || sql::Database::Takes(config.store), "store",
                "give sqlite:PATH or postgres://USER@HOST/DATABASE");
  config.jwks_file = check.ReadableFile("jwks_file", absl::GetFlag(FLAGS_jwks_file));
  config.token_issuer = check.Required("token_issuer", absl::GetFlag(FLAGS_token_issuer));
  config.token_audience = check.Required("token_audience", absl::GetFlag(FLAGS_token_audience));
  config.service_key = check.OptionalReadableFile("service_key", absl::GetFlag(FLAGS_service_key));
  config.tenants = check.List("tenants", absl::GetFlag(FLAGS_tenants), 1, IsSlug);
  config.ports_file = absl::GetFlag(FLAGS_ports_file);
  log::Init(check.LogLevel("log_level", absl::GetFlag(FLAGS_log_level)),
            check.LogFormat("log_format", absl::GetFlag(FLAGS_log_format)));
  return config;
}

}  // namespace vinculo::rpc
