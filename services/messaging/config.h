#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/flags/flags.h"
#include "common/flags/host_port.h"
#include "common/rpc/service_config.h"
#include "services/messaging/domain/provider_rules.h"
#include "services/messaging/operator_files.h"

namespace vinculo::messaging {

// What the messaging service is told by its flags.
struct Config {
  rpc::ServiceConfig service;
  std::string graph_url;  // without a slash at the end
  std::string graph_version;
  HostPort graph_address;  // of graph_url: the one address that may be reached over http, when it is http
  bool graph_is_http = false;
  absl::Duration graph_connect_timeout;
  absl::Duration graph_total_timeout;
  absl::Duration unknown_wait;
  absl::Duration template_sync_interval;
  std::string app_id;     // in the addresses of uploads
  std::string profiling;  // address of the service that is followed; "" for none
  HostPort webhook_address;
  std::string app;
  std::string verify_token;
  std::vector<std::string> app_secrets;
  std::string data_secret;
  std::vector<AppFile> further_apps;
  ProviderRules rules;
  absl::Duration sender_refresh;
  int sender_in_flight = 0;
  int sender_bulk_in_flight = 0;  // less than sender_in_flight
  int64_t queued_max = 0;         // messages of a tenant that may wait to be sent
};

// Reads all flags; what is wrong is added to `check`.
Config ReadConfig(flags::Checker& check);

}  // namespace vinculo::messaging
