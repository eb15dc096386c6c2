#include "services/lifecycle/domain/usage.h"

#include <gtest/gtest.h>

#include "common/calendar/zone.h"
#include "common/status/error.h"

namespace vinculo::lifecycle {
namespace {

UsageValues Fact(int64_t started, int64_t completed, int64_t revision) {
  return {{started, completed}, std::nullopt, Attribution::kCohort, revision};
}

TEST(UsageFact, NewAndHigherRevisionsAreTaken) {
  EXPECT_TRUE(*JudgeFact(Fact(10, 7, 0), std::nullopt));
  EXPECT_TRUE(*JudgeFact(Fact(10, 8, 2), Fact(10, 7, 1)));
}

TEST(UsageFact, EqualRevisionWithEqualValuesIsNoChange) { EXPECT_FALSE(*JudgeFact(Fact(10, 7, 1), Fact(10, 7, 1))); }

TEST(UsageFact, EqualRevisionWithOtherValuesConflicts) {
  const absl::Status status = JudgeFact(Fact(10, 8, 1), Fact(10, 7, 1)).status();
  EXPECT_EQ(ErrorReason(status), "FACT_CONFLICT");
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  UsageValues users = Fact(10, 7, 1);
  users.active_users = 3;
  EXPECT_EQ(ErrorReason(JudgeFact(users, Fact(10, 7, 1)).status()), "FACT_CONFLICT");
}

TEST(UsageFact, LowerRevisionIsStale) {
  EXPECT_EQ(ErrorReason(JudgeFact(Fact(10, 7, 1), Fact(9, 7, 2)).status()), "STALE_REVISION");
}

TEST(UsageFact, CompletedAboveStartedIsRefusedOnlyInTheCohortForm) {
  EXPECT_EQ(ErrorReason(JudgeFact(Fact(5, 6, 1), std::nullopt).status()), "COMPLETED_ABOVE_STARTED");
  UsageValues totals = Fact(5, 6, 1);
  totals.attribution = Attribution::kEvent;
  EXPECT_TRUE(*JudgeFact(totals, std::nullopt));
  const Ratio ratio = MakeRatio(totals.counts);
  EXPECT_EQ(ratio.completed, 5);
  EXPECT_TRUE(ratio.capped);
}

TEST(UsageRatio, KnowsNoVolumeFromZero) {
  EXPECT_EQ(MakeRatio({0, 0}).state, RatioState::kNoVolume);
  EXPECT_EQ(MakeRatio({3, 0}).state, RatioState::kOk);
  EXPECT_EQ(MakeRatio({3, 3}, /*min_volume=*/5).state, RatioState::kInsufficient);
  EXPECT_FALSE(MakeRatio({0, 0}).Below(40));
  EXPECT_FALSE(MakeRatio({3, 3}, 5).Above(40));
}

TEST(UsageRatio, ComparesStrictlyOnIntegers) {
  EXPECT_FALSE(MakeRatio({10, 7}).Above(70));
  EXPECT_TRUE(MakeRatio({10, 7}).AtMost(70));
  EXPECT_FALSE(MakeRatio({10, 4}).Below(40));
  EXPECT_TRUE(MakeRatio({10, 4}).AtLeast(40));
  // Would overflow a 64-bit product and be equal as doubles.
  EXPECT_TRUE(MakeRatio({1'000'000'000'000'000'000, 700'000'000'000'000'001}).Above(70));
}

TEST(UsageWeeks, SundayNightLocalBelongsToTheWeekThatEnds) {
  absl::TimeZone zone = *calendar::LoadZone("America/Argentina/Buenos_Aires");
  const absl::Time monday_utc = absl::FromCivil(absl::CivilSecond(2024, 3, 18, 2, 30, 0), absl::UTCTimeZone());
  EXPECT_EQ(WeekOf(calendar::LocalDay(monday_utc, zone)), absl::CivilDay(2024, 3, 11));
}

TEST(UsageWeeks, DayNumbersGoThereAndBack) {
  EXPECT_EQ(DayNumber(absl::CivilDay(1970, 1, 1)), 0);
  EXPECT_EQ(DayFromNumber(DayNumber(absl::CivilDay(2024, 2, 29))), absl::CivilDay(2024, 2, 29));
  EXPECT_EQ(DayNumber(absl::CivilDay(1969, 12, 31)), -1);
}

TEST(UsageWeeks, AWeekCountsOnlyWhenItLiesWhollyAfter) {
  const absl::TimeZone zone = absl::UTCTimeZone();
  const absl::CivilDay last(2024, 3, 11);
  EXPECT_EQ(WholeWeeksSince(absl::FromCivil(absl::CivilDay(2024, 2, 19), zone), last, zone), 4);
  EXPECT_EQ(WholeWeeksSince(absl::FromCivil(absl::CivilDay(2024, 2, 19), zone) + absl::Seconds(1), last, zone), 3);
  EXPECT_EQ(WholeWeeksSince(absl::FromCivil(absl::CivilDay(2024, 3, 11), zone), last, zone), 1);
  EXPECT_EQ(WholeWeeksSince(absl::FromCivil(absl::CivilDay(2024, 3, 12), zone), last, zone), 0);
  EXPECT_EQ(WholeWeeksSince(absl::FromCivil(absl::CivilDay(2025, 3, 12), zone), last, zone), 0);
}

}  // namespace
}  // namespace vinculo::lifecycle
