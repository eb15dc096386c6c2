#include "services/messaging/store/hours_json.h"

namespace vinculo::messaging {

using Json = nlohmann::json;

Json HoursJson(const WeeklyHours& week) {
  Json days = Json::array();
  for (const auto& day : week) {
    Json intervals = Json::array();
    for (const calendar::OpenInterval& i : day) intervals.push_back({i.open, i.close});
    days.push_back(std::move(intervals));
  }
  return days;
}

WeeklyHours ReadHours(const Json& days) {
  WeeklyHours week;
  for (size_t day = 0; day < week.size(); ++day) {
    for (const Json& i : days.at(day)) week[day].push_back({i.at(0).get<int32_t>(), i.at(1).get<int32_t>()});
  }
  return week;
}

Json ProtectionJson(const Protection& p) {
  return {{"fail", p.failure_percent},
          {"cap", p.capped_percent},
          {"n", p.outcomes},
          {"out", p.opt_out_percent},
          {"out_from", p.opt_out_from},
          {"unknown", p.unknowns_per_minute},
          {"silence", absl::ToInt64Seconds(p.silence)}};
}

Protection ReadProtection(const Json& j) {
  return {.failure_percent = j.at("fail"),
          .capped_percent = j.at("cap"),
          .outcomes = j.at("n"),
          .opt_out_percent = j.at("out"),
          .opt_out_from = j.at("out_from"),
          .unknowns_per_minute = j.at("unknown"),
          .silence = absl::Seconds(j.at("silence").get<int64_t>())};
}

}  // namespace vinculo::messaging
