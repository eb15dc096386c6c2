#pragma once

#include <string>
#include <vector>

#include "common/flags/flags.h"
#include "common/flags/host_port.h"
#include "common/flags/secret.h"
#include "common/rpc/service_config.h"

namespace vinculo::profiling {

// What the profiling service is told by its flags.
struct Config {
  rpc::ServiceConfig service;
  std::string messaging;           // host:port; empty: questions wait, and nothing comes in from there
  Secret master;                   // seals secrets at rest and signs reply ids
  std::vector<HostPort> outbound;  // may be reached over plain http
  std::string default_region;      // of phone numbers written without a country
  bool contract_is_basis = false;  // leads go out without consent
};

// Reads all flags; what is wrong is added to `check`.
Config ReadConfig(flags::Checker& check);

}  // namespace vinculo::profiling
