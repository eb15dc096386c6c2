#include "common/json/json_text.h"

#include <gtest/gtest.h>

#include <string>

#include "common/json/stored_json_memo.h"

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

TEST(StoredJsonMemo, DecodesATextOnceAndHoldsNoMoreThanItMay) {
  StoredJsonMemo<int> memo(2);
  int decodes = 0;
  const auto number = [&](const nlohmann::json& j) { return ++decodes, j.at("n").get<int>(); };
  for (int i = 0; i < 3; ++i) EXPECT_EQ(*memo.Decode("{\"n\":7}", number), 7);
  EXPECT_EQ(decodes, 1);
  EXPECT_EQ(*memo.Decode("{\"n\":8}", number), 8);
  EXPECT_EQ(*memo.Decode("{\"n\":9}", number), 9);  // the third: begins anew
  EXPECT_EQ(*memo.Decode("{\"n\":9}", number), 9);
  EXPECT_EQ(decodes, 3);
  EXPECT_EQ(*memo.Decode("{\"n\":7}", number), 7);
  EXPECT_EQ(decodes, 4);
}

TEST(StoredJsonMemo, RemembersNoDamage) {
  StoredJsonMemo<int> memo(2);
  int answer = 0;
  const auto picky = [&](const nlohmann::json& j) { return answer == 0 ? j.at("missing").get<int>() : answer; };
  EXPECT_TRUE(absl::IsDataLoss(memo.Decode("{}", picky).status()));
  answer = 5;
  EXPECT_EQ(*memo.Decode("{}", picky), 5);
}

}  // namespace
}  // namespace vinculo
