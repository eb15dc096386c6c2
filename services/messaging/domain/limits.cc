#include "services/messaging/domain/limits.h"

#include <algorithm>

namespace vinculo::messaging {
namespace {

int Find(const std::vector<LevelMeaning>& levels, absl::string_view word, int unknown) {
  for (const LevelMeaning& level : levels) {
    if (level.word == word) return level.value;
  }
  return unknown;
}

}  // namespace

int LevelTable::Reach(absl::string_view tier) const { return Find(tiers, tier, kFirstTier); }

int LevelTable::Throughput(absl::string_view level) const { return Find(throughputs, level, kStandardThroughput); }

std::string TierOf(const LevelTable& table, int64_t people) {
  for (const LevelMeaning& level : table.tiers) {
    if (level.value == people) return level.word;
  }
  return "";
}

int OutboundRate(int throughput, int inbound) {
  const int least = std::max(1, throughput / 20);
  return std::max(1, throughput - std::max(inbound, least));
}

absl::Time PairFreeAt(std::optional<absl::Time> paid_at, int debt_max, absl::Time now) {
  if (!paid_at || *paid_at <= now) return now;
  return std::max(now, *paid_at - kPairCost * (debt_max - 1));
}

absl::Time PairPaidAt(std::optional<absl::Time> paid_at, absl::Time now) {
  return std::max(paid_at.value_or(now), now) + kPairCost;
}

int64_t ReachBudget::LimitFor(bool bulk) const {
  if (unlimited()) return INT64_MAX;
  return bulk ? limit - (static_cast<int64_t>(limit) + 49) / 50 : limit;
}

}  // namespace vinculo::messaging
