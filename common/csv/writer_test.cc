#include "common/csv/writer.h"

#include <gtest/gtest.h>

namespace vinculo::csv {
namespace {

std::string Write(const WriterOptions& options, const std::vector<std::string>& header,
                  const std::vector<std::vector<std::string>>& rows) {
  std::string out;
  Writer writer(options, header, &out);
  for (const auto& row : rows) writer.Row(row);
  return out;
}

TEST(CsvWriter, IsRfc4180) {
  EXPECT_EQ(Write({}, {"a", "b"}, {{"1", "x,y"}, {"say \"hi\"", "two\r\nlines"}, {"", ""}}),
            "a,b\r\n1,\"x,y\"\r\n\"say \"\"hi\"\"\",\"two\r\nlines\"\r\n,\r\n");
}

TEST(CsvWriter, AlwaysHasAHeaderAndABomOnRequest) {
  EXPECT_EQ(Write({.delimiter = ';', .bom = true}, {"a", "b;c"}, {}),
            "\xEF\xBB\xBF"
            "a;\"b;c\"\r\n");
}

TEST(CsvWriter, KeepsTheWidthOfTheHeader) {
  EXPECT_EQ(Write({}, {"a", "b"}, {{"1"}, {"1", "2", "3"}}), "a,b\r\n1,\r\n1,2\r\n");
  EXPECT_EQ(Write({}, {"a"}, {{""}}), "a\r\n\"\"\r\n");
}

TEST(CsvWriter, DefusesFormulasButNotNumbersAndPhones) {
  for (const char* formula :
       {"=1+1", "+cmd|' /C calc'!A0", "-x", "@SUM(A1)", "\tx", "\rx", "-1-1", "+54 9 11", "=", "-", "+1.", "1e5=-"}) {
    EXPECT_EQ(SafeCell(formula), (formula[0] == '1' ? "" : "'") + std::string(formula));
  }
  for (const char* harmless : {"", "text", "-5", "+5491122334455", "-5.25", "+5,25", "3.39", "a=b"})
    EXPECT_EQ(SafeCell(harmless), harmless);
  EXPECT_EQ(Write({}, {"a"}, {{"=A1"}}), "a\r\n'=A1\r\n");
  EXPECT_EQ(Write({.escape = Escape::kRaw}, {"a"}, {{"=A1"}}), "a\r\n=A1\r\n");
}

}  // namespace
}  // namespace vinculo::csv
