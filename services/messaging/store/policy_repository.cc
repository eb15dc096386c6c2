#include "services/messaging/store/policy_repository.h"

#include "common/json/json_text.h"
#include "common/status/status_macros.h"

namespace vinculo::messaging {
namespace {

using Json = nlohmann::json;

constexpr sql::Query kGet{"policy_get", "SELECT settings, revision FROM policy WHERE tenant_id = ?"};
constexpr sql::Query kPut{"policy_put",
                          "INSERT INTO policy (tenant_id, settings, revision, updated_at) VALUES (?, ?, ?, ?) ON "
                          "CONFLICT (tenant_id) DO UPDATE SET settings = excluded.settings, revision = "
                          "excluded.revision, updated_at = excluded.updated_at"};

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

std::string Encode(const Policy& p) {
  return DumpJson({{"zone", p.time_zone},
                   {"hours", HoursJson(p.allowed_hours)},
                   {"cap", p.frequency_cap},
                   {"cap_window", absl::ToInt64Seconds(p.frequency_window)},
                   {"utility_grant", p.utility_needs_grant},
                   {"barred", p.barred_countries},
                   {"confirm", p.confirm_opt_out},
                   {"confirm_texts", p.opt_out_texts},
                   {"attribution", absl::ToInt64Seconds(p.attribution_window)},
                   {"unreachable_days", p.unreachable_days},
                   {"unreachable_for", absl::ToInt64Seconds(p.unreachable_for)},
                   {"protection", ProtectionJson(p.protection)}});
}

Policy Read(const Json& j) {
  return {.time_zone = j.at("zone"),
          .allowed_hours = ReadHours(j.at("hours")),
          .frequency_cap = j.at("cap"),
          .frequency_window = absl::Seconds(j.at("cap_window").get<int64_t>()),
          .utility_needs_grant = j.at("utility_grant"),
          .barred_countries = j.at("barred"),
          .confirm_opt_out = j.at("confirm"),
          .opt_out_texts = j.at("confirm_texts"),
          .attribution_window = absl::Seconds(j.at("attribution").get<int64_t>()),
          .unreachable_days = j.at("unreachable_days"),
          .unreachable_for = absl::Seconds(j.at("unreachable_for").get<int64_t>()),
          .protection = ReadProtection(j.at("protection"))};
}

}  // namespace

absl::StatusOr<Policy> PolicyRepository::Get(sql::Transaction& tx) {
  absl::Status decoded;
  const auto read = [&](const sql::Row& r) {
    absl::StatusOr<Policy> policy = DecodeStoredJson<Policy>(r.Text(0), Read);
    if (!policy.ok()) decoded = policy.status();
    Policy out = policy.ok() ? *std::move(policy) : Policy();
    out.revision = r.Int(1);
    return out;
  };
  ASSIGN_OR_RETURN(std::optional<Policy> found, tx.Find(kGet, read, tx.tenant()));
  RETURN_IF_ERROR(decoded);
  return found ? *std::move(found) : Policy();
}

absl::Status PolicyRepository::Put(sql::Transaction& tx, Policy& policy, absl::Time now) {
  ++policy.revision;
  return tx.Exec(kPut, tx.tenant(), Encode(policy), policy.revision, now);
}

std::vector<sql::Query> PolicyRepository::Queries() { return {kGet, kPut}; }

}  // namespace vinculo::messaging
