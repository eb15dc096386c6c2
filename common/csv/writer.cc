#include "common/csv/writer.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace vinculo::csv {
namespace {

// ^[+-]?[0-9]+([.,][0-9]+)?$
bool IsPlainNumber(absl::string_view cell) {
  if (!cell.empty() && (cell[0] == '+' || cell[0] == '-')) cell.remove_prefix(1);
  const auto digits = [&cell] {
    size_t n = 0;
    while (n < cell.size() && absl::ascii_isdigit(cell[n])) ++n;
    cell.remove_prefix(n);
    return n > 0;
  };
  if (!digits()) return false;
  if (cell.empty()) return true;
  if (cell[0] != '.' && cell[0] != ',') return false;
  cell.remove_prefix(1);
  return digits() && cell.empty();
}

bool NeedsQuotes(absl::string_view cell, char delimiter) {
  for (char c : cell) {
    if (c == delimiter || c == '"' || c == '\r' || c == '\n') return true;
  }
  // Readers, ours included, may drop outer white space of unquoted cells.
  return !cell.empty() && (absl::ascii_isspace(cell.front()) || absl::ascii_isspace(cell.back()));
}

}  // namespace

std::string SafeCell(absl::string_view cell) {
  const bool suspicious = !cell.empty() && absl::string_view("=+-@\t\r").find(cell[0]) != absl::string_view::npos;
  return absl::StrCat(suspicious && !IsPlainNumber(cell) ? "'" : "", cell);
}

Writer::Writer(const WriterOptions& options, const std::vector<std::string>& header, std::string* out)
    : options_(options), columns_(header.size()), out_(out) {
  if (options_.bom) out_->append("\xEF\xBB\xBF");
  Append(header);
}

void Writer::Row(absl::Span<const std::string> cells) {
  if (cells.size() == columns_) return Append(cells);
  std::vector<std::string> fitted(cells.begin(), cells.end());
  fitted.resize(columns_);
  Append(fitted);
}

void Writer::Append(absl::Span<const std::string> cells) {
  // A row of one empty cell would be a blank line, which readers skip.
  if (cells.size() == 1 && cells[0].empty()) {
    out_->append("\"\"\r\n");
    return;
  }
  for (size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) out_->push_back(options_.delimiter);
    const std::string cell = options_.escape == Escape::kSafe ? SafeCell(cells[i]) : cells[i];
    if (NeedsQuotes(cell, options_.delimiter)) {
      absl::StrAppend(out_, "\"", absl::StrReplaceAll(cell, {{"\"", "\"\""}}), "\"");
    } else {
      out_->append(cell);
    }
  }
  out_->append("\r\n");
}

}  // namespace vinculo::csv
