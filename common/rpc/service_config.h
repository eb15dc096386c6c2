#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/flags/flags.h"
#include "common/flags/host_port.h"
#include "common/rpc/runtime.h"
#include "common/rpc/server.h"

namespace vinculo::rpc {

// What every service of the suite is told by its flags; its own come on top.
struct ServiceConfig {
  std::string name;  // "messaging"
  HostPort grpc_address;
  HostPort health_address;   // /livez, /readyz
  HostPort metrics_address;  // /metrics
  std::string store;         // sqlite:PATH or postgres://...
  bool insecure_loopback = false;
  TlsFiles tls;
  std::string jwks_file;
  std::string token_issuer;
  std::string token_audience;
  std::string service_key;  // PEM file of the Ed25519 key that signs this service's own tokens; "" when it calls nobody
  std::vector<std::string> tenants;  // of this installation
  std::string ports_file;            // "" when nobody wants to know
  absl::Duration endpoint_delay;     // between NOT_SERVING and the end of serving
  absl::Duration shutdown_grace;     // for calls in flight
  int read_threads = 2;
  int write_sessions = 4;  // where a server keeps the store
  Limits limits;
};

// Reads the flags that every service takes; what is wrong is added to `check`. `name` is the service's.
ServiceConfig ReadServiceFlags(absl::string_view name, flags::Checker& check);

}  // namespace vinculo::rpc
