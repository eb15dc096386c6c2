#include "common/json/json_text.h"

#include <gtest/gtest.h>

namespace vinculo {
namespace {

TEST(JsonText, ReplacesWhatIsNoUtf8) {
  EXPECT_EQ(DumpJson(nlohmann::json{{"a", "\xff"}}), "{\"a\":\"\xef\xbf\xbd\"}");
  EXPECT_EQ(DumpJson(nlohmann::ordered_json{{"b", 1}, {"a", 2}}), "{\"b\":1,\"a\":2}");
}

TEST(JsonText, DamagedTextIsDataLossAndIsNotRepeated) {
  const auto number = [](const nlohmann::json& j) { return j.at("n").get<int>(); };
  EXPECT_EQ(*DecodeStoredJson<int>("{\"n\":7}", number), 7);
  for (const char* damaged : {"{\"secret\":", "{\"n\":\"secret\"}", "[]", ""}) {
    const absl::Status status = DecodeStoredJson<int>(damaged, number).status();
    EXPECT_TRUE(absl::IsDataLoss(status)) << damaged;
    EXPECT_EQ(status.message().find("secret"), absl::string_view::npos);
  }
}

}  // namespace
}  // namespace vinculo
