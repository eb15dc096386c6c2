#include "common/csv/reader.h"

#include <gtest/gtest.h>

#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/csv/writer.h"
#include "common/status/error.h"

namespace vinculo::csv {
namespace {

struct Result {
  std::vector<std::string> header;
  std::vector<Row> rows;
  absl::Status status;
  char delimiter = 0;

  std::string Print() const {  // line:cell|cell or line!problem
    std::vector<std::string> out;
    for (const Row& row : rows) {
      out.push_back(row.problem == RowProblem::kNone ? absl::StrCat(row.line, ":", absl::StrJoin(row.cells, "|"))
                                                     : absl::StrCat(row.line, "!", static_cast<int>(row.problem)));
    }
    return absl::StrJoin(out, " ");
  }
};

// Feeds `text` in chunks whose sizes `next` tells.
template <typename Next>
Result ReadChunks(absl::string_view text, const ReaderOptions& options, Next next) {
  Result result;
  Reader reader(
      options,
      [&](const std::vector<std::string>& names) {
        result.header = names;
        return absl::OkStatus();
      },
      [&](Row&& row) {
        result.rows.push_back(std::move(row));
        return absl::OkStatus();
      });
  while (!text.empty() && result.status.ok()) {
    const size_t size = std::min<size_t>(next(), text.size());
    result.status = reader.Feed(text.substr(0, size));
    text.remove_prefix(size);
  }
  if (result.status.ok()) result.status = reader.Finish();
  result.delimiter = reader.delimiter();
  return result;
}

Result Read(absl::string_view text, const ReaderOptions& options = {}) {
  return ReadChunks(text, options, [&] { return text.size(); });
}

constexpr int kCount = static_cast<int>(RowProblem::kColumnCount),
              kEncoding = static_cast<int>(RowProblem::kBadEncoding), kLong = static_cast<int>(RowProblem::kTooLong),
              kQuotes = static_cast<int>(RowProblem::kBadQuotes);

TEST(CsvReader, ReadsRowsWithTheirPhysicalLines) {
  const Result r = Read("name,phone\r\nAna,+54\r\n\r\n\"Luis\nAlberto\",\"+55\"\r\nEva,+57");
  EXPECT_TRUE(r.status.ok()) << r.status;
  EXPECT_EQ(r.header, (std::vector<std::string>{"name", "phone"}));
  EXPECT_EQ(r.Print(), "2:Ana|+54 4:Luis\nAlberto|+55 6:Eva|+57");
  EXPECT_EQ(r.rows[2].number, 3);
}

TEST(CsvReader, GuessesTheDelimiterFromTheHeader) {
  EXPECT_EQ(Read("a;b;c,d\n1;2;3").delimiter, ';');
  EXPECT_EQ(Read("a\tb\n1\t\n").delimiter, '\t');
  EXPECT_EQ(Read("a|b\n").delimiter, '|');
  EXPECT_EQ(Read("\"a;b;c\",d\n").delimiter, ',');
  EXPECT_EQ(Read("phone\n+54\n").delimiter, ',');
  EXPECT_EQ(Read("a;b\n1;2\n", {.delimiter = ','}).header.size(), 1u);
  EXPECT_EQ(Read("a\tb\tc\n1\t\t3\n").Print(), "2:1||3");
}

TEST(CsvReader, EndsOfLineBomAndOuterSpacesDoNoHarm) {
  EXPECT_EQ(Read("\xEF\xBB\xBF"
                 "a,b\r1,2\r3,4")
                .Print(),
            "2:1|2 3:3|4");
  EXPECT_EQ(Read("\n\na,b\n 1 ,\" 2 \"\n").Print(), "4:1| 2 ");
  EXPECT_EQ(Read(" a , b \n").header, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(Read("a,b\n,\n").Print(), "2:|");
}

TEST(CsvReader, ReportsRaggedRowsAndGoesOn) {
  EXPECT_EQ(Read("a,b\n1\n1,2\n1,2,3\n4,5\n").Print(), absl::StrCat("2!", kCount, " 3:1|2 4!", kCount, " 5:4|5"));
  EXPECT_EQ(Read("a,b\n1,2,3\n").rows[0].cells.size(), 3u);
}

TEST(CsvReader, ALoneQuoteCostsItsOwnLineOnly) {
  EXPECT_EQ(Read("a,b\n\"1,2\n3,4\n5,6\n").Print(), absl::StrCat("2!", kQuotes, " 3:3|4 4:5|6"));
  EXPECT_EQ(Read("a,b\n1,\"2\n3,4\n\"5\",6\n").Print(), absl::StrCat("2!", kQuotes, " 3:3|4 4:5|6"));
  EXPECT_EQ(Read("a,b\n\"1\"x,2\n3,4\n").Print(), absl::StrCat("2!", kQuotes, " 3:3|4"));
  // Two that pair up are a cell with line breaks, by the letter of the format.
  EXPECT_EQ(Read("a,b\n1,\"\n3,4\n5,\"\n7,8\n").Print(), "2:1|\n3,4\n5, 5:7|8");
  EXPECT_EQ(Read("a,b\n5\" pipe,Juan \"Pepe\" P\n").Print(), "2:5\" pipe|Juan \"Pepe\" P");
}

TEST(CsvReader, EncodingsAreCheckedCellByCell) {
  const Result r = Read("a,b\n\xF1,2\nñ,4\n");
  EXPECT_EQ(r.Print(), absl::StrCat("2!", kEncoding, " 3:ñ|4"));
  EXPECT_EQ(r.rows[0].problem_column, 0);
  EXPECT_EQ(Read(absl::string_view("a,b\n1,x\0y\n3,4\n", 14)).Print(), absl::StrCat("2!", kEncoding, " 3:3|4"));
  EXPECT_EQ(Read("a,b\nNi\xF1o,2\n\xC2\x81,4\n", {.encoding = Encoding::kWindows1252}).Print(),
            absl::StrCat("2:Niño|2 3!", kEncoding));
  EXPECT_EQ(Read("\xEF\xBB\xBF"
                 "a,b\nñ,2\n",
                 {.encoding = Encoding::kWindows1252})
                .Print(),
            "2:ñ|2");
}

TEST(CsvReader, RefusesFilesWithoutAUsableHeader) {
  EXPECT_EQ(ErrorReason(Read("").status), "CSV_EMPTY");
  EXPECT_EQ(ErrorReason(Read("\n \n").status), "CSV_EMPTY");
  EXPECT_EQ(ErrorReason(Read("\xFF\xFE"
                             "a\0")
                            .status),
            "CSV_HEADER");
  EXPECT_EQ(ErrorReason(Read("a,\xF1\n").status), "CSV_HEADER");
  EXPECT_EQ(ErrorReason(Read("a,\"b\n1,2\n").status), "CSV_HEADER");
  EXPECT_EQ(ErrorReason(Read("a,b,c\n1,2,3\n", {.max_columns = 2}).status), "CSV_HEADER");
  EXPECT_EQ(ErrorReason(Read(std::string(70000, 'x')).status), "CSV_HEADER");
  EXPECT_TRUE(Read("a,b\n").status.ok());  // header only
}

TEST(CsvReader, LimitsRowsAndTheirLength) {
  const std::string wide(100, 'x');
  EXPECT_EQ(Read(absl::StrCat("a,b\n1,2\n", wide, ",2\n3,4\n"), {.max_row_bytes = 64}).Print(),
            absl::StrCat("2:1|2 3!", kLong, " 4:3|4"));
  EXPECT_EQ(Read(absl::StrCat("a,b\n\"1,2\n", wide, "\n3,4\n"), {.max_row_bytes = 64}).Print(),
            absl::StrCat("2!", kQuotes, " 3!", kLong, " 4:3|4"));
  const Result r = Read("a\n1\n2\n3\n", {.max_rows = 2});
  EXPECT_EQ(ErrorReason(r.status), "CSV_TOO_MANY_ROWS");
  EXPECT_EQ(r.rows.size(), 2u);
  EXPECT_EQ(Read(absl::StrCat("a,b\n", std::string(1000, ','), "\n1,2\n")).Print(),
            absl::StrCat("2!", kCount, " 3:1|2"));
}

TEST(CsvReader, AStatusOfACallbackEndsTheReading) {
  int calls = 0;
  Reader reader(
      {}, [](const auto&) { return absl::OkStatus(); },
      [&](Row&&) {
        ++calls;
        return absl::CancelledError("enough");
      });
  EXPECT_EQ(reader.Feed("a\n1\n2\n").code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(reader.Feed("3\n").code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(reader.Finish().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(calls, 1);
}

std::string RandomText(std::mt19937& random, size_t pieces) {
  const char* parts[] = {"a", ",", "\"", "\r\n", "\n", "\r", " ", "ñ", "🚗", "1", ";", "\"\"", "x,y", "\xF1", "\t"};
  std::string text = "name,phone\n";
  for (; pieces > 0; --pieces) text += parts[random() % std::size(parts)];
  return text;
}

TEST(CsvReaderProperty, WhereChunksAreCutNeverMatters) {
  std::mt19937 random(31);
  for (int round = 0; round < 2000; ++round) {
    const std::string text = RandomText(random, random() % 120);
    const ReaderOptions options{.max_row_bytes = 40};
    const Result whole = Read(text, options);
    const Result bytes = ReadChunks(text, options, [] { return size_t{1}; });
    const Result pieces = ReadChunks(text, options, [&] { return 1 + random() % 7; });
    ASSERT_EQ(whole.status, bytes.status);
    ASSERT_EQ(whole.Print(), bytes.Print()) << text;
    ASSERT_EQ(whole.Print(), pieces.Print()) << text;
  }
}

TEST(CsvReaderProperty, ReadsBackWhatTheWriterWrote) {
  std::mt19937 random(32);
  const char* parts[] = {"a", ",", "\"", "\r\n", "\n", " ", "ñ", "🚗", "\t", ";", "'", "\r"};
  for (int round = 0; round < 500; ++round) {
    std::string out;
    const WriterOptions options{.delimiter = ",;\t|"[random() % 4], .bom = random() % 2 == 0, .escape = Escape::kRaw};
    Writer writer(options, {"a", "b", "c"}, &out);
    std::vector<std::vector<std::string>> rows(random() % 8, std::vector<std::string>(3));
    for (auto& row : rows) {
      for (std::string& cell : row) {
        for (size_t n = random() % 6; n > 0; --n) cell += parts[random() % std::size(parts)];
      }
      row[0] += "x";  // a row of nothing but delimiters and space may be a blank line
      writer.Row(row);
    }
    const Result r = ReadChunks(out, {.delimiter = options.delimiter}, [&] { return 1 + random() % 9; });
    ASSERT_TRUE(r.status.ok()) << r.status;
    ASSERT_EQ(r.rows.size(), rows.size()) << out;
    for (size_t i = 0; i < rows.size(); ++i) ASSERT_EQ(r.rows[i].cells, rows[i]) << out;
  }
}

TEST(CsvReaderProperty, GoodRowsSurviveBadNeighbours) {
  std::mt19937 random(33);
  // No two of these together are a row of two cells by the letter of the format.
  const char* bad[] = {"\"lone,x", "x", "1,2,3", "\xF1,2", "\"a\"b,c", "\"", "\"\"\""};
  for (int round = 0; round < 1000; ++round) {
    std::string text = "name,phone\n";
    std::vector<std::string> expected;
    for (int line = 0; line < 30; ++line) {
      if (random() % 3 == 0) {
        absl::StrAppend(&text, bad[random() % std::size(bad)], "\n");
      } else {
        const std::string name = absl::StrCat("n", line);
        absl::StrAppend(&text, random() % 2 ? absl::StrCat("\"", name, "\"") : name, ",+", line, "\n");
        expected.push_back(name);
      }
    }
    const Result r = Read(text);
    ASSERT_TRUE(r.status.ok());
    std::vector<std::string> found;
    for (const Row& row : r.rows) {
      if (row.problem == RowProblem::kNone && row.cells[0][0] == 'n') found.push_back(row.cells[0]);
    }
    ASSERT_EQ(found, expected) << text;
  }
}

TEST(CsvReaderProperty, HostileQuotesCostAFewPassesAtMost) {
  std::string text = "a,b\n";
  for (int i = 0; i < 200000; ++i) text += "\"\"\"\n";
  const Result r = Read(text, {.max_rows = 1'000'000});
  EXPECT_TRUE(r.status.ok());
  EXPECT_GT(r.rows.size(), 0u);
}

}  // namespace
}  // namespace vinculo::csv
