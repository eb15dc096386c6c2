#include "services/messaging/domain/figures.h"

#include <gtest/gtest.h>

#include "services/messaging/domain/series.h"

namespace vinculo::messaging {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'760'000'000);

Message Accepted() {
  Message m;
  m.progress.phase = Phase::kAccepted;
  m.progress.attempt = 1;
  m.progress.accepted_at = kNow;
  return m;
}

std::vector<Figure> Kinds(const Message& m) {
  std::vector<Figure> out;
  for (const FigureAt& f : FiguresOf(m)) out.push_back(f.figure);
  return out;
}

TEST(Figures, WhatIsOnItsWayCountsForNothing) {
  Message m;
  for (const Phase phase : {Phase::kQueued, Phase::kSending, Phase::kUnknown, Phase::kCancelled}) {
    m.progress.phase = phase;
    EXPECT_TRUE(FiguresOf(m).empty());
  }
}

TEST(Figures, EachStatusCountsAtItsOwnTime) {
  Message m = Accepted();
  m.progress.sent_at = kNow + absl::Seconds(1);
  m.progress.delivered_at = kNow + absl::Seconds(2);
  m.progress.read_at = kNow + absl::Seconds(3);
  EXPECT_EQ(FiguresOf(m), (std::vector<FigureAt>{{Figure::kAccepted, "", kNow},
                                                 {Figure::kSent, "", kNow + absl::Seconds(1)},
                                                 {Figure::kDelivered, "", kNow + absl::Seconds(2)},
                                                 {Figure::kRead, "", kNow + absl::Seconds(3)}}));
}

TEST(Figures, ALostAnswerIsAcceptedAtTheEarliestStatus) {
  Message m = Accepted();
  m.progress.accepted_at = std::nullopt;
  m.progress.delivered_at = kNow + absl::Seconds(9);
  m.progress.sent_at = kNow + absl::Seconds(4);
  EXPECT_EQ(FiguresOf(m)[0], (FigureAt{Figure::kAccepted, "", kNow + absl::Seconds(4)}));
}

TEST(Figures, ARefusalWasNeverAcceptedAndALaterFailureWas) {
  Message refused;
  refused.progress.phase = Phase::kRefused;
  refused.progress.failed_at = kNow;
  refused.progress.error_code = 131026;
  EXPECT_EQ(FiguresOf(refused), (std::vector<FigureAt>{{Figure::kFailed, "PROVIDER_131026", kNow}}));
  Message later = Accepted();
  later.progress.failed_at = kNow + absl::Seconds(5);
  later.progress.error_code = 131049;
  EXPECT_EQ(FiguresOf(later), (std::vector<FigureAt>{{Figure::kAccepted, "", kNow},
                                                     {Figure::kFailed, "LATER_131049", kNow + absl::Seconds(5)}}));
}

TEST(Figures, DeliveredClearsAFailure) {
  Message m = Accepted();
  m.progress.failed_at = kNow;
  m.progress.delivered_at = kNow + absl::Seconds(1);
  EXPECT_EQ(Kinds(m), (std::vector<Figure>{Figure::kAccepted, Figure::kDelivered}));
}

TEST(Figures, TotalsAddUp) {
  const MessageTotals t = TotalsOf({{{Figure::kAccepted, ""}, 10},
                                    {{Figure::kDelivered, ""}, 7},
                                    {{Figure::kRead, ""}, 4},
                                    {{Figure::kFailed, "PROVIDER_131026"}, 3},
                                    {{Figure::kFailed, "LATER_131049"}, 2},
                                    {{Figure::kExpired, ""}, 1}});
  EXPECT_EQ(t.attempted, 13);
  EXPECT_EQ(t.refused, 3);
  EXPECT_EQ(t.failed_later, 2);
  EXPECT_EQ(t.failed, t.refused + t.failed_later);
  EXPECT_EQ(t.failed_by_reason.at("LATER_131049"), 2);
}

TEST(Series, BucketsAreThoseOfTheZone) {
  absl::TimeZone zone;
  ASSERT_TRUE(absl::LoadTimeZone("America/Argentina/Buenos_Aires", &zone));
  // Sunday the 29th of November 2026, 01:22:33 UTC is Saturday evening there.
  const absl::Time at = absl::FromCivil(absl::CivilSecond(2026, 11, 29, 1, 22, 33), absl::UTCTimeZone());
  const auto start = [&](SeriesStep step) {
    return absl::FormatTime("%Y-%m-%d %H:%M:%S", SeriesBucketOf(step, at, zone).start, zone);
  };
  EXPECT_EQ(start(SeriesStep::kMinute), "2026-11-28 22:22:00");
  EXPECT_EQ(start(SeriesStep::kHour), "2026-11-28 22:00:00");
  EXPECT_EQ(start(SeriesStep::kDay), "2026-11-28 00:00:00");
  EXPECT_EQ(start(SeriesStep::kWeek), "2026-11-23 00:00:00");
  EXPECT_EQ(start(SeriesStep::kMonth), "2026-11-01 00:00:00");
}

TEST(Series, AnHourOfAZoneWithAHalfHourBeginsOnItsFullHour) {
  absl::TimeZone zone;
  ASSERT_TRUE(absl::LoadTimeZone("Asia/Kolkata", &zone));
  const absl::Time at = absl::FromCivil(absl::CivilSecond(2026, 11, 29, 1, 22, 33), absl::UTCTimeZone());
  const calendar::TimeRange hour = SeriesBucketOf(SeriesStep::kHour, at, zone);
  EXPECT_EQ(absl::FormatTime("%H:%M", hour.start, zone), "06:00");
  EXPECT_EQ(hour.end - hour.start, absl::Hours(1));
}

TEST(Series, BucketsNeitherOverlapNorLeaveGapsAcrossAClockChange) {
  absl::TimeZone zone;
  ASSERT_TRUE(absl::LoadTimeZone("America/Santiago", &zone));
  const absl::Time from = absl::FromCivil(absl::CivilSecond(2026, 4, 3), zone);
  for (const SeriesStep step : {SeriesStep::kHour, SeriesStep::kDay, SeriesStep::kWeek}) {
    calendar::TimeRange last = SeriesBucketOf(step, from, zone);
    for (absl::Time t = from; t < from + absl::Hours(72); t += absl::Minutes(1)) {
      const calendar::TimeRange bucket = SeriesBucketOf(step, t, zone);
      ASSERT_TRUE(bucket.Contains(t));
      if (bucket == last) continue;
      ASSERT_EQ(bucket.start, last.end);
      last = bucket;
    }
  }
}

}  // namespace
}  // namespace vinculo::messaging
