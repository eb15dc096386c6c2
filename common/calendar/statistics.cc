#include "common/calendar/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "absl/numeric/int128.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"

namespace vinculo::calendar {

std::optional<Statistic> ParseStatistic(absl::string_view text) {
  const std::string upper = absl::AsciiStrToUpper(text);
  for (Statistic statistic : {Statistic::kMedian, Statistic::kMean, Statistic::kP90, Statistic::kP95, Statistic::kMin,
                              Statistic::kMax, Statistic::kCount}) {
    if (upper == StatisticName(statistic)) return statistic;
  }
  return std::nullopt;
}

absl::string_view StatisticName(Statistic statistic) {
  switch (statistic) {
    case Statistic::kMedian:
      return "MEDIAN";
    case Statistic::kMean:
      return "MEAN";
    case Statistic::kP90:
      return "P90";
    case Statistic::kP95:
      return "P95";
    case Statistic::kMin:
      return "MIN";
    case Statistic::kMax:
      return "MAX";
    case Statistic::kCount:
      return "COUNT";
  }
  return "";
}

std::optional<double> Quantile(absl::Span<const double> ascending, double q) {
  if (ascending.empty()) return std::nullopt;
  const double rank = q * static_cast<double>(ascending.size() - 1);
  const size_t below = std::min(static_cast<size_t>(rank), ascending.size() - 1);
  const size_t above = std::min(below + 1, ascending.size() - 1);
  return std::lerp(ascending[below], ascending[above], rank - static_cast<double>(below));
}

std::optional<double> ComputeSorted(Statistic statistic, absl::Span<const double> ascending) {
  if (statistic == Statistic::kCount) return static_cast<double>(ascending.size());
  if (ascending.empty()) return std::nullopt;
  const size_t n = ascending.size();
  switch (statistic) {
    case Statistic::kMedian:
      return std::midpoint(ascending[(n - 1) / 2], ascending[n / 2]);
    case Statistic::kMean:
      return std::accumulate(ascending.begin(), ascending.end(), 0.0) / static_cast<double>(n);
    case Statistic::kP90:
      return Quantile(ascending, 0.90);
    case Statistic::kP95:
      return Quantile(ascending, 0.95);
    case Statistic::kMin:
      return ascending.front();
    case Statistic::kMax:
      return ascending.back();
    case Statistic::kCount:
      break;
  }
  return std::nullopt;
}

std::optional<double> Compute(Statistic statistic, std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return ComputeSorted(statistic, values);
}

std::optional<int64_t> PercentHundredths(int64_t numerator, int64_t denominator) {
  if (denominator == 0) return std::nullopt;
  const bool negative = (numerator < 0) != (denominator < 0);
  absl::int128 n = numerator, d = denominator;
  if (n < 0) n = -n;
  if (d < 0) d = -d;
  const absl::int128 hundredths = (n * 20000 + d) / (2 * d);
  if (hundredths > std::numeric_limits<int64_t>::max()) return std::nullopt;
  const int64_t magnitude = static_cast<int64_t>(hundredths);
  return negative ? -magnitude : magnitude;
}

std::optional<double> Percent(int64_t numerator, int64_t denominator) {
  const std::optional<int64_t> hundredths = PercentHundredths(numerator, denominator);
  if (!hundredths) return std::nullopt;
  return static_cast<double>(*hundredths) / 100.0;
}

std::string FormatPercent(int64_t numerator, int64_t denominator) {
  const std::optional<int64_t> hundredths = PercentHundredths(numerator, denominator);
  if (!hundredths) return "";
  const uint64_t magnitude = *hundredths < 0 ? 0 - static_cast<uint64_t>(*hundredths) : *hundredths;
  return absl::StrFormat("%s%d.%02d", *hundredths < 0 ? "-" : "", magnitude / 100, magnitude % 100);
}

double Round2(double value) {
  // Two units in the last place: a value whose decimal form ends in 5 may lie that little below the half.
  const double scaled = value * 100.0;
  const double rounded = std::round(scaled + scaled * 2 * std::numeric_limits<double>::epsilon()) / 100.0;
  return rounded == 0 ? 0 : rounded;
}

std::string Format2(double value) { return absl::StrFormat("%.2f", Round2(value)); }

Change ChangeOf(std::optional<double> current, std::optional<double> previous) {
  Change change;
  if (!current || !previous) return change;
  change.absolute = *current - *previous;
  if (*previous != 0) change.percent = *change.absolute / std::abs(*previous) * 100.0;
  return change;
}

}  // namespace vinculo::calendar
