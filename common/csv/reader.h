#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace vinculo::csv {

enum class Encoding { kUtf8, kWindows1252 };

struct ReaderOptions {
  char delimiter = 0;  // 0 = AUTO among , ; tab | by the header line
  Encoding encoding = Encoding::kUtf8;
  int max_columns = 64;
  int64_t max_row_bytes = 64 * 1024;
  int64_t max_rows = 5'000'000;
};

// What is wrong with a row as CSV. Its cells are then given as far as they could be read.
enum class RowProblem {
  kNone,
  kColumnCount,  // more or fewer cells than the header
  kBadEncoding,  // a cell is not valid in the file's encoding, or holds NUL; `problem_column` says which
  kTooLong,      // longer than max_row_bytes; no cells
  kBadQuotes,    // a quoted cell that is not closed properly; no cells. Rows after it are read as usual
};

struct Row {
  int64_t line = 0;                // physical line, from 1, on which the row begins
  int64_t number = 0;              // data row, from 1; the header is not counted
  std::vector<std::string> cells;  // UTF-8
  RowProblem problem = RowProblem::kNone;
  int problem_column = -1;  // index, -1 when the row as a whole
};

// Reads CSV of any size from chunks of any size; where they are cut never changes what comes out. Built on libcsv. The
// first row is the header. A byte order mark, blank lines, outer spaces of unquoted cells and a missing final newline
// do no harm; CRLF, LF and CR all end a line; quoted cells may hold line breaks. A bad row is reported and never takes
// its neighbours with it: after a quote that is never closed, reading goes on with the next physical line. Memory is
// bounded by max_row_bytes plus one chunk's rows. Not thread-safe.
class Reader {
 public:
  // Called once, before any row. A status other than OK ends the reading and is what Feed returns.
  using HeaderCallback = std::function<absl::Status(const std::vector<std::string>& names)>;
  using RowCallback = std::function<absl::Status(Row&& row)>;

  Reader(const ReaderOptions& options, HeaderCallback on_header, RowCallback on_row);
  ~Reader();

  // INVALID_ARGUMENT CSV_HEADER when the header cannot be read (encoding, UTF-16 file, too many columns, too long,
  // quotes), CSV_TOO_MANY_ROWS beyond max_rows; or the status of a callback. After any error every call returns it
  // again.
  absl::Status Feed(absl::string_view chunk);
  // The end of the input. INVALID_ARGUMENT CSV_EMPTY when there was no header.
  absl::Status Finish();

  // Valid once the header was read.
  char delimiter() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace vinculo::csv
