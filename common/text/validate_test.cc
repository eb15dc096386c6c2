#include "common/text/validate.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace vinculo::text {
namespace {

std::string Problem(absl::string_view value, const TextLimits& limits) {
  FieldViolations bad;
  ParseText("name", value, limits, bad);
  return bad.empty() ? "" : bad.violations()[0].description;
}

TEST(ParseText, TrimsNormalisesAndCountsCodePoints) {
  FieldViolations bad;
  EXPECT_EQ(ParseText("name", "  Jose\xCC\x81 ", {.min = 1, .max = 4}, bad), "José");
  EXPECT_EQ(ParseText("name", " x ", {.max = 3, .trim = false}, bad), " x ");
  EXPECT_TRUE(bad.empty());
  EXPECT_EQ(Problem("   ", {.min = 1, .max = 4}), "is required");
  EXPECT_EQ(Problem("José!", {.max = 4}), "has 5 characters, at most 4 are allowed");
  EXPECT_EQ(Problem("J", {.min = 2}), "has 1 characters, at least 2 are needed");
}

TEST(ParseText, RefusesWhatIsNotText) {
  EXPECT_NE(Problem("\xC3", {}), "");
  EXPECT_NE(Problem(absl::string_view("a\0", 2), {}), "");
  EXPECT_NE(Problem("a\rb", {}), "");
  EXPECT_EQ(Problem("a\nb", {}), "");
  EXPECT_NE(Problem("a\nb", {.single_line = true}), "");
}

TEST(ParseIds, CollectEverythingThatIsWrong) {
  FieldViolations bad;
  EXPECT_TRUE(ParseUuid("id", "", bad).is_nil());
  ParseUuid("other_id", "nope", bad);
  EXPECT_FALSE(ParseOptionalUuid("third_id", "", bad));
  ParseSlug("slug", "Not A Slug", bad);
  ParseSlug("flow", "", bad);
  ParseInRange(Indexed("items", 3, "weight"), 11, 0, 10, bad);
  CheckCount("tags", 51, 50, bad);
  std::string fields;
  for (const FieldViolation& violation : bad.violations()) absl::StrAppend(&fields, violation.field, " ");
  EXPECT_EQ(fields, "id other_id slug flow items[3].weight tags ");
  FieldViolations none;
  EXPECT_EQ(ParseUuid("id", "018BCFE5-6800-7000-8000-000000000000", none).ToString(),
            "018bcfe5-6800-7000-8000-000000000000");
  EXPECT_EQ(ParseSlug("slug", "car-dealer", none), "car-dealer");
  EXPECT_EQ(ParseInRange("n", 5, 0, 10, none), 5);
  EXPECT_TRUE(none.empty());
}

TEST(Language, TakesTheSpellingsInUse) {
  EXPECT_EQ(NormalizeLanguage("es"), "es");
  EXPECT_EQ(NormalizeLanguage("pt-br"), "pt_BR");
  EXPECT_EQ(NormalizeLanguage("ES_ar"), "es_AR");
  EXPECT_EQ(NormalizeLanguage("zh-hant-TW"), "zh_Hant_TW");
  EXPECT_EQ(NormalizeLanguage("es-419"), "es_419");
  for (const char* bad : {"", "e", "spanish", "es_", "es_ARG", "es AR", "e5", "es_AR_x", "12"})
    EXPECT_FALSE(NormalizeLanguage(bad)) << bad;
  FieldViolations bad;
  EXPECT_EQ(ParseLanguage("language", "", bad), "");
  EXPECT_EQ(ParseLanguage("language", "klingon", bad), "");
  EXPECT_EQ(ParseCurrency("currency", "USD", bad), "USD");
  ParseCurrency("currency", "usd", bad);
  EXPECT_EQ(bad.violations().size(), 2u);
}

}  // namespace
}  // namespace vinculo::text
