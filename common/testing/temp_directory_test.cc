#include "common/testing/temp_directory.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "gtest/gtest.h"

namespace vinculo::test {
namespace {

TEST(TempDirectory, IsFreshAndGoesWithEverythingInIt) {
  std::string path;
  {
    const TempDirectory directory;
    path = directory.path();
    EXPECT_TRUE(std::filesystem::is_directory(path));
    EXPECT_TRUE(std::filesystem::is_empty(path));
    std::filesystem::create_directory(directory.File("deep"));
    directory.Write("deep/file", "x");
    EXPECT_TRUE(std::filesystem::exists(path + "/deep/file"));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(TempDirectory, TwoAreApart) {
  const TempDirectory a;
  const TempDirectory b;
  EXPECT_NE(a.path(), b.path());
}

TEST(TempDirectory, WritesTheBytesGiven) {
  const TempDirectory directory;
  const std::string path = directory.Write("bytes", absl::string_view("a\0b\n", 4));
  std::ifstream file(path, std::ios::binary);
  const std::string content((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_EQ(content, std::string("a\0b\n", 4));
}

}  // namespace
}  // namespace vinculo::test
