#include "services/messaging/store/policy_repository.h"

#include "common/json/stored_json_memo.h"
#include "common/status/status_macros.h"
#include "services/messaging/store/hours_json.h"

namespace vinculo::messaging {
namespace {

using Json = nlohmann::json;

constexpr size_t kRemembered = 64;  // policies, in each thread

constexpr sql::Query kGet{"policy_get", "SELECT settings, revision FROM policy WHERE tenant_id = ?"};
constexpr sql::Query kPut{"policy_put",
                          "INSERT INTO policy (tenant_id, settings, revision, updated_at) VALUES (?, ?, ?, ?) ON "
                          "CONFLICT (tenant_id) DO UPDATE SET settings = excluded.settings, revision = "
                          "excluded.revision, updated_at = excluded.updated_at"};

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
  static thread_local StoredJsonMemo<Policy> memo(kRemembered);
  absl::Status decoded;
  const auto read = [&](const sql::Row& r) {
    absl::StatusOr<Policy> policy = memo.Decode(r.Text(0), Read);
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
