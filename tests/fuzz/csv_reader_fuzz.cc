// Where a file is cut into chunks never changes which rows come out of it.
#include <string>
#include <vector>

#include "common/csv/reader.h"
#include "common/text/text.h"
#include "tests/fuzz/fuzz_target.h"

namespace {

using vinculo::csv::Reader;
using vinculo::csv::Row;

struct Outcome {
  std::vector<std::string> header;
  std::vector<Row> rows;
  bool ok = true;
};

bool Same(const Row& a, const Row& b) {
  return a.line == b.line && a.number == b.number && a.cells == b.cells && a.problem == b.problem &&
         a.problem_column == b.problem_column;
}

Outcome Read(absl::string_view bytes, size_t chunk, vinculo::csv::Encoding encoding) {
  Outcome out;
  Reader reader(
      {.encoding = encoding, .max_columns = 8, .max_row_bytes = 256, .max_rows = 64},
      [&](const std::vector<std::string>& names) {
        out.header = names;
        return absl::OkStatus();
      },
      [&](Row&& row) {
        out.rows.push_back(std::move(row));
        return absl::OkStatus();
      });
  for (size_t at = 0; at < bytes.size() && out.ok; at += chunk) out.ok = reader.Feed(bytes.substr(at, chunk)).ok();
  if (out.ok) out.ok = reader.Finish().ok();
  return out;
}

}  // namespace

FUZZ_TARGET(input) {
  if (input.empty()) return;
  const auto encoding = (input[0] & 1) != 0 ? vinculo::csv::Encoding::kWindows1252 : vinculo::csv::Encoding::kUtf8;
  const size_t chunk = 1 + static_cast<unsigned char>(input[0]) % 17;
  input.remove_prefix(1);
  const Outcome whole = Read(input, input.size() + 1, encoding);
  const Outcome cut = Read(input, chunk, encoding);
  FUZZ_REQUIRE(whole.ok == cut.ok);
  FUZZ_REQUIRE(whole.header == cut.header);
  FUZZ_REQUIRE(whole.rows.size() == cut.rows.size());
  for (size_t i = 0; i < whole.rows.size(); ++i) {
    FUZZ_REQUIRE(Same(whole.rows[i], cut.rows[i]));
    if (whole.rows[i].problem != vinculo::csv::RowProblem::kNone) continue;
    for (const std::string& cell : whole.rows[i].cells) FUZZ_REQUIRE(vinculo::text::IsValidUtf8(cell));
  }
}
