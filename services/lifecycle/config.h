#pragma once

#include <string>

#include "common/flags/flags.h"
#include "common/rpc/service_config.h"
#include "services/lifecycle/domain/settings.h"

namespace vinculo::lifecycle {

// What the lifecycle service is told by its flags.
struct Config {
  rpc::ServiceConfig service;
  std::string support;  // host:port; empty: no conversations and ratings come in
  Settings settings;    // of every tenant of the installation
};

// Reads all flags; what is wrong is added to `check`.
Config ReadConfig(flags::Checker& check);

}  // namespace vinculo::lifecycle
