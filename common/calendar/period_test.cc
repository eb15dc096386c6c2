#include "common/calendar/period.h"

#include <gtest/gtest.h>

#include "common/calendar/zone.h"
#include "common/status/error.h"

namespace vinculo::calendar {
namespace {

const absl::CivilDay kDay(2024, 3, 15);

absl::TimeZone Zone(absl::string_view name) { return *LoadZone(name); }
absl::Time At(absl::string_view text, absl::TimeZone zone) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime("%Y-%m-%d %H:%M:%S", text, zone, &time, &error)) << error;
  return time;
}

TEST(Period, NamesEveryKind) {
  const std::pair<PeriodKind, const char*> cases[] = {
      {PeriodKind::kDay, "2024-03-15"},  {PeriodKind::kWeek, "2024-W11"}, {PeriodKind::kMonth, "2024-03"},
      {PeriodKind::kQuarter, "2024-Q1"}, {PeriodKind::kTerm4, "2024-T1"}, {PeriodKind::kHalf, "2024-H1"},
      {PeriodKind::kYear, "2024"}};
  for (const auto& [kind, name] : cases) {
    const Period period = Period::Containing(kind, kDay);
    EXPECT_EQ(period.Name(), name);
    EXPECT_TRUE(period.days().Contains(kDay));
    EXPECT_EQ(Period::FromName(name), period);
    EXPECT_EQ(period.Next().Previous(), period);
    EXPECT_EQ(period.Next().first_day(), period.end_day());
    EXPECT_EQ(period.Plus(7).Minus(period), 7);
  }
}

TEST(Period, TermsAreFourMonths) {
  EXPECT_EQ(ParsePeriodKind("cuatrimestre"), PeriodKind::kTerm4);
  EXPECT_EQ(PeriodKindName(PeriodKind::kTerm4), "TERM4");
  EXPECT_EQ(MonthsPerPeriod(PeriodKind::kTerm4), 4);
  const Period term = Period::Containing(PeriodKind::kTerm4, absl::CivilDay(2024, 8, 31));
  EXPECT_EQ(term.Name(), "2024-T2");
  EXPECT_EQ(term.first_day(), absl::CivilDay(2024, 5, 1));
  EXPECT_EQ(term.Next().Name(), "2024-T3");
  EXPECT_EQ(term.Next().Next().Name(), "2025-T1");
  EXPECT_FALSE(ParsePeriodKind("FORTNIGHT"));
}

TEST(Period, WeeksAreIsoAndBeginMonday) {
  EXPECT_EQ(Period::Containing(PeriodKind::kWeek, absl::CivilDay(2024, 12, 30)).Name(), "2025-W01");
  EXPECT_EQ(Period::Containing(PeriodKind::kWeek, absl::CivilDay(2021, 1, 3)).Name(), "2020-W53");
  EXPECT_EQ(Period::Containing(PeriodKind::kWeek, absl::CivilDay(2024, 2, 25)).first_day(),
            absl::CivilDay(2024, 2, 19));
  // 19 February to 17 March 2024 is exactly four weeks.
  const absl::TimeZone zone = Zone(kDefaultZone);
  const auto weeks =
      PeriodsOver(PeriodKind::kWeek, At("2024-02-19 00:00:00", zone), At("2024-03-18 00:00:00", zone), zone);
  ASSERT_EQ(weeks->size(), 4u);
  EXPECT_EQ(weeks->front().Name(), "2024-W08");
  EXPECT_EQ(weeks->back().end_day(), absl::CivilDay(2024, 3, 18));
}

TEST(Period, AgreesWithStrftimeOnIsoWeeksOverFourCenturies) {
  for (absl::CivilDay day(1900, 1, 1); day < absl::CivilDay(2300, 1, 1); ++day) {
    const std::string expected =
        absl::FormatTime("%G-W%V", absl::FromCivil(day, absl::UTCTimeZone()), absl::UTCTimeZone());
    ASSERT_EQ(Period::Containing(PeriodKind::kWeek, day).Name(), expected) << FormatDate(day);
  }
}

TEST(Period, RefusesNamesOfNothing) {
  for (const char* bad : {"", "2024-W54", "2023-W53", "2024-W00", "2024-13", "2024-Q5", "2024-T4", "2024-H3", "2024-X1",
                          "24-03", "2024-3", "2024-W1", "2024-02-30", "2024-", "2024-W", "+024"}) {
    EXPECT_FALSE(Period::FromName(bad)) << bad;
  }
}

