#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

// Numbers as every report of the suite computes and presents them [L-06] [L-07] [L-08].
namespace vinculo::calendar {

enum class Statistic { kMedian, kMean, kP90, kP95, kMin, kMax, kCount };

// "MEDIAN", "MEAN", "P90", "P95", "MIN", "MAX", "COUNT" in either case; nullopt for anything else.
std::optional<Statistic> ParseStatistic(absl::string_view text);
absl::string_view StatisticName(Statistic statistic);

// The statistic of `values` in any order; values must be finite. Unset for an empty set, except COUNT, which is then 0.
// Percentiles interpolate linearly between closest ranks (type 7); a median of an even number is the mean of the middle
// two.
std::optional<double> Compute(Statistic statistic, std::vector<double> values);
// The same without a copy, for values that are already ascending.
std::optional<double> ComputeSorted(Statistic statistic, absl::Span<const double> ascending);
// Type 7 quantile, 0 <= q <= 1, of ascending values; unset when empty.
std::optional<double> Quantile(absl::Span<const double> ascending, double q);

// numerator / denominator as a percentage in hundredths, rounded half away from zero, exact for all int64 counts whose
// result fits: 57+4 of 106+1694 is 339 (3.39 %). Unset when denominator is 0.
std::optional<int64_t> PercentHundredths(int64_t numerator, int64_t denominator);
// The same as a number with two decimals (3.39).
std::optional<double> Percent(int64_t numerator, int64_t denominator);
// The same as text with exactly two decimals ("3.39"); "" when unset, as an empty CSV cell.
std::string FormatPercent(int64_t numerator, int64_t denominator);

// Rounds to two decimals, half away from zero, as presented: 6.125 -> 6.13, -6.125 -> -6.13, and 1.005 -> 1.01 although
// its binary form lies a little below. Never returns -0.
double Round2(double value);
// Round2 as text with exactly two decimals.
std::string Format2(double value);

// [L-06]. `percent` = (current - previous) / |previous| * 100, unset when previous is 0 or either is unset; `absolute`
// is unset when either is unset.
struct Change {
  std::optional<double> absolute;
  std::optional<double> percent;
};
Change ChangeOf(std::optional<double> current, std::optional<double> previous);

}  // namespace vinculo::calendar
