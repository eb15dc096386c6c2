#include "services/messaging/operator_files.h"

#include <gtest/gtest.h>

#include "common/testing/status_matchers.h"

namespace vinculo::messaging {
namespace {

using ::vinculo::test::IsOk;

TEST(OperatorFiles, ReplaceWhatCodesMean) {
  const auto spans = ParseErrorClasses(R"({"200-299": "B", "250": "R", "131026": "X"})");
  ASSERT_THAT(spans, IsOk());
  const ErrorClasses classes = ErrorClasses::With(*spans);
  const auto of = [&](int code) {
    return classes.Classify({.result = SendResult::kRefused, .graph_error = true, .code = code, .http = 400});
  };
  EXPECT_EQ(of(201), ErrorClass::kBug);
  EXPECT_EQ(of(250), ErrorClass::kRetry) << "a code goes before its span";
  EXPECT_EQ(of(190), ErrorClass::kAccount) << "the rest stands";
}

TEST(OperatorFiles, SayWhatLevelsMean) {
  const auto table = ParseLevels(R"({"tiers": {"TIER_2K": 3000, "TIER_NEW": -1}, "throughputs": {"HIGH": 500}})");
  ASSERT_THAT(table, IsOk());
  EXPECT_EQ(table->Reach("TIER_2K"), 3000);
  EXPECT_EQ(table->Reach("TIER_NEW"), kUnlimitedReach);
  EXPECT_EQ(table->Reach("TIER_10K"), 10'000);
  EXPECT_EQ(table->Reach("TIER_NOT_SET"), kFirstTier) << "an unknown word is the lowest";
  EXPECT_EQ(table->Throughput("HIGH"), 500);
  EXPECT_EQ(table->Throughput(""), kStandardThroughput);
}

TEST(OperatorFiles, NameFurtherApps) {
  const auto app = ParseApp("second", R"({"verify_token": "v", "secrets": ["a", "b"]})");
  ASSERT_THAT(app, IsOk());
  EXPECT_EQ(app->slug, "second");
  EXPECT_THAT(app->secrets, testing::ElementsAre("a", "b"));
}

TEST(OperatorFiles, SayWhatIsWrong) {
  for (const char* bad :
       {"", "[]", R"({"x": "R"})", R"({"1-2-3": "R"})", R"({"9-3": "R"})", R"({"1": "Q"})", R"({"1": 7})"})
    EXPECT_TRUE(absl::IsInvalidArgument(ParseErrorClasses(bad).status())) << bad;
  for (const char* bad :
       {R"({"tier": {}})", R"({"tiers": {"A": "many"}})", R"({"tiers": {"A": 0}})", R"({"throughputs": {"A": -1}})"})
    EXPECT_TRUE(absl::IsInvalidArgument(ParseLevels(bad).status())) << bad;
  for (const char* bad :
       {"{}", R"({"verify_token": "v"})", R"({"verify_token": "v", "secrets": []})",
        R"({"verify_token": "", "secrets": ["a"]})", R"({"verify_token": "v", "secrets": ["a","b","c"]})"})
    EXPECT_TRUE(absl::IsInvalidArgument(ParseApp("a", bad).status())) << bad;
  EXPECT_TRUE(absl::IsInvalidArgument(ParseApp("A b", R"({"verify_token": "v", "secrets": ["a"]})").status()));
}

}  // namespace
}  // namespace vinculo::messaging
