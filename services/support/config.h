#pragma once

#include <string>

#include "absl/time/time.h"
#include "common/flags/flags.h"
#include "common/rpc/service_config.h"

namespace vinculo::support {

// What the support service is told by its flags.
struct Config {
  rpc::ServiceConfig service;
  std::string messaging;  // host:port; empty: WhatsApp replies wait, and nothing comes in from there
  std::string profiling;  // host:port; empty: no hand-offs
  absl::TimeZone zone;    // whose days and weeks reports count
  std::string survey_url;
};

// Reads all flags; what is wrong is added to `check`.
Config ReadConfig(flags::Checker& check);

}  // namespace vinculo::support
