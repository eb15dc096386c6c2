#include "clients/cpp/service_config.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/descriptor_database.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace vinculo::clients {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::MethodDescriptor;
using nlohmann::json;

constexpr absl::Duration kReadTimeout = absl::Seconds(2);
constexpr absl::Duration kWriteTimeout = absl::Seconds(5);

bool IsStream(const MethodDescriptor* method) { return method->client_streaming() || method->server_streaming(); }

bool HasRequestId(const MethodDescriptor* method) {
  return method->input_type()->FindFieldByName("request_id") != nullptr;
}

json RetryPolicy(bool write) {
  return {{"maxAttempts", write ? 3 : 4},
          {"initialBackoff", write ? "0.1s" : "0.05s"},
          {"maxBackoff", write ? "2s" : "1s"},
          {"backoffMultiplier", 2},
          {"retryableStatusCodes", {"UNAVAILABLE"}}};
}

json MethodConfig(const MethodDescriptor* method, bool timeouts) {
  json config = {{"name", {{{"service", method->service()->full_name()}, {"method", method->name()}}}}};
  if (IsStream(method)) return config;
  if (timeouts) config["timeout"] = absl::StrCat(absl::ToInt64Seconds(DefaultTimeout(method)), "s");
  config["retryPolicy"] = RetryPolicy(/*write=*/HasRequestId(method));
  return config;
}

std::string Build(bool timeouts) {
  std::vector<std::string> files;
  DescriptorPool::internal_generated_database()->FindAllFileNames(&files);
  std::sort(files.begin(), files.end());
  json methods = json::array();
  for (const std::string& name : files) {
    if (!absl::StartsWith(name, "vinculo/")) continue;
    const auto* const file = DescriptorPool::generated_pool()->FindFileByName(name);
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m)
        methods.push_back(MethodConfig(file->service(s)->method(m), timeouts));
    }
  }
  return json{{"loadBalancingConfig", {{{"round_robin", json::object()}}}},
              {"healthCheckConfig", {{"serviceName", ""}}},
              {"retryThrottling", {{"maxTokens", 10}, {"tokenRatio", 0.1}}},
              {"methodConfig", methods}}
      .dump();
}

}  // namespace

absl::Duration DefaultTimeout(const MethodDescriptor* method) {
  if (IsStream(method)) return absl::InfiniteDuration();
  return HasRequestId(method) ? kWriteTimeout : kReadTimeout;
}

const std::string& ServiceConfigJson() {
  static const std::string* const config = new std::string(Build(/*timeouts=*/true));
  return *config;
}

const std::string& ChannelConfigJson() {
  static const std::string* const config = new std::string(Build(/*timeouts=*/false));
  return *config;
}

}  // namespace vinculo::clients