TEST(Period, SundayNightBelongsToTheWeekThatEnds) {
  const absl::TimeZone zone = Zone(kDefaultZone);
  const absl::Time late = At("2024-03-18 02:30:00", absl::UTCTimeZone());  // Sunday 23:30 local
  EXPECT_EQ(Period::Containing(PeriodKind::kWeek, late, zone).end_day(), absl::CivilDay(2024, 3, 18));
  EXPECT_EQ(Period::Containing(PeriodKind::kWeek, late, absl::UTCTimeZone()).first_day(), absl::CivilDay(2024, 3, 18));
}

TEST(Period, WeeksOfAClockChangeLast167And169Hours) {
  const absl::TimeZone madrid = Zone("Europe/Madrid");
  const auto hours = [&](absl::CivilDay day) {
    const Period week = Period::Containing(PeriodKind::kWeek, day);
    return (week.End(madrid) - week.Start(madrid)) / absl::Hours(1);
  };
  EXPECT_EQ(hours(absl::CivilDay(2024, 3, 31)), 167);
  EXPECT_EQ(hours(absl::CivilDay(2024, 10, 27)), 169);
  EXPECT_EQ(hours(absl::CivilDay(2024, 6, 1)), 168);
}

TEST(Period, CompleteOnlyWhenOver) {
  const absl::TimeZone zone = Zone(kDefaultZone);
  const Period week = Period::Containing(PeriodKind::kWeek, kDay);
  EXPECT_FALSE(week.IsComplete(week.End(zone) - absl::Microseconds(1), zone));
  EXPECT_TRUE(week.IsComplete(week.End(zone), zone));
  const auto last = LastComplete(PeriodKind::kWeek, 4, week.End(zone), zone);
  ASSERT_EQ(last.size(), 4u);
  EXPECT_EQ(last.back(), week);
  EXPECT_EQ(LastComplete(PeriodKind::kWeek, 4, week.End(zone) - absl::Microseconds(1), zone).back(), week.Previous());
  EXPECT_TRUE(LastComplete(PeriodKind::kWeek, 0, week.End(zone), zone).empty());
}

TEST(Period, OverARangeIsBounded) {
  const absl::TimeZone zone = Zone("UTC");
  const absl::Time from = At("2024-01-01 12:00:00", zone);
  EXPECT_EQ(PeriodsOver(PeriodKind::kDay, from, from + absl::Hours(12), zone)->size(), 1u);
  EXPECT_EQ(PeriodsOver(PeriodKind::kDay, from, from + absl::Hours(13), zone)->size(), 2u);
  EXPECT_TRUE(PeriodsOver(PeriodKind::kDay, from, from, zone)->empty());
  const auto many = PeriodsOver(PeriodKind::kDay, from, from + absl::Hours(24 * 10), zone, 10);
  EXPECT_EQ(many.status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(LastSixMonths, IsTheCurrentMonthAndSixBefore) {
  const DayRange window = LastSixMonths(kDay);
  EXPECT_EQ(window.first, absl::CivilDay(2023, 9, 1));
  EXPECT_EQ(window.end, absl::CivilDay(2024, 3, 16));
  const auto months = MonthsOfLastSixMonths(absl::CivilDay(2024, 8, 31));
  ASSERT_EQ(months.size(), 7u);
  EXPECT_EQ(months.front().Name(), "2024-02");
  EXPECT_EQ(months.back().Name(), "2024-08");
}

TEST(ComparePeriods, RefusesAPartialPeriodUnlessAligned) {
  const absl::TimeZone zone = Zone(kDefaultZone);
  const Period march = *Period::FromName("2024-03");
  const Period february = march.Previous();
  const absl::Time as_of = At("2024-03-15 18:00:00", zone);
  EXPECT_EQ(ErrorReason(ComparePeriods(march, february, as_of, zone, false).status()), "PARTIAL_PERIOD");
  const auto aligned = ComparePeriods(march, february, as_of, zone, true);
  ASSERT_TRUE(aligned.ok());
  EXPECT_EQ(aligned->current, (DayRange{absl::CivilDay(2024, 3, 1), absl::CivilDay(2024, 3, 15)}));
  EXPECT_EQ(aligned->previous, (DayRange{absl::CivilDay(2024, 2, 1), absl::CivilDay(2024, 2, 15)}));
  // 30 days of March have 29 counterparts in February.
  const auto late = ComparePeriods(march, february, At("2024-03-31 18:00:00", zone), zone, true);
  EXPECT_EQ(late->current.days(), 29);
  EXPECT_EQ(late->previous.days(), 29);
  const auto whole = ComparePeriods(march, february, At("2024-04-01 00:00:00", zone), zone, false);
  EXPECT_EQ(whole->current.days(), 31);
  EXPECT_EQ(whole->previous.days(), 29);
  EXPECT_EQ(ErrorReason(ComparePeriods(march.Next(), march, as_of, zone, true).status()), "PARTIAL_PERIOD");
}

}  // namespace
}  // namespace vinculo::calendar
