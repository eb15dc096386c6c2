#include "services/messaging/store/cost_repository.h"

#include "common/status/status_macros.h"

namespace vinculo::messaging {
namespace {

#define RATE "country, category, valid_from, valid_to, currency, micros"
constexpr sql::Query kPut{"cost_rate_put",
                          "INSERT INTO cost_rate (tenant_id, " RATE
                          ") VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant_id, country, category, valid_from) DO "
                          "UPDATE SET valid_to = excluded.valid_to, currency = excluded.currency, micros = "
                          "excluded.micros"};
constexpr sql::Query kDeleteAll{"cost_rate_delete", "DELETE FROM cost_rate WHERE tenant_id = ?"};
constexpr sql::Query kCount{"cost_rate_count", "SELECT COUNT(*) FROM cost_rate WHERE tenant_id = ?"};
constexpr sql::Query kList{"cost_rate_list",
                           "SELECT " RATE
                           " FROM cost_rate WHERE tenant_id = ? AND (country, category, valid_from) > (?, ?, ?) ORDER "
                           "BY country, category, valid_from LIMIT ?"};
constexpr sql::Query kListOf{"cost_rate_list_of",
                             "SELECT " RATE
                             " FROM cost_rate WHERE tenant_id = ? AND country = ? AND (category, valid_from) > (?, ?) "
                             "ORDER BY category, valid_from LIMIT ?"};
constexpr sql::Query kFind{"cost_rate_find",
                           "SELECT " RATE
                           " FROM cost_rate WHERE tenant_id = ? AND country = ? AND category = ? AND valid_from <= ? "
                           "ORDER BY valid_from DESC LIMIT 1"};
constexpr sql::Query kCosts{
    "campaign_cost_get",
    "SELECT kind, currency, messages, micros FROM campaign_cost WHERE tenant_id = ? AND campaign_id = ? AND (messages "
    "<> 0 OR micros <> 0)"};
constexpr sql::Query kRecount{
    "campaign_cost_recount",
    "SELECT phase, sent_at, delivered_at, read_at, failed_at, expired_at, billable, price, currency, reserved FROM "
    "message WHERE tenant_id = ? AND campaign_id = ? AND campaign_id IS NOT NULL"};

int64_t DayNumber(absl::CivilDay day) { return day - absl::CivilDay(); }
absl::CivilDay DayOf(int64_t number) { return absl::CivilDay() + number; }

CostRate ReadRate(const sql::Row& r) {
  CostRate rate{r.String(0), r.String(1), DayOf(r.Int(2)), std::nullopt, r.String(4), r.Int(5)};
  if (!r.IsNull(3)) rate.valid_to = DayOf(r.Int(3));
  return rate;
}

}  // namespace

absl::Status CostRepository::PutRate(sql::Transaction& tx, const CostRate& rate) {
  std::optional<int64_t> to;
  if (rate.valid_to) to = DayNumber(*rate.valid_to);
  return tx.Exec(kPut, tx.tenant(), rate.country, rate.category, DayNumber(rate.valid_from), to, rate.currency,
                 rate.micros);
}

absl::Status CostRepository::DeleteRates(sql::Transaction& tx) { return tx.Exec(kDeleteAll, tx.tenant()); }

absl::StatusOr<int> CostRepository::CountRates(sql::Transaction& tx) {
  const auto read = [](const sql::Row& r) { return static_cast<int>(r.Int(0)); };
  ASSIGN_OR_RETURN(const std::optional<int> n, tx.Find(kCount, read, tx.tenant()));
  return n.value_or(0);
}

absl::StatusOr<std::vector<CostRate>> CostRepository::ListRates(sql::Transaction& tx, const std::string& country,
                                                                const CostRate& after, int limit) {
  std::vector<CostRate> out;
  const auto read = [&](const sql::Row& r) { out.push_back(ReadRate(r)); };
  const int64_t from = DayNumber(after.valid_from);
  RETURN_IF_ERROR(country.empty() ? tx.Each(kList, read, tx.tenant(), after.country, after.category, from, limit)
                                  : tx.Each(kListOf, read, tx.tenant(), country, after.category, from, limit));
  return out;
}

absl::StatusOr<std::optional<CostRate>> CostRepository::FindRate(sql::Transaction& tx, const std::string& country,
                                                                 const std::string& category, absl::CivilDay day) {
  ASSIGN_OR_RETURN(std::optional<CostRate> rate,
                   tx.Find(kFind, ReadRate, tx.tenant(), country, category, DayNumber(day)));
  if (rate && rate->valid_to && day >= *rate->valid_to) return std::nullopt;
  return rate;
}

absl::StatusOr<CostShares> CostRepository::OfCampaign(sql::Transaction& tx, const Uuid& campaign) {
  CostShares out;
  const auto read = [&](const sql::Row& r) {
    out[{static_cast<CostKind>(r.Int(0)), r.String(1)}] = {r.Int(2), r.Int(3)};
  };
  RETURN_IF_ERROR(tx.Each(kCosts, read, tx.tenant(), campaign));
  return out;
}

absl::StatusOr<CostShares> CostRepository::Recount(sql::Transaction& tx, const Uuid& campaign) {
  CostShares out;
  const auto read = [&](const sql::Row& r) {
    Message m;
    m.progress.phase = static_cast<Phase>(r.Int(0));
    m.progress.sent_at = r.OptionalTime(1);
    m.progress.delivered_at = r.OptionalTime(2);
    m.progress.read_at = r.OptionalTime(3);
    m.progress.failed_at = r.OptionalTime(4);
    m.progress.expired_at = r.OptionalTime(5);
    if (!r.IsNull(6)) m.billable = r.Bool(6);
    m.price = r.OptionalInt(7);
    m.currency = r.String(8);
    m.reserved = r.Int(9);
    AddShares(SharesOf(m), 1, out);
  };
  RETURN_IF_ERROR(tx.Each(kRecount, read, tx.tenant(), campaign));
  return out;
}

std::vector<sql::Query> CostRepository::Queries() {
  return {kPut, kDeleteAll, kCount, kList, kListOf, kFind, kCosts, kRecount};
}

}  // namespace vinculo::messaging
