#include "services/profiling/config.h"

#include "absl/flags/flag.h"
#include "common/text/phone.h"

ABSL_FLAG(std::string, messaging, "",
          "host:port of the messaging service; empty: questions wait, and nothing comes in from there");
ABSL_FLAG(std::string, store_key_file, "",
          "file whose content seals secrets at rest and signs reply ids; empty: derived from --service_key, so that a "
          "new service key makes "
          "connectors' secrets unreadable");
ABSL_FLAG(std::string, outbound_allow, "",
          "host:port,... that connectors may reach over plain http; empty: https only");
ABSL_FLAG(std::string, default_region, "AR", "ISO country of phone numbers that people write without one");
ABSL_FLAG(std::string, legal_basis, "CONSENT",
          "CONSENT: leads go out when the flow's purpose was granted; CONTRACT: always");

namespace vinculo::profiling {

Config ReadConfig(flags::Checker& check) {
  Config config;
  config.service = rpc::ReadServiceFlags("profiling", check);
  config.messaging = absl::GetFlag(FLAGS_messaging);
  check.Require(config.messaging.empty() || !config.service.service_key.empty(), "service_key",
                "is needed to call the service named by --messaging");
  const std::string file = absl::GetFlag(FLAGS_store_key_file);
  if (!file.empty()) {
    config.master = check.SecretFile("store_key_file", file);
  } else if (!config.service.service_key.empty()) {
    config.master = check.SecretFile("service_key", config.service.service_key);
  } else {
    check.Problem("store_key_file", "is needed where there is no --service_key");
  }
  config.outbound = check.AddressList("outbound_allow", absl::GetFlag(FLAGS_outbound_allow));
  config.default_region = absl::GetFlag(FLAGS_default_region);
  check.Require(text::IsPhoneRegion(config.default_region), "default_region", "must be an ISO country such as AR");
  config.contract_is_basis =
      check.OneOf("legal_basis", absl::GetFlag(FLAGS_legal_basis), {"CONSENT", "CONTRACT"}) == "CONTRACT";
  return config;
}

}  // namespace vinculo::profiling
