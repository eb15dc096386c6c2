#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/flags/flags.h"
#include "common/log/log.h"
#include "common/rpc/server.h"

namespace vinculo::rpc {

// What every service is told on its command line; each flag's help says the same to the operator.
struct HostConfig {
  ServerOptions server;
  std::string store;  // sqlite:PATH
  std::string jwks_file;
  std::string token_issuer;
  std::string token_audience;
  std::vector<std::string> tenants;
  std::string service_key;      // PEM file; empty: this service calls no other
  std::string health_address;   // host:port; empty: no probes
  std::string metrics_address;  // host:port; empty: no metrics
  std::string ports_file;       // where to write the real ports as JSON once serving; empty: nowhere
  absl::Duration drain_delay;   // keeps serving that long after SIGTERM, until load balancers know
  log::Level log_level = log::Level::kInfo;
  log::Format log_format = log::Format::kText;
};

// Reads --grpc_address, --store, --jwks_file ... and adds every problem to `check`.
HostConfig ReadHostFlags(flags::Checker& check);

}  // namespace vinculo::rpc
