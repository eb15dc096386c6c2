#include "services/profiling/domain/capture.h"

#include <gtest/gtest.h>

namespace vinculo::profiling {
namespace {

TEST(Captures, Names) {
  EXPECT_EQ(ParseName("  Ana Pérez ").value, "Ana Pérez");
  EXPECT_EQ(ParseName("Ñandú").value, "Ñandú");
  for (const char* bad : {"", "   ", "12345", "👍", "Ana\x07"}) EXPECT_FALSE(ParseName(bad).value) << bad;
  EXPECT_TRUE(ParseName(std::string(120, 'a')).value);
  EXPECT_FALSE(ParseName(std::string(121, 'a')).value);
}

TEST(Captures, EmailsInsideText) {
  EXPECT_EQ(ParseEmail("mi correo es a@b.co").value, "a@b.co");
  EXPECT_EQ(ParseEmail("<Ana.Perez+x@Example.COM>.").value, "Ana.Perez+x@example.com");
  EXPECT_EQ(ParseEmail("a@xn--p1ai.xn--p1ai").value, "a@xn--p1ai.xn--p1ai");
  EXPECT_EQ(ParseEmail("a@b.co o c@d.co").reason, Invalid::kAmbiguous);
  EXPECT_EQ(ParseEmail("a@b.co, a@b.co").value, "a@b.co");
  for (const char* bad :
       {"a@b", "@b.co", "a@-b.co", "a@b-.co", "a..b@c.co", ".a@b.co", "a@b.c", "a@b.c1", "ana arroba b punto co"}) {
    EXPECT_FALSE(ParseEmail(bad).value) << bad;
  }
  EXPECT_FALSE(ParseEmail(std::string(65, 'a') + "@b.co").value);
  EXPECT_TRUE(ParseEmail(std::string(64, 'a') + "@b.co").value);
  EXPECT_FALSE(ParseEmail("a@" + std::string(64, 'b') + ".co").value);
}

TEST(Captures, NumbersByLanguage) {
  EXPECT_EQ(ParseNumber("1.234,5", "es").value, "1234.5");
  EXPECT_EQ(ParseNumber("1,234.5", "en").value, "1234.5");
  EXPECT_EQ(ParseNumber("-3", "es").value, "-3");
  EXPECT_FALSE(ParseNumber("1.23,5", "es").value);
  EXPECT_FALSE(ParseNumber("1,2,3", "es").value);
  EXPECT_FALSE(ParseNumber("doce", "es").value);
}

TEST(Captures, DatesByLanguage) {
  EXPECT_EQ(ParseDate("3/4/2025", "es").value, "2025-04-03");
  EXPECT_EQ(ParseDate("3/4/2025", "en-US").value, "2025-03-04");
  EXPECT_EQ(ParseDate("2025-04-03", "es").value, "2025-04-03");
  EXPECT_FALSE(ParseDate("31/2/2025", "es").value);
  EXPECT_FALSE(ParseDate("ayer", "es").value);
}

TEST(Captures, SplitsNames) {
  EXPECT_EQ(SplitFullName("Ana María Pérez").first, "Ana María");
  EXPECT_EQ(SplitFullName("Ana María Pérez").last, "Pérez");
  EXPECT_EQ(SplitFullName("Ana").first, "");
  EXPECT_EQ(SplitFullName("Ana").last, "Ana");
}

}  // namespace
}  // namespace vinculo::profiling
