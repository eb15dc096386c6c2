#include "common/log/log.h"

#include <limits>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/status/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace vinculo::log {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

class LogTest : public ::testing::Test {
 protected:
  ~LogTest() override { Init(Level::kInfo, Format::kText); }
  Capture capture_;
};

TEST_F(LogTest, WritesMessageAndPairsAsText) {
  Init(Level::kInfo, Format::kText);
  Info("campaign launched",
       {{"campaign", "spring"}, {"recipients", 1000}, {"dry", false}, {"took", absl::Milliseconds(1500)}});
  EXPECT_THAT(capture_.text(),
              MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{6}Z I campaign launched campaign=spring "
                           "recipients=1000 dry=false took=1.5\n"));
}

TEST_F(LogTest, QuotesInTextWhatIsNoPlainWord) {
  Init(Level::kInfo, Format::kText);
  Info("m", {{"a", "two words"}, {"b", ""}, {"c", "x=\"y\""}});
  EXPECT_THAT(capture_.text(), HasSubstr(R"(a="two words" b="" c="x=\"y\"")"));
}

TEST_F(LogTest, WritesOneJsonObjectALine) {
  Init(Level::kDebug, Format::kJson);
  const absl::Status failure = ::vinculo::Error(absl::StatusCode::kAborted, "ETAG_MISMATCH", "stale");
  Warning("odd \"thing\"\n", {{"status", failure},
                              {"at", absl::FromUnixSeconds(0)},
                              {"ratio", 0.25},
                              {"nan", std::numeric_limits<double>::quiet_NaN()},
                              {"ctrl", absl::string_view("\x01", 1)}});
  Debug("second");
  const std::string text = capture_.text();
  const size_t end = text.find('\n');
  const nlohmann::json line = nlohmann::json::parse(text.substr(0, end));
  EXPECT_EQ(line["level"], "warning");
  EXPECT_EQ(line["message"], "odd \"thing\"\n");
  EXPECT_EQ(line["status"], "ABORTED ETAG_MISMATCH: stale");
  EXPECT_EQ(line["at"], "1970-01-01T00:00:00+00:00");
  EXPECT_EQ(line["ratio"], 0.25);
  EXPECT_EQ(line["nan"], "nan");
  EXPECT_EQ(line["ctrl"], "\x01");
  EXPECT_EQ(nlohmann::json::parse(text.substr(end + 1))["message"], "second");
}

TEST_F(LogTest, WritesNothingBelowTheLevel) {
  Init(Level::kWarning, Format::kText);
  Debug("no");
  Info("no");
  EXPECT_THAT(capture_.text(), IsEmpty());
  SetLevel(Level::kOff);
  ::vinculo::log::Error("no");
  EXPECT_THAT(capture_.text(), IsEmpty());
}

TEST_F(LogTest, ChangesItsLevelWhileRunning) {
  Init(Level::kError, Format::kText);
  EXPECT_FALSE(Enabled(Level::kDebug));
  SetLevel(Level::kDebug);
  EXPECT_TRUE(Enabled(Level::kDebug));
  Debug("now");
  EXPECT_THAT(capture_.text(), HasSubstr(" D now\n"));
}

TEST_F(LogTest, KeepsBracesAsTheyAre) {
  Init(Level::kInfo, Format::kText);
  Info("{} {0}", {{"k", "{}"}});
  EXPECT_THAT(capture_.text(), HasSubstr("{} {0} k={}\n"));
}

TEST(LogParse, KnowsLevelsAndFormats) {
  EXPECT_EQ(ParseLevel("debug"), Level::kDebug);
  EXPECT_EQ(ParseLevel("off"), Level::kOff);
  EXPECT_EQ(ParseLevel("INFO"), std::nullopt);
  EXPECT_EQ(ParseLevel(""), std::nullopt);
  EXPECT_EQ(ParseFormat("json"), Format::kJson);
  EXPECT_EQ(ParseFormat("text"), Format::kText);
  EXPECT_EQ(ParseFormat("xml"), std::nullopt);
}

}  // namespace
}  // namespace vinculo::log
