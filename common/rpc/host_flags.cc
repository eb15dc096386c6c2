#include "common/rpc/host_flags.h"

#include "absl/flags/flag.h"
#include "common/id/uuid.h"

ABSL_FLAG(std::string, grpc_address, "127.0.0.1:0", "host:port to serve gRPC on; port 0 lets the system choose");
ABSL_FLAG(bool, insecure_loopback, false, "plain text instead of TLS; only with a loopback --grpc_address");
ABSL_FLAG(std::string, tls_certificate, "", "PEM file of our certificate chain; read again when it changes");
ABSL_FLAG(std::string, tls_key, "", "PEM file of our private key");
ABSL_FLAG(std::string, tls_client_ca, "", "PEM file of who signs the callers' certificates");
ABSL_FLAG(std::string, store, "", "where the data is: sqlite:PATH");
ABSL_FLAG(std::string, jwks_file, "", "key set (JWKS) that tokens are checked against; read again when it changes");
ABSL_FLAG(std::string, token_issuer, "vinculo-dev", "the `iss` that tokens must have");
ABSL_FLAG(std::string, token_audience, "vinculo", "the `aud` that tokens must have");
ABSL_FLAG(std::string, tenants, "demo", "the tenants of this installation, comma-separated");
ABSL_FLAG(std::string, service_key, "", "PEM file of the Ed25519 key with which this service signs its calls to the others");
ABSL_FLAG(std::string, health_address, "127.0.0.1:0", "host:port of /livez and /readyz; empty for none");
ABSL_FLAG(std::string, metrics_address, "127.0.0.1:0", "host:port of /metrics; empty for none");
ABSL_FLAG(std::string, ports_file, "", "write the real ports here as JSON once serving");
ABSL_FLAG(absl::Duration, drain_delay, absl::InfiniteDuration(),
          "how long to go on serving after SIGTERM, until load balancers know; default 5s, 0s with --insecure_loopback");
ABSL_FLAG(std::string, log_level, "info", "debug, info, warning, error or off");
ABSL_FLAG(std::string, log_format, "text", "text or json");

namespace vinculo::rpc {

HostConfig ReadHostFlags(flags::Checker& check) {
  HostConfig config;
  config.server.address = check.Address("grpc_address", absl::GetFlag(FLAGS_grpc_address)).ToString();
  config.server.insecure_loopback = absl::GetFlag(FLAGS_insecure_loopback);
  if (!config.server.insecure_loopback) {
    config.server.tls.certificate = check.ReadableFile("tls_certificate", absl::GetFlag(FLAGS_tls_certificate));
    config.server.tls.key = check.ReadableFile("tls_key", absl::GetFlag(FLAGS_tls_key));
    config.server.tls.client_ca = check.ReadableFile("tls_client_ca", absl::GetFlag(FLAGS_tls_client_ca));
  }
  config.store = check.Required("store", absl::GetFlag(FLAGS_store));
  config.jwks_file = check.ReadableFile("jwks_file", absl::GetFlag(FLAGS_jwks_file));
  config.token_issuer = check.Required("token_issuer", absl::GetFlag(FLAGS_token_issuer));
  config.token_audience = check.Required("token_audience", absl::GetFlag(FLAGS_token_audience));
  config.tenants = check.List("tenants", absl::GetFlag(FLAGS_tenants), 1, IsSlug);
  config.service_key = check.OptionalReadableFile("service_key", absl::GetFlag(FLAGS_service_key));
  const auto optional = [&](const char* name, const std::string& value) {
    const auto address = check.OptionalAddress(name, value);
    return address ? address->ToString() : std::string();
  };
  config.health_address = optional("health_address", absl::GetFlag(FLAGS_health_address));
  config.metrics_address = optional("metrics_address", absl::GetFlag(FLAGS_metrics_address));
  config.ports_file = absl::GetFlag(FLAGS_ports_file);
  config.drain_delay = absl::GetFlag(FLAGS_drain_delay);
  if (config.drain_delay == absl::InfiniteDuration()) {
    config.drain_delay = config.server.insecure_loopback ? absl::ZeroDuration() : absl::Seconds(5);
  }
  config.drain_delay = check.DurationWithin("drain_delay", config.drain_delay, absl::ZeroDuration(), absl::Minutes(1));
  config.log_level = check.LogLevel("log_level", absl::GetFlag(FLAGS_log_level));
  config.log_format = check.LogFormat("log_format", absl::GetFlag(FLAGS_log_format));
  return config;
}

}  // namespace vinculo::rpc
