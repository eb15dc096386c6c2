#include "services/messaging/store/pulse_repository.h"

#include "common/status/status_macros.h"
#include "services/messaging/store/encoding.h"

namespace vinculo::messaging {
namespace {

constexpr sql::Query kGet{
    "campaign_pulse_get",
    "SELECT outcomes, unknowns, base_opt_outs, base_delivered FROM campaign_pulse WHERE tenant_id "
    "= ? AND campaign_id = ?"};
constexpr sql::Query kPut{
    "campaign_pulse_put",
    "INSERT INTO campaign_pulse (tenant_id, campaign_id, outcomes, unknowns, base_opt_outs, base_delivered) VALUES (?, "
    "?, ?, ?, ?, ?) ON CONFLICT (tenant_id, campaign_id) DO UPDATE SET outcomes = excluded.outcomes, unknowns = "
    "excluded.unknowns, base_opt_outs = excluded.base_opt_outs, base_delivered = excluded.base_delivered"};

}  // namespace

absl::StatusOr<Pulse> PulseRepository::Get(sql::Transaction& tx, const Uuid& campaign) {
  const auto read = [](const sql::Row& r) { return Pulse{r.String(0), DecodeTimes(r.Text(1)), r.Int(2), r.Int(3)}; };
  ASSIGN_OR_RETURN(std::optional<Pulse> found, tx.Find(kGet, read, tx.tenant(), campaign));
  return found ? *std::move(found) : Pulse();
}

absl::Status PulseRepository::Put(sql::Transaction& tx, const Uuid& campaign, const Pulse& p) {
  return tx.Exec(kPut, tx.tenant(), campaign, p.outcomes, EncodeTimes(p.unknowns), p.base_opt_outs, p.base_delivered);
}

std::vector<sql::Query> PulseRepository::Queries() { return {kGet, kPut}; }

}  // namespace vinculo::messaging
