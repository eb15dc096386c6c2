#include "services/messaging/store/count_deltas.h"

#include "common/status/status_macros.h"
#include "services/messaging/store/cost_repository.h"

namespace vinculo::messaging {
namespace {

constexpr sql::Query kAddCount{
    "campaign_count_add",
    "INSERT INTO campaign_count (tenant_id, campaign_id, state, reason, count) VALUES (?, ?, ?, ?, ?) ON CONFLICT "
    "(tenant_id, campaign_id, state, reason) DO UPDATE SET count = campaign_count.count + excluded.count"};
constexpr sql::Query kAddCost{
    "campaign_cost_add",
    "INSERT INTO campaign_cost (tenant_id, campaign_id, kind, currency, messages, micros) VALUES (?, ?, ?, ?, ?, ?) ON "
    "CONFLICT (tenant_id, campaign_id, kind, currency) DO UPDATE SET messages = campaign_cost.messages + "
    "excluded.messages, micros = campaign_cost.micros + excluded.micros"};

}  // namespace

void CountDeltas::Move(const Uuid& campaign, RecipientState from, const std::string& from_reason, RecipientState to,
                       const std::string& to_reason) {
  Add(campaign, from, from_reason, -1);
  Add(campaign, to, to_reason, 1);
}

void CountDeltas::Add(const Uuid& campaign, RecipientState state, const std::string& reason, int64_t n) {
  deltas_[{campaign, state, reason}] += n;
  if (state == RecipientState::kOptOut && n > 0) found_[campaign].opt_outs = true;
}

void CountDeltas::AddCost(const Uuid& campaign, const CostShares& before, const CostShares& after) {
  if (before.empty() && after.empty()) return;
  CostShares& sum = costs_[campaign];
  AddShares(before, -1, sum);
  AddShares(after, 1, sum);
}

void CountDeltas::Find(const Uuid& campaign, Outcome outcome) {
  if (outcome != Outcome::kNone) found_[campaign].outcomes += static_cast<char>(outcome);
}

absl::Status CountDeltas::Flush(sql::Transaction& tx) {
  for (const auto& [key, n] : deltas_) {
    if (n != 0)
      RETURN_IF_ERROR(tx.Exec(kAddCount, tx.tenant(), std::get<0>(key), std::get<1>(key), std::get<2>(key), n));
  }
  for (const auto& [campaign, shares] : costs_) {
    for (const auto& [key, share] : shares) {
      if (share.messages == 0 && share.micros == 0) continue;
      RETURN_IF_ERROR(tx.Exec(kAddCost, tx.tenant(), campaign, key.first, key.second, share.messages, share.micros));
    }
  }
  deltas_.clear();
  costs_.clear();
  return figures.Flush(tx);
}

absl::StatusOr<std::optional<CostRate>> CountDeltas::Rate(sql::Transaction& tx, const std::string& country,
                                                          const std::string& category, absl::CivilDay day) {
  const auto key = std::tuple(country, category, day);
  const auto known = rates_.find(key);
  if (known != rates_.end()) return known->second;
  ASSIGN_OR_RETURN(std::optional<CostRate> rate, CostRepository::FindRate(tx, country, category, day));
  return rates_.emplace(key, std::move(rate)).first->second;
}

std::vector<sql::Query> CountDeltas::Queries() { return {kAddCount, kAddCost}; }

}  // namespace vinculo::messaging
