#include "common/calendar/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace vinculo::calendar {
namespace {

TEST(Statistics, MedianOfEvenIsTheMeanOfTheMiddle) {
  EXPECT_EQ(Compute(Statistic::kMedian, {8, 5}), 6.5);
  EXPECT_EQ(Compute(Statistic::kMedian, {600, 60, 300, 120}), 210);
  EXPECT_EQ(Compute(Statistic::kMedian, {3, 1, 2}), 2);
}

TEST(Statistics, EmptyIsUnsetWithCountZero) {
  for (Statistic s :
       {Statistic::kMedian, Statistic::kMean, Statistic::kP90, Statistic::kP95, Statistic::kMin, Statistic::kMax}) {
    EXPECT_FALSE(Compute(s, {}).has_value()) << StatisticName(s);
    EXPECT_EQ(Compute(s, {7}), 7) << StatisticName(s);
    EXPECT_EQ(ParseStatistic(StatisticName(s)), s);
  }
  EXPECT_EQ(Compute(Statistic::kCount, {}), 0);
  EXPECT_EQ(ParseStatistic("median"), Statistic::kMedian);
  EXPECT_FALSE(ParseStatistic("P99"));
}

TEST(Statistics, PercentilesAreType7) {
  // numpy.percentile([15, 20, 35, 40, 50], [90, 95]) and of 1..10.
  EXPECT_NEAR(*Compute(Statistic::kP90, {15, 20, 35, 40, 50}), 46, 1e-9);
  EXPECT_NEAR(*Compute(Statistic::kP95, {15, 20, 35, 40, 50}), 48, 1e-9);
  EXPECT_NEAR(*Compute(Statistic::kP90, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}), 9.1, 1e-9);
  EXPECT_EQ(Quantile(std::vector<double>{1, 2}, 0), 1);
  EXPECT_EQ(Quantile(std::vector<double>{1, 2}, 1), 2);
}

TEST(Statistics, LieBetweenMinAndMaxInOrder) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<double> values(1 + random() % 50);
    for (double& value : values) value = static_cast<double>(random() % 100000) / 7;
    const double min = *Compute(Statistic::kMin, values), median = *Compute(Statistic::kMedian, values),
                 p90 = *Compute(Statistic::kP90, values), p95 = *Compute(Statistic::kP95, values),
                 max = *Compute(Statistic::kMax, values);
    ASSERT_LE(min, median);
    ASSERT_LE(median, p90);
    ASSERT_LE(p90, p95);
    ASSERT_LE(p95, max);
  }
}

TEST(Percent, RoundsHalfAwayFromZeroFromCounts) {
  EXPECT_EQ(FormatPercent(57 + 4, 106 + 1694), "3.39");
  EXPECT_EQ(FormatPercent(2 + 0, 3 + 3), "33.33");
  EXPECT_EQ(FormatPercent(271 + 56 + 247, 287 + 854 + 305), "39.70");
  EXPECT_EQ(FormatPercent(210 + 5, 228 + 16), "88.11");
  EXPECT_EQ(FormatPercent(1, 800), "0.13");  // 0.125
  EXPECT_EQ(FormatPercent(-1, 800), "-0.13");
  EXPECT_EQ(FormatPercent(1, 100000), "0.00");
  EXPECT_EQ(FormatPercent(5, 0), "");
  EXPECT_EQ(Percent(1, 3), 33.33);
  EXPECT_FALSE(Percent(0, 0));
  EXPECT_EQ(FormatPercent(0, 5), "0.00");
  EXPECT_EQ(PercentHundredths(std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::max()), 10000);
  EXPECT_FALSE(PercentHundredths(std::numeric_limits<int64_t>::max(), 1));
  EXPECT_EQ(PercentHundredths(std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::min()), 10000);
}

TEST(Round2, IsHalfAwayFromZero) {
  EXPECT_EQ(Round2(6.125), 6.13);
  EXPECT_EQ(Round2(-6.125), -6.13);
  EXPECT_EQ(Round2(1.005), 1.01);
  EXPECT_EQ(Round2(2.675), 2.68);
  EXPECT_EQ(Round2(0.004999), 0);
  EXPECT_FALSE(std::signbit(Round2(-0.001)));
  EXPECT_EQ(Format2(4.25), "4.25");
  EXPECT_EQ(Format2(-0.001), "0.00");
  EXPECT_EQ(Format2(13.142857), "13.14");
}

TEST(Change, IsUnsetWithoutAPreviousValue) {
  EXPECT_EQ(ChangeOf(150, 100).percent, 50);
  EXPECT_EQ(ChangeOf(150, 100).absolute, 50);
  EXPECT_EQ(ChangeOf(-50, -100).percent, 50);  // less negative is a rise
  EXPECT_EQ(ChangeOf(5, 0).absolute, 5);
  EXPECT_FALSE(ChangeOf(5, 0).percent);
  EXPECT_FALSE(ChangeOf(std::nullopt, 4).absolute);
  EXPECT_FALSE(ChangeOf(4, std::nullopt).percent);
}

}  // namespace
}  // namespace vinculo::calendar
