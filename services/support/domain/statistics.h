#pragma once

#include <cstdint>

#include "common/calendar/statistics.h"

namespace vinculo::support {

// Where a statistic lies among n ascending values: between the ranks `low` and `low + 1` (from 0), `weight` of the way.
// A weight of 0 needs only `low`. n >= 1; not for the mean and the count, which need no ranks.
struct Rank {
  int64_t low = 0;
  double weight = 0;
};
constexpr Rank RankOf(calendar::Statistic stat, int64_t n) {
  double q = 0.5;
  if (stat == calendar::Statistic::kP90) q = 0.9;
  if (stat == calendar::Statistic::kP95) q = 0.95;
  if (stat == calendar::Statistic::kMin) q = 0;
  if (stat == calendar::Statistic::kMax) q = 1;
  const double position = q * static_cast<double>(n - 1);
  const int64_t low = static_cast<int64_t>(position);
  return {low, position - static_cast<double>(low)};
}

}  // namespace vinculo::support
