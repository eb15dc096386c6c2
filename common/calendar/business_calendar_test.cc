#include "common/calendar/business_calendar.h"

#include <gtest/gtest.h>

#include <random>

#include "common/calendar/zone.h"

namespace vinculo::calendar {
namespace {

constexpr int kHour = 3600;

BusinessHours Office(std::string zone = kDefaultZone, std::vector<OpenInterval> day = {{9 * kHour, 18 * kHour}}) {
  BusinessHours hours;
  hours.zone = std::move(zone);
  for (int i = 0; i < 5; ++i) hours.week[i] = day;
  return hours;
}

BusinessCalendar Make(BusinessHours hours) {
  auto calendar = BusinessCalendar::Create(std::move(hours));
  EXPECT_TRUE(calendar.ok()) << calendar.status();
  return *calendar;
}

class Local {
 public:
  explicit Local(const BusinessCalendar& calendar) : zone_(calendar.zone()) {}
  absl::Time operator()(absl::string_view text) const {
    absl::Time time;
    std::string error;
    EXPECT_TRUE(absl::ParseTime("%Y-%m-%d %H:%M:%S", text, zone_, &time, &error)) << error;
    return time;
  }

 private:
  absl::TimeZone zone_;
};

TEST(BusinessTime, OverAWeekend) {
  const BusinessCalendar office = Make(Office());
  const Local at(office);
  EXPECT_EQ(office.Elapsed(at("2024-03-15 17:30:00"), at("2024-03-18 09:30:00")), absl::Seconds(3600));
  EXPECT_EQ(office.Elapsed(at("2024-03-16 10:00:00"), at("2024-03-17 20:00:00")), absl::ZeroDuration());
  EXPECT_EQ(office.Elapsed(at("2024-03-18 10:00:00"), at("2024-03-18 09:00:00")), absl::ZeroDuration());
}

TEST(BusinessTime, AddEndsAtClosingNotAtTheNextOpening) {
  const BusinessCalendar office = Make(Office());
  const Local at(office);
  const absl::Time friday = at("2024-03-15 17:00:00");
  EXPECT_EQ(office.Add(friday, absl::Seconds(3600)), at("2024-03-15 18:00:00"));
  EXPECT_EQ(office.Add(friday, absl::Seconds(3601)), at("2024-03-18 09:00:01"));
  const absl::Time saturday = at("2024-03-16 11:00:00");
  EXPECT_EQ(office.Add(saturday, absl::Seconds(7200)), at("2024-03-18 11:00:00"));
  EXPECT_EQ(office.Add(saturday, absl::ZeroDuration()), saturday);
  EXPECT_EQ(office.Add(saturday, absl::Seconds(-5)), saturday);
}

TEST(BusinessTime, LunchBreaks) {
  const BusinessCalendar office = Make(Office(kDefaultZone, {{14 * kHour, 18 * kHour}, {9 * kHour, 13 * kHour}}));
  const Local at(office);
  EXPECT_EQ(office.Elapsed(at("2024-03-18 12:30:00"), at("2024-03-18 14:15:00")), absl::Seconds(2700));
  EXPECT_EQ(office.Add(at("2024-03-18 12:30:00"), absl::Seconds(3600)), at("2024-03-18 14:30:00"));
  EXPECT_EQ(office.Add(at("2024-03-18 09:00:00"), absl::Seconds(14400)), at("2024-03-18 13:00:00"));
}

TEST(BusinessTime, Holidays) {
  BusinessHours hours = Office();
  hours.holidays = {{2024, 3, 28, {{9 * kHour, 13 * kHour}}}, {2024, 3, 29, {}}};
  const BusinessCalendar office = Make(hours);
  const Local at(office);
  EXPECT_EQ(office.Elapsed(at("2024-03-27 17:00:00"), at("2024-04-01 10:00:00")), absl::Seconds(21600));
  EXPECT_FALSE(office.IsBusinessDay(absl::CivilDay(2024, 3, 29)));
  EXPECT_TRUE(office.IsBusinessDay(absl::CivilDay(2024, 3, 28)));
  EXPECT_EQ(office.BusinessDayOnOrAfter(absl::CivilDay(2024, 3, 29)), absl::CivilDay(2024, 4, 1));
  EXPECT_EQ(office.AddBusinessDays(absl::CivilDay(2024, 3, 27), 2), absl::CivilDay(2024, 4, 1));
  EXPECT_EQ(office.AddBusinessDays(absl::CivilDay(2024, 3, 27), 0), absl::CivilDay(2024, 3, 27));
}

TEST(BusinessTime, ADatedHolidayBeatsARecurringOne) {
  BusinessHours hours = Office();
  hours.holidays = {{std::nullopt, 12, 25, {}}, {2024, 12, 25, {{10 * kHour, 11 * kHour}}}, {std::nullopt, 2, 29, {}}};
  const BusinessCalendar office = Make(hours);
  EXPECT_TRUE(office.IsBusinessDay(absl::CivilDay(2024, 12, 25)));
  EXPECT_FALSE(office.IsBusinessDay(absl::CivilDay(2025, 12, 25)));
  EXPECT_FALSE(office.IsBusinessDay(absl::CivilDay(2024, 2, 29)));
  EXPECT_TRUE(office.IsBusinessDay(absl::CivilDay(2024, 2, 28)));
}

BusinessHours EveryDay(std::string zone, std::vector<OpenInterval> intervals) {
  BusinessHours hours;
  hours.zone = std::move(zone);
  hours.week.fill(std::move(intervals));
  return hours;
}

TEST(BusinessTime, AlwaysOpenDaysOfAClockChange) {
  const BusinessCalendar madrid = Make(EveryDay("Europe/Madrid", {{0, 24 * kHour}}));
  const Local at(madrid);
  EXPECT_EQ(madrid.Elapsed(at("2024-03-31 00:00:00"), at("2024-04-01 00:00:00")), absl::Seconds(82800));
  EXPECT_EQ(madrid.Elapsed(at("2024-10-27 00:00:00"), at("2024-10-28 00:00:00")), absl::Seconds(90000));
}

absl::Duration OverNewYorkDay(absl::CivilDay day, std::vector<OpenInterval> intervals) {
  BusinessHours hours;
  hours.zone = "America/New_York";
  hours.week[6] = std::move(intervals);
  const BusinessCalendar calendar = Make(hours);
  return calendar.Elapsed(StartOfDay(day, calendar.zone()), StartOfDay(day + 1, calendar.zone()));
}

TEST(BusinessTime, LocalTimesThatDoNotExistOrExistTwice) {
  const absl::CivilDay spring(2024, 3, 10), autumn(2024, 11, 3);
  EXPECT_EQ(OverNewYorkDay(spring, {{2 * kHour + 1800, 6 * kHour}}), absl::Seconds(9000));
  EXPECT_EQ(OverNewYorkDay(autumn, {{kHour + 1800, 6 * kHour}}), absl::Seconds(19800));
  EXPECT_EQ(OverNewYorkDay(autumn, {{0, kHour + 1800}}), absl::Seconds(9000));
  EXPECT_EQ(OverNewYorkDay(autumn, {{0, kHour + 1800}, {kHour + 1800, 6 * kHour}}), absl::Seconds(25200));
  // Opens in the gap and would close before it opens.
  EXPECT_EQ(OverNewYorkDay(spring, {{2 * kHour + 1800, 3 * kHour + 900}, {8 * kHour, 9 * kHour}}), absl::Seconds(3600));
}

TEST(BusinessTime, PausesCountOnceHoweverTheyOverlap) {
  const BusinessCalendar office = Make(Office());
  const Local at(office);
  const absl::Time a = at("2024-03-18 09:00:00"), b = at("2024-03-18 18:00:00");
  const std::vector<TimeRange> pauses = {{at("2024-03-18 12:00:00"), at("2024-03-18 14:00:00")},
                                         {at("2024-03-18 11:00:00"), at("2024-03-18 13:00:00")},
                                         {at("2024-03-18 17:00:00"), at("2024-03-19 10:00:00")},
                                         {absl::InfinitePast(), at("2024-03-18 09:30:00")}};
  EXPECT_EQ(office.Elapsed(a, b, pauses), absl::Minutes(540 - 180 - 60 - 30));
  EXPECT_EQ(office.Elapsed(a, b, {{TimeRange{absl::InfinitePast(), absl::InfiniteFuture()}}}), absl::ZeroDuration());
}

TEST(BusinessTime, RefusesOverlapsByTheirReasonAndEverythingAtOnce) {
  BusinessHours hours = Office(kDefaultZone, {{9 * kHour, 13 * kHour}, {12 * kHour, 18 * kHour}});
  EXPECT_EQ(ErrorReason(BusinessCalendar::Create(hours).status()), "OVERLAPPING_HOURS");
  hours.zone = "-03:00";
  hours.week[6] = {{10, 5}};
  hours.holidays = {{2023, 2, 29, {}}, {std::nullopt, 1, 1, {}}, {std::nullopt, 1, 1, {}}};
  const absl::Status status = BusinessCalendar::Create(hours).status();
  EXPECT_EQ(ErrorReason(status), "INVALID_FIELDS");
  EXPECT_EQ(GetErrorDetails(status)->violations.size(), 1u + 1 + 2 + 5);
}

TEST(BusinessTime, RefusesACalendarThatNeverOpensUnlessItFallsBack) {
  BusinessHours hours;
  hours.zone = "UTC";
  EXPECT_EQ(ErrorReason(BusinessCalendar::Create(hours).status()), "CALENDAR_EMPTY");
  EXPECT_EQ(BusinessCalendar::Create(hours).status().code(), absl::StatusCode::kFailedPrecondition);
  hours.holidays = {{2030, 1, 1, {{0, kHour}}}};  // opens once and never again
  EXPECT_EQ(ErrorReason(BusinessCalendar::Create(hours).status()), "CALENDAR_EMPTY");
  hours.fallback_24x7 = true;
  const BusinessCalendar always = Make(hours);
  EXPECT_EQ(always.Elapsed(absl::UnixEpoch(), absl::UnixEpoch() + absl::Hours(100)), absl::Hours(100));
  hours.fallback_24x7 = false;
  hours.holidays = {{std::nullopt, 2, 29, {{0, kHour}}}};
  EXPECT_EQ(Make(hours).BusinessDayOnOrAfter(absl::CivilDay(2097, 1, 1)), absl::CivilDay(2104, 2, 29));
}

TEST(BusinessTime, AlwaysIsTheCalendarClock) {
  const BusinessCalendar always = BusinessCalendar::Always(*LoadZone("Europe/Madrid"));
  const absl::Time a = absl::FromUnixMicros(1711800000123456);
  EXPECT_EQ(always.Elapsed(a, a + absl::Hours(240) + absl::Microseconds(7)), absl::Hours(240) + absl::Microseconds(7));
  EXPECT_EQ(always.Add(a, absl::Hours(24)), a + absl::Hours(24));
  EXPECT_EQ(always.Add(a, absl::InfiniteDuration()), absl::InfiniteFuture());
  EXPECT_EQ(always.Add(a, absl::Hours(24 * 366 * 300)), absl::InfiniteFuture());
}

BusinessHours RandomHours(std::mt19937& random) {
  const char* zones[] = {"America/Argentina/Buenos_Aires",
                         "America/New_York",
                         "Europe/Madrid",
                         "America/Sao_Paulo",
                         "America/Havana",
                         "Asia/Kolkata",
                         "Australia/Lord_Howe",
                         "America/Santiago"};
  BusinessHours hours;
  hours.zone = zones[random() % 8];
  const auto day = [&random] {
    std::vector<OpenInterval> intervals;
    int32_t second = 0;
    while (random() % 3 != 0) {
      const int32_t open = second + random() % 20000;
      const int32_t close = open + 1 + random() % 30000;
      if (close > 86400) {
        intervals.push_back({std::min(open, 86399), 86400});
        break;
      }
      intervals.push_back({open, close});
      second = close;
    }
    return intervals;
  };
  for (auto& intervals : hours.week) intervals = day();
  hours.week[random() % 7] = {{0, 86400}};
  for (int i = 0; i < 5; ++i) {
    const absl::CivilDay date = absl::CivilDay(2018, 1, 1) + random() % 365;
    hours.holidays.push_back({random() % 2 ? std::optional<int>(2018) : std::nullopt, date.month(), date.day(), day()});
    if (!BusinessCalendar::Create(hours).ok()) hours.holidays.pop_back();  // the same date twice
  }
  return hours;
}

TEST(BusinessTimeProperty, ElapsedOfAddIsTheDurationAndElapsedIsAdditive) {
  std::mt19937 random(20240315);
  for (int round = 0; round < 60; ++round) {
    const BusinessCalendar calendar = Make(RandomHours(random));
    for (int i = 0; i < 60; ++i) {
      const absl::Time a = absl::FromUnixMicros(1500000000000000 + static_cast<int64_t>(random() % 40000000) * 1000001);
      const absl::Duration d = absl::Microseconds(static_cast<int64_t>(random() % 3000000) * 333333);
      const absl::Time t = calendar.Add(a, d);
      ASSERT_EQ(calendar.Elapsed(a, t), d) << calendar.hours().zone << " " << a << " + " << d;
      if (d > absl::ZeroDuration()) {  // the earliest such instant
        ASSERT_LT(calendar.Elapsed(a, t - absl::Microseconds(1)), d);
      }
      const absl::Time m = a + (t - a) * 0.37;
      ASSERT_EQ(calendar.Elapsed(a, m) + calendar.Elapsed(m, t), d);
    }
  }
}

// The open seconds of a fortnight, marked one by one.
std::vector<bool> MarkSeconds(const BusinessHours& hours, absl::TimeZone zone, absl::CivilDay first, absl::Time start) {
  std::vector<bool> open(20 * 86400);
  for (absl::CivilDay day = first; day < first + 18; ++day) {
    const std::vector<OpenInterval>* intervals = &hours.week[static_cast<int>(absl::GetWeekday(day))];
    for (const Holiday& holiday : hours.holidays) {
      if (!holiday.year && holiday.month == day.month() && holiday.day == day.day()) intervals = &holiday.hours;
    }
    for (const Holiday& holiday : hours.holidays) {
      if (holiday.year == static_cast<int>(day.year()) && holiday.month == day.month() && holiday.day == day.day()) {
        intervals = &holiday.hours;
      }
    }
    for (const OpenInterval& interval : *intervals) {
      const auto from = zone.At(absl::CivilSecond(day) + interval.open);
      const auto to = zone.At(absl::CivilSecond(day) + interval.close);
      const absl::Time close = to.kind == absl::TimeZone::TimeInfo::REPEATED ? to.post : to.pre;
      for (absl::Time t = from.pre; t < close; t += absl::Seconds(1)) open[(t - start) / absl::Seconds(1)] = true;
    }
  }
  return open;
}

TEST(BusinessTimeProperty, AgreesWithSecondsCountedOneByOneAcrossClockChanges) {
  std::mt19937 random(4);
  const absl::CivilDay firsts[] = {absl::CivilDay(2018, 10, 30), absl::CivilDay(2018, 3, 5),
                                   absl::CivilDay(2018, 2, 12),  absl::CivilDay(2018, 10, 22),
                                   absl::CivilDay(2018, 3, 28),  absl::CivilDay(2018, 8, 5)};
  for (int round = 0; round < 24; ++round) {
    const BusinessHours hours = RandomHours(random);
    const BusinessCalendar calendar = Make(hours);
    const absl::CivilDay first = firsts[round % 6];
    const absl::Time start = StartOfDay(first - 1, calendar.zone());
    const std::vector<bool> open = MarkSeconds(hours, calendar.zone(), first, start);
    const int64_t from = 3 * 86400;  // away from the edges of what was marked
    int64_t counted = 0;
    for (int64_t second = from; second < 15 * 86400; ++second) {
      if (second % 1777 == 0) {
        ASSERT_EQ(calendar.Elapsed(start + absl::Seconds(from), start + absl::Seconds(second)), absl::Seconds(counted))
            << hours.zone << " " << start + absl::Seconds(second);
        ASSERT_EQ(calendar.IsOpen(start + absl::Seconds(second)), open[second]);
      }
      counted += open[second];
    }
  }
}

TEST(TimeOfDay, ParsesAndPrints) {
  EXPECT_EQ(ParseTimeOfDay("24:00"), 86400);
  EXPECT_EQ(ParseTimeOfDay("09:30"), 34200);
  EXPECT_EQ(ParseTimeOfDay("09:30:15"), 34215);
  for (const char* bad : {"24:01", "9:30", "09:60", "09", "09:30:15:00", "ab:cd", "-1:00", ""})
    EXPECT_FALSE(ParseTimeOfDay(bad)) << bad;
  EXPECT_EQ(FormatTimeOfDay(34200), "09:30");
  EXPECT_EQ(FormatTimeOfDay(34215), "09:30:15");
  EXPECT_EQ(FormatHolidayDate(*ParseHolidayDate("02-29")), "02-29");
  EXPECT_EQ(FormatHolidayDate(*ParseHolidayDate("2024-03-29")), "2024-03-29");
  EXPECT_FALSE(ParseHolidayDate("2023-02-29"));
  EXPECT_FALSE(ParseHolidayDate("13-01"));
}

}  // namespace
}  // namespace vinculo::calendar
