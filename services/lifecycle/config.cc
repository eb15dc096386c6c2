#include "services/lifecycle/config.h"

#include "absl/flags/flag.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "common/calendar/zone.h"

ABSL_FLAG(std::string, support, "", "host:port of the support service; empty: no conversations and ratings come in");
ABSL_FLAG(std::string, time_zone, vinculo::calendar::kDefaultZone,
          "IANA zone whose days, weeks and months count; after a change call RebuildRollups");
ABSL_FLAG(absl::Duration, evaluation_lag, absl::Hours(6), "how long a week must be over before the timer evaluates it");
ABSL_FLAG(int, adopt_enter, 70, "ADOPTION above this percentage over 4 weeks");
ABSL_FLAG(int, success_enter, 70, "SUCCESS above this percentage over 16 weeks of regular use");
ABSL_FLAG(int, low_enter, 40, "LOW_USAGE below this percentage over 4 weeks");
ABSL_FLAG(int, low_exit, 45, "LOW_USAGE is left at this percentage");
ABSL_FLAG(bool, low_zero_volume, true, "four weeks without anything started are LOW_USAGE");
ABSL_FLAG(int, min_volume, 1, "ratios over fewer started items are not used by rules");
ABSL_FLAG(int, maturity_lag_days, 0, "windows of the stage rules end this many days earlier, so that items can mature");
ABSL_FLAG(std::string, health_bands, "Churn Risk:0,Needs Attention:35,Top Performer:70",
          "tiers with their lower bounds, lowest first");
ABSL_FLAG(double, health_band_margin, 2, "points beyond a cut that pass it at once");
ABSL_FLAG(std::string, account_stage_policy, "MIN",
          "stage of an account from those of its modules: MIN, MAX or VOLUME_WEIGHTED");

namespace vinculo::lifecycle {
namespace {

std::vector<Band> ParseBands(const std::string& text, flags::Checker& check) {
  std::vector<Band> bands;
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    const std::pair<absl::string_view, absl::string_view> pair = absl::StrSplit(part, absl::MaxSplits(':', 1));
    Band band{std::string(pair.first), 0};
    if (!absl::SimpleAtod(pair.second, &band.lower))
      check.Problem("health_bands", "must look like Churn Risk:0,Needs Attention:35");
    bands.push_back(std::move(band));
  }
  return bands;
}

AccountStagePolicy ParsePolicy(const std::string& name) {
  if (name == "MAX") return AccountStagePolicy::kMax;
  return name == "VOLUME_WEIGHTED" ? AccountStagePolicy::kVolumeWeighted : AccountStagePolicy::kMin;
}

Settings ReadSettings(flags::Checker& check) {
  Settings settings;
  const auto zone = calendar::LoadZone(absl::GetFlag(FLAGS_time_zone));
  check.Require(zone.ok(), "time_zone", "must be an IANA zone such as America/Argentina/Buenos_Aires");
  if (zone.ok()) settings.zone = *zone;
  settings.evaluation_lag = absl::GetFlag(FLAGS_evaluation_lag);
  settings.rules.adopt_enter = absl::GetFlag(FLAGS_adopt_enter);
  settings.rules.success_enter = absl::GetFlag(FLAGS_success_enter);
  settings.rules.low_enter = absl::GetFlag(FLAGS_low_enter);
  settings.rules.low_exit = absl::GetFlag(FLAGS_low_exit);
  settings.rules.low_zero_volume = absl::GetFlag(FLAGS_low_zero_volume);
  settings.rules.min_volume = absl::GetFlag(FLAGS_min_volume);
  settings.rules.maturity_lag_days = absl::GetFlag(FLAGS_maturity_lag_days);
  settings.health.bands = ParseBands(absl::GetFlag(FLAGS_health_bands), check);
  settings.health.margin = absl::GetFlag(FLAGS_health_band_margin);
  settings.account_stage_policy = ParsePolicy(check.OneOf(
      "account_stage_policy", absl::GetFlag(FLAGS_account_stage_policy), {"MIN", "MAX", "VOLUME_WEIGHTED"}));
  FieldViolations bad;
  CheckSettings(settings, bad);
  for (const FieldViolation& violation : bad.violations()) check.Problem(violation.field, violation.description);
  return settings;
}

}  // namespace

Config ReadConfig(flags::Checker& check) {
  Config config;
  config.service = rpc::ReadServiceFlags("lifecycle", check);
  config.support = absl::GetFlag(FLAGS_support);
  check.Require(config.support.empty() || !config.service.service_key.empty(), "service_key",
                "is needed to call the service named by --support");
  config.settings = ReadSettings(check);
  return config;
}

}  // namespace vinculo::lifecycle
