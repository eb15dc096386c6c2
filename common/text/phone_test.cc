#include "common/text/phone.h"

#include <gtest/gtest.h>

#include "common/status/error.h"
#include "common/text/phone_key.h"

namespace vinculo::text {
namespace {

std::string Reason(absl::string_view text, absl::string_view region) {
  return ErrorReason(ParsePhone(text, region).status());
}

TEST(Phone, ParsesWhatPeopleWrite) {
  struct Case {
    const char* text;
    const char* region;
    const char* e164;
    const char* country;
  };
  const Case cases[] = {
      {"+54 9 11 2233-4455", "", "+5491122334455", "AR"},    {"0054 9 11 2233 4455", "AR", "+5491122334455", "AR"},
      {"0054 9 11 2233 4455", "US", "+5491122334455", "AR"}, {"0054 9 11 2233 4455", "", "+5491122334455", "AR"},
      {"'+5491122334455", "", "+5491122334455", "AR"},       {" 011 15-2233-4455 ", "AR", "+5491122334455", "AR"},
      {"+55 11 98765-4321", "", "+5511987654321", "BR"},     {"(11) 98765-4321", "BR", "+5511987654321", "BR"},
      {"55 1234 5678", "MX", "+525512345678", "MX"},         {"+57 301 2345678", "", "+573012345678", "CO"},
      {"+1 (415) 555-2671", "", "+14155552671", "US"},       {"５５ １２３４ ５６７８", "MX", "+525512345678", "MX"},
  };
  for (const Case& c : cases) {
    const auto phone = ParsePhone(c.text, c.region);
    ASSERT_TRUE(phone.ok()) << c.text << " " << phone.status();
    EXPECT_EQ(phone->e164, c.e164) << c.text;
    EXPECT_EQ(phone->region, c.country) << c.text;
    EXPECT_EQ(phone->key, PhoneKey(phone->e164));
  }
}

TEST(Phone, TellsMobileFromLandline) {
  EXPECT_EQ(ParsePhone("+5491122334455", "")->type, PhoneType::kMobile);
  EXPECT_EQ(ParsePhone("+541143218765", "")->type, PhoneType::kLandline);
  EXPECT_EQ(ParsePhone("+14155552671", "")->type, PhoneType::kMobileOrLandline);
  EXPECT_FALSE(ParsePhone("+551133334444", "")->MayBeMobile());
}

TEST(Phone, RefusesByReason) {
  EXPECT_EQ(Reason("5.49112E+12", "AR"), "PHONE_SCIENTIFIC");
  EXPECT_EQ(Reason("'5,49E+12", "AR"), "PHONE_SCIENTIFIC");
  EXPECT_EQ(Reason("11 2233 4455", ""), "REGION_MISSING");
  for (const char* bad : {"", "+", "1", "+54 9 11", "1-800-FLOWERS", "+999 1234567890", "+549112233445566778899",
                          "no tiene", "+54 9 11 2233 4455 ext 3", "--", "+0000000000"}) {
    EXPECT_EQ(Reason(bad, "AR"), "PHONE_INVALID") << bad;
  }
  EXPECT_EQ(Reason(std::string(1000, '1'), "AR"), "PHONE_INVALID");
  EXPECT_EQ(Reason(std::string("+54\xFF"), "AR"), "PHONE_INVALID");
}

TEST(Phone, KnowsRegions) {
  EXPECT_TRUE(IsPhoneRegion("AR"));
  EXPECT_FALSE(IsPhoneRegion("ar"));
  EXPECT_FALSE(IsPhoneRegion("ZZ"));
  EXPECT_FALSE(IsPhoneRegion(""));
}

TEST(PhoneKey, FoldsTheSpellingsOfOneMobile) {
  EXPECT_EQ(PhoneKey("+5215512345678"), PhoneKey("+525512345678"));
  EXPECT_EQ(PhoneKey("5511987654321"), PhoneKey("+551187654321"));
  EXPECT_EQ(PhoneKey("+5491122334455"), PhoneKey("541122334455"));
  EXPECT_EQ(PhoneKey("+573012345678"), "573012345678");
  EXPECT_EQ(PhoneKey("+14155552671"), "14155552671");
}

TEST(PhoneKey, NeverTakesAMobileForSomebodysLandline) {
  EXPECT_NE(PhoneKey("+5511932345678"), PhoneKey("+551132345678"));
}

}  // namespace
}  // namespace vinculo::text
