#pragma once

#include <cstdint>
#include <optional>

namespace vinculo::support {

// The numbers of the contract.
enum class Stat { kMedian = 1, kMean, kP90, kP95, kMin, kMax, kCount };

// Where a statistic lies among n ascending values: between the ranks `low` and `low + 1` (from 0), `weight` of the way. A weight
// of 0 needs only `low`. n >= 1; not for kMean and kCount.
struct Rank {
  int64_t low = 0;
  double weight = 0;
};
constexpr Rank RankOf(Stat stat, int64_t n) {
  double q = 0.5;
  if (stat == Stat::kP90) q = 0.9;
  if (stat == Stat::kP95) q = 0.95;
  if (stat == Stat::kMin) q = 0;
  if (stat == Stat::kMax) q = 1;
  const double position = q * static_cast<double>(n - 1);
  const int64_t low = static_cast<int64_t>(position);
  return {low, position - static_cast<double>(low)};
}

}  // namespace vinculo::support
