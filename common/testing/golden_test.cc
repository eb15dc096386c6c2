#include "common/testing/golden.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "common/testing/temp_directory.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace vinculo::test {
namespace {

using ::testing::HasSubstr;

TEST(MatchesGolden, AcceptsTheSameLinesAndSkipsComments) {
  const TempDirectory directory;
  const std::string path = directory.Write("golden", "# what this is\n\none\ntwo\n");
  EXPECT_TRUE(MatchesGolden({"one", "two"}, path));
}

TEST(MatchesGolden, NamesWhatIsMissingAndWhatIsUnexpected) {
  const TempDirectory directory;
  const testing::AssertionResult result = MatchesGolden({"one", "three"}, directory.Write("golden", "one\ntwo\n"));
  ASSERT_FALSE(result);
  EXPECT_THAT(result.message(), HasSubstr("missing:    two"));
  EXPECT_THAT(result.message(), HasSubstr("unexpected: three"));
}

TEST(MatchesGolden, CountsRepetitionsAndSeesOrder) {
  const TempDirectory directory;
  const std::string path = directory.Write("golden", "one\ntwo\n");
  EXPECT_THAT(MatchesGolden({"one", "two", "two"}, path).message(), HasSubstr("unexpected: two"));
  EXPECT_THAT(MatchesGolden({"two", "one"}, path).message(), HasSubstr("another order"));
}

TEST(MatchesGolden, RefusesAFileThatIsNotThere) {
  const TempDirectory directory;
  EXPECT_FALSE(MatchesGolden({}, directory.File("absent")));
}

TEST(MatchesGolden, WritesTheFileAnewWhenAskedTo) {
  const TempDirectory directory;
  const std::string path = directory.Write("golden", "# kept\nold\n");
  ASSERT_EQ(setenv("UPDATE_GOLDEN", "1", 1), 0);
  const testing::AssertionResult updated = MatchesGolden({"new"}, path);
  ASSERT_EQ(unsetenv("UPDATE_GOLDEN"), 0);
  EXPECT_TRUE(updated);
  std::ifstream file(path);
  const std::string content((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_EQ(content, "# kept\nnew\n");
}

}  // namespace
}  // namespace vinculo::test
