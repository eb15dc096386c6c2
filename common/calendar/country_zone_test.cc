#include "common/calendar/country_zone.h"

#include <gtest/gtest.h>

#include "common/calendar/zone.h"

namespace vinculo::calendar {
namespace {

TEST(CountryZone, IsKnownWhereACountryHasOneClock) {
  const auto argentina = ZoneOfCountry("AR");
  ASSERT_TRUE(argentina) << "its twelve zones show one clock";
  EXPECT_TRUE(IsZone(*argentina));
  EXPECT_EQ(ZoneOfCountry("CO"), "America/Bogota");
  EXPECT_EQ(ZoneOfCountry("DE"), "Europe/Berlin");
}

TEST(CountryZone, IsUnknownWhereACountryHasSeveralOrIsNone) {
  for (const char* country : {"BR", "US", "MX", "CL", "", "ZZ", "ar", "ARG"})
    EXPECT_EQ(ZoneOfCountry(country), std::nullopt) << country;
}

}  // namespace
}  // namespace vinculo::calendar
