#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "clients/vinculoctl/commands.h"
#include "common/status/error.h"
#include "vinculo/messaging/v1/channel_service.pb.h"

namespace vinculo::ctl {
namespace {

namespace v1 = vinculo::messaging::v1;
const std::string kService = "vinculo.messaging.v1.ChannelService/";

struct PolicyOptions {
  std::string time_zone, file;
  std::vector<std::string> hours, barred;
  int frequency_cap = -1;
  int frequency_days = 0;
  bool no_country_barred = false;
};

const char* const kDays[] = {"", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

std::string DaysText(const v1::AllowedHours& hours) {
  if (hours.days().empty()) return "every day";
  return absl::StrJoin(hours.days(), " ", [](std::string* out, int day) {
    absl::StrAppend(out, day >= 1 && day <= 7 ? kDays[day] : "?");
  });
}

void PrintPolicy(const Context& context, const v1::Policy& policy) {
  if (context.format != Format::kTable) return PrintOne(std::cout, context.format, policy, {});
  std::cout << "time zone:          " << policy.time_zone() << "\n";
  for (const v1::AllowedHours& hours : policy.allowed_hours())
    std::cout << "marketing allowed:  " << hours.from() << "-" << hours.until() << " " << DaysText(hours) << "\n";
  std::cout << "marketing cap:      " << policy.frequency_cap() << " per contact in "
            << policy.frequency_window().seconds() / 86400 << " days\n"
            << "countries barred:   " << absl::StrJoin(policy.barred_countries(), " ") << "\n"
            << "confirm opt-outs:   " << (policy.confirm_opt_out() ? "yes" : "no") << "\n"
            << "answers credited:   within " << policy.attribution_window().seconds() / 3600 << " hours\n";
}

// "09:00-21:00", or for some days "09:00-21:00@1,2,3,4,5" with 1 for Monday.
absl::Status ParseHours(const std::string& text, v1::AllowedHours* out) {
  const std::vector<std::string> sides = absl::StrSplit(text, absl::MaxSplits('@', 1));
  const std::vector<std::string> span = absl::StrSplit(sides[0], absl::MaxSplits('-', 1));
  if (span.size() != 2) {
    return Error(absl::StatusCode::kInvalidArgument, "HOURS",
                 absl::StrCat("--hours wants 09:00-21:00, or 09:00-13:00@6 for Saturdays, not ", text));
  }
  out->set_from(span[0]);
  out->set_until(span[1]);
  if (sides.size() < 2) return absl::OkStatus();
  for (const absl::string_view day : absl::StrSplit(sides[1], ',')) {
    int number = 0;
    if (!absl::SimpleAtoi(day, &number))
      return Error(absl::StatusCode::kInvalidArgument, "HOURS", absl::StrCat("days are 1 (Monday) to 7, not ", day));
    out->add_days(number);
  }
  return absl::OkStatus();
}

void Set(const Context& context, const PolicyOptions& options) {
  v1::UpdatePolicyRequest request;
  v1::Policy* policy = request.mutable_policy();
  const auto changes = [&](const char* field) { request.mutable_update_mask()->add_paths(field); };
  if (!options.time_zone.empty()) {
    policy->set_time_zone(options.time_zone);
    changes("time_zone");
  }
  for (const std::string& hours : options.hours) Check(ParseHours(hours, policy->add_allowed_hours()));
  if (!options.hours.empty()) changes("allowed_hours");
  if (options.frequency_cap >= 0) {
    policy->set_frequency_cap(options.frequency_cap);
    changes("frequency_cap");
  }
  if (options.frequency_days > 0) {
    policy->mutable_frequency_window()->set_seconds(options.frequency_days * 86400L);
    changes("frequency_window");
  }
  for (const std::string& country : options.barred) policy->add_barred_countries(country);
  if (!options.barred.empty() || options.no_country_barred) changes("barred_countries");
  if (request.update_mask().paths().empty()) {
    Check(Error(absl::StatusCode::kInvalidArgument, "NOTHING_TO_SET",
                "say what to change; `vinculoctl policy set --help` lists it"));
  }
  v1::Policy updated;
  Check(context.session().Call(kService + "UpdatePolicy", request, &updated));
  PrintPolicy(context, updated);
}

}  // namespace

void AddPolicyCommands(CLI::App& app, Context& context) {
  CLI::App* policy = app.add_subcommand("policy", "what the company decides once for all its sending");
  policy->require_subcommand(1);
  CLI::App* get = policy->add_subcommand("get", "show the policy");
  get->callback([&context] {
    v1::GetPolicyRequest request;
    v1::Policy found;
    Check(context.session().Call(kService + "GetPolicy", request, &found));
    PrintPolicy(context, found);
  });

  auto options = std::make_shared<PolicyOptions>();
  CLI::App* set = policy->add_subcommand("set", "change the policy; what is not named stays");
  set->add_option("--time-zone", options->time_zone, "IANA name, such as America/Argentina/Buenos_Aires");
  set->add_option("--hours", options->hours,
                  "when marketing may begin: 09:00-21:00, or 09:00-13:00@6 for Saturdays; repeat");
  set->add_option("--frequency-cap", options->frequency_cap, "marketing messages per contact; 0 is no cap");
  set->add_option("--frequency-days", options->frequency_days, "the days that the cap looks back");
  set->add_option("--barred", options->barred, "countries that marketing does not go to, such as US; repeat");
  set->add_flag("--no-country-barred", options->no_country_barred, "marketing goes everywhere");
  set->callback([&context, options] { Set(context, *options); });
}

}  // namespace vinculo::ctl
