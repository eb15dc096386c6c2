#include "common/calendar/zone.h"

#include <gtest/gtest.h>

namespace vinculo::calendar {
namespace {

TEST(Zone, LoadsByIanaName) {
  for (const char* name :
       {"America/Argentina/Buenos_Aires", "UTC", "Europe/Madrid", "America/Port-au-Prince", "Etc/GMT+3"}) {
    const auto zone = LoadZone(name);
    ASSERT_TRUE(zone.ok()) << name;
    EXPECT_EQ(zone->name(), name);
    EXPECT_TRUE(IsZone(name));
  }
}

TEST(Zone, RefusesOffsetsByTheirOwnReason) {
  for (const char* offset : {"-03:00", "+0530", "UTC-3", "GMT+3", "Z", "+5", "Fixed/UTC+03:00:00"}) {
    const auto zone = LoadZone(offset, "report_zone");
    ASSERT_EQ(zone.status().code(), absl::StatusCode::kInvalidArgument) << offset;
    EXPECT_EQ(ErrorReason(zone.status()), "OFFSET_NOT_ZONE") << offset;
    EXPECT_EQ(GetErrorDetails(zone.status())->violations[0].field, "report_zone");
  }
}

TEST(Zone, RefusesWhatIsNotInTheDatabase) {
  for (const char* name : {"", "Mars/Olympus", "america/bogota", "/etc/localtime", "../../etc/passwd",
                           "file:/etc/hosts", "America", "zone.tab", "tzdata.zi", "localtime", "right/UTC",
                           "posixrules", "America/Bogota/", "libc:localtime", "America//Bogota"}) {
    const auto zone = LoadZone(name);
    EXPECT_EQ(ErrorReason(zone.status()), "INVALID_FIELDS") << name;
    EXPECT_FALSE(IsZone(name)) << name;
  }
  EXPECT_FALSE(IsZone(std::string("America/Bogota\0x", 16)));
  EXPECT_FALSE(IsZone(std::string(100, 'a')));
}

TEST(Zone, EmptyMeansTheFallbackOnlyWhereAsked) {
  const absl::TimeZone bogota = *LoadZone("America/Bogota");
  EXPECT_EQ(LoadZoneOr("", bogota)->name(), "America/Bogota");
  EXPECT_EQ(LoadZoneOr("UTC", bogota)->name(), "UTC");
  FieldViolations bad;
  EXPECT_EQ(ParseZone("zone", "-05:00", bad).name(), "UTC");
  ParseZone("other", "", bad);
  ASSERT_EQ(bad.violations().size(), 2u);
  EXPECT_EQ(bad.violations()[0].field, "zone");
}

TEST(Zone, DayBeginsAtTheChangeWhereMidnightDoesNotExist) {
  const absl::TimeZone sao_paulo = *LoadZone("America/Sao_Paulo");  // 4 November 2018: 00:00 became 01:00
  const absl::CivilDay day(2018, 11, 4);
  EXPECT_EQ(absl::ToCivilSecond(StartOfDay(day, sao_paulo), sao_paulo), absl::CivilSecond(2018, 11, 4, 1, 0, 0));
  EXPECT_EQ(StartOfDay(day + 1, sao_paulo) - StartOfDay(day, sao_paulo), absl::Hours(23));
  EXPECT_EQ(StartOfDay(day, sao_paulo) - StartOfDay(day - 1, sao_paulo), absl::Hours(24));
}

TEST(Zone, DayBeginsAtTheFirstOfTwoMidnights) {
  const absl::TimeZone havana = *LoadZone("America/Havana");  // 3 November 2024: 01:00 became 00:00
  const absl::CivilDay day(2024, 11, 3);
  EXPECT_EQ(StartOfDay(day + 1, havana) - StartOfDay(day, havana), absl::Hours(25));
}

TEST(Zone, LocalTimesInGapsMoveForwardAndInOverlapsAreChosen) {
  const absl::TimeZone new_york = *LoadZone("America/New_York");
  EXPECT_EQ(absl::ToCivilSecond(FromLocal(absl::CivilSecond(2024, 3, 10, 2, 30, 0), new_york), new_york),
            absl::CivilSecond(2024, 3, 10, 3, 30, 0));
  const absl::CivilSecond twice(2024, 11, 3, 1, 30, 0);
  EXPECT_EQ(FromLocal(twice, new_york, true) - FromLocal(twice, new_york), absl::Hours(1));
}

TEST(Date, IsIsoAndMustExist) {
  EXPECT_EQ(ParseDate("2024-02-29"), absl::CivilDay(2024, 2, 29));
  for (const char* bad :
       {"2023-02-29", "2024-2-9", "29/02/2024", "2024-13-01", "2024-00-10", "0000-01-01", "2024-01-1x", ""}) {
    EXPECT_FALSE(ParseDate(bad)) << bad;
  }
  EXPECT_EQ(FormatDate(absl::CivilDay(987, 1, 2)), "0987-01-02");
}

}  // namespace
}  // namespace vinculo::calendar
