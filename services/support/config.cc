#include "services/support/config.h"

#include "absl/flags/flag.h"
#include "common/calendar/zone.h"

ABSL_FLAG(std::string, messaging, "",
          "host:port of the messaging service; empty: replies on WhatsApp wait, and nothing comes in from there");
ABSL_FLAG(std::string, profiling, "", "host:port of the profiling service; empty: no hand-offs come in");
ABSL_FLAG(std::string, time_zone, vinculo::calendar::kDefaultZone,
          "IANA zone whose days and weeks the reports count; after a change call RebuildMetrics");
ABSL_FLAG(std::string, survey_url, "http://localhost/rate/",
          "what the token of a survey is appended to, for channels other than WhatsApp");

namespace vinculo::support {

Config ReadConfig(flags::Checker& check) {
  Config config;
  config.service = rpc::ReadServiceFlags("support", check);
  config.messaging = absl::GetFlag(FLAGS_messaging);
  config.profiling = absl::GetFlag(FLAGS_profiling);
  const bool calls_others = !config.messaging.empty() || !config.profiling.empty();
  check.Require(!calls_others || !config.service.service_key.empty(), "service_key",
                "is needed to call the services named by --messaging and --profiling");
  const auto zone = calendar::LoadZone(absl::GetFlag(FLAGS_time_zone));
  check.Require(zone.ok(), "time_zone", "must be an IANA zone such as America/Argentina/Buenos_Aires");
  if (zone.ok()) config.zone = *zone;
  config.survey_url = check.Required("survey_url", absl::GetFlag(FLAGS_survey_url));
  return config;
}

}  // namespace vinculo::support
