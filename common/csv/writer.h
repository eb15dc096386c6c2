#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace vinculo::csv {

enum class Escape {
  kSafe,  // `'` before cells that a spreadsheet would run as a formula [P-155]
  kRaw,   // cells as they are
};

struct WriterOptions {
  char delimiter = ',';
  bool bom = false;  // UTF-8 byte order mark first, for spreadsheets
  Escape escape = Escape::kSafe;
};

// RFC 4180: CRLF after every row, cells with delimiter, quote or line break quoted, quotes doubled. Appends to a string
// that the caller may take and clear between rows, so any export can be streamed. Writes every CSV of the suite. Not
// thread-safe.
class Writer {
 public:
  // Writes the byte order mark (if asked for) and the header. `out` must outlive the writer.
  Writer(const WriterOptions& options, const std::vector<std::string>& header, std::string* out);

  // One row. As many cells as the header has: missing ones at the end are written empty, further ones are dropped.
  // Unset is an empty cell.
  void Row(absl::Span<const std::string> cells);

 private:
  void Append(absl::Span<const std::string> cells);
  WriterOptions options_;
  size_t columns_;
  std::string* out_;
};

// `'` + cell when it begins with = + - @ TAB or CR and is not a plain number or E.164; else the cell.
std::string SafeCell(absl::string_view cell);

}  // namespace vinculo::csv
