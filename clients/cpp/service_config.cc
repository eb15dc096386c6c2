#include "clients/cpp/service_config.h"

#include <google/protobuf/descriptor.h>

#include <nlohmann/json.hpp>


namespace vinculo::clients {
namespace {

using google::protobuf::MethodDescriptor;
using nlohmann::json;

bool IsRead(const std::string& name) {
  for (const char* verb : {"Get", "List", "Lookup", "Count", "Preview", "Lint", "Preflight", "Recommend", "Explain", "Validate",
                           "Analyze", "Simulate", "Test", "Resolve", "Recount"}) {
    if (name.rfind(verb, 0) == 0) return true;
  }
  return false;
}

json Config(const MethodDescriptor& method) {
  const bool read = IsRead(method.name());
  json config = {{"name", {{{"service", method.service()->full_name()}, {"method", method.name()}}}}};
  if (method.client_streaming() || method.server_streaming()) return config;
  config["timeout"] = read ? "5s" : "10s";
  if (read || method.input_type()->FindFieldByName("request_id") != nullptr) {
    config["retryPolicy"] = {{"maxAttempts", read ? 4 : 3},
                             {"initialBackoff", read ? "0.05s" : "0.1s"},
                             {"maxBackoff", read ? "1s" : "2s"},
                             {"backoffMultiplier", 2},
                             {"retryableStatusCodes", {"UNAVAILABLE"}}};
  }
  return config;
}

std::string Build() {
  json methods = json::array();
  // Each area's services stand in several files; all of them are dependencies of the pool, so they are found by package.
  for (const char* service :
       {"vinculo.messaging.v1.TemplateService", "vinculo.messaging.v1.ContactService", "vinculo.messaging.v1.CampaignService",
        "vinculo.messaging.v1.MessageService", "vinculo.messaging.v1.RoutingService", "vinculo.messaging.v1.ChannelService",
        "vinculo.messaging.v1.ReportService", "vinculo.profiling.v1.FlowService", "vinculo.profiling.v1.CatalogueService",
        "vinculo.profiling.v1.SessionService", "vinculo.profiling.v1.ProfileService", "vinculo.profiling.v1.LeadService",
        "vinculo.lifecycle.v1.LifecycleService", "vinculo.lifecycle.v1.UsageService", "vinculo.lifecycle.v1.HealthService",
        "vinculo.support.v1.TicketService", "vinculo.support.v1.DirectoryService", "vinculo.support.v1.CsatService",
        "vinculo.support.v1.ReportService", "vinculo.support.v1.ImportExportService"}) {
    const auto* found = google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(service);
    if (found == nullptr) continue;  // not linked into this program
    for (int i = 0; i < found->method_count(); ++i) methods.push_back(Config(*found->method(i)));
  }
  const json config = {{"loadBalancingConfig", {{{"round_robin", json::object()}}}},
                       {"retryThrottling", {{"maxTokens", 10}, {"tokenRatio", 0.1}}},
                       {"methodConfig", methods}};
  return config.dump();
}

}  // namespace

const std::string& ServiceConfigJson() {
  static const std::string& config = *new std::string(Build());
  return config;
}

}  // namespace vinculo::clients
