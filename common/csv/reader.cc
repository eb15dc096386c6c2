#include "common/csv/reader.h"

#include <csv.h>

#include <algorithm>
#include <deque>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "common/text/text.h"

namespace vinculo::csv {
namespace {

constexpr char kBom[] = "\xEF\xBB\xBF";
constexpr char kDelimiters[] = ",;\t|";
// Lines read again after a bad quote: so many bytes for each byte fed, plus a fixed part. Beyond it a bad row takes
// what it swallowed with it, so that a hostile file costs no more than a few passes.
constexpr int64_t kRereadFactor = 4;
constexpr int64_t kRereadBytes = 64 * 1024 * 1024;

// A physical line with its terminator, as it came.
struct Line {
  std::string bytes;
  int64_t number = 0;
  bool too_long = false;  // bytes are then gone
};

int SpaceOrTab(unsigned char c) { return c == ' ' || c == '\t'; }
int SpaceOnly(unsigned char c) { return c == ' '; }

// One libcsv parser and the cells of the row it is in.
class Parser {
 public:
  Parser(char delimiter, int max_columns, bool strict) : max_columns_(max_columns) {
    csv_init(&parser_, strict ? CSV_STRICT | CSV_STRICT_FINI : 0);
    csv_set_delim(&parser_, static_cast<unsigned char>(delimiter));
    csv_set_space_func(&parser_, delimiter == '\t' ? SpaceOnly : SpaceOrTab);
  }
  ~Parser() { csv_free(&parser_); }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  // False when the bytes are not CSV.
  bool Parse(absl::string_view bytes) {
    return csv_parse(&parser_, bytes.data(), bytes.size(), OnCell, OnRow, this) == bytes.size();
  }
  bool Finish() { return csv_fini(&parser_, OnCell, OnRow, this) == 0; }

  bool has_row() const { return has_row_; }
  std::vector<std::string> TakeRow() {
    has_row_ = false;
    return std::exchange(cells_, {});
  }

 private:
  static void OnCell(void* data, size_t size, void* self) { static_cast<Parser*>(self)->AddCell(data, size); }
  static void OnRow(int, void* self) { static_cast<Parser*>(self)->has_row_ = true; }
  void AddCell(const void* data, size_t size) {
    // One more than allowed is enough to tell.
    if (cells_.size() <= static_cast<size_t>(max_columns_)) cells_.emplace_back(static_cast<const char*>(data), size);
  }

  csv_parser parser_;
  const int max_columns_;
  std::vector<std::string> cells_;
  bool has_row_ = false;
};

// The delimiter that occurs most often outside quotes; the earlier in the list on a tie.
char GuessDelimiter(absl::string_view line) {
  size_t best_count = 0;
  char best = ',';
  for (const char candidate : absl::string_view(kDelimiters)) {
    size_t count = 0;
    bool quoted = false;
    for (const char c : line) {
      if (c == '"') quoted = !quoted;
      if (c == candidate && !quoted) ++count;
    }
    if (count > best_count) {
      best_count = count;
      best = candidate;
    }
  }
  return best;
}

absl::Status HeaderError(absl::string_view why) {
  return Error(absl::StatusCode::kInvalidArgument, "CSV_HEADER", absl::StrCat("the header line ", why));
}

}  // namespace

// Chunks become physical lines, lines become rows. Only whole lines are parsed, so chunk borders cannot matter, and the
// lines of the row being read are kept, so that reading can go back to the second of them when the row turns out bad.
class Reader::Impl {
 public:
  Impl(const ReaderOptions& options, HeaderCallback on_header, RowCallback on_row)
      : options_(options),
        on_header_(std::move(on_header)),
        on_row_(std::move(on_row)),
        delimiter_(options.delimiter) {}

  absl::Status Feed(absl::string_view chunk) {
    RETURN_IF_ERROR(status_);
    reread_budget_ += kRereadFactor * static_cast<int64_t>(chunk.size());
    while (!chunk.empty() && status_.ok()) {
      if (carry_ends_in_cr_) {  // is it CR LF or CR alone?
        carry_ends_in_cr_ = false;
        if (absl::ConsumePrefix(&chunk, "\n")) Carry("\n");
        status_ = EndLine();
        continue;
      }
      const size_t end = chunk.find_first_of("\r\n");
      if (end == absl::string_view::npos) {
        Carry(chunk);
        break;
      }
      Carry(chunk.substr(0, end + 1));
      carry_ends_in_cr_ = chunk[end] == '\r';
      chunk.remove_prefix(end + 1);
      if (!carry_ends_in_cr_) status_ = EndLine();
    }
    return status_;
  }

  absl::Status Finish() {
    RETURN_IF_ERROR(status_);
    if (!carry_.bytes.empty() || carry_.too_long) status_ = EndLine();
    while (status_.ok() && !pending_.empty()) status_ = FinishPending();
    if (status_.ok() && !have_header_) {
      status_ = Error(absl::StatusCode::kInvalidArgument, "CSV_EMPTY", "the file is empty: it needs a header line");
    }
    return status_;
  }

  char delimiter() const { return delimiter_; }

 private:
  void Carry(absl::string_view bytes) {
    if (carry_.too_long) return;
    if (static_cast<int64_t>(carry_.bytes.size() + bytes.size()) > options_.max_row_bytes) {
      carry_.too_long = true;
      carry_.bytes.clear();
      return;
    }
    carry_.bytes.append(bytes.data(), bytes.size());
  }

  absl::Status EndLine() {
    Line line = std::exchange(carry_, {});
    line.number = ++lines_;
    carry_ends_in_cr_ = false;
    if (line.number == 1) RETURN_IF_ERROR(BeginFile(line));
    queue_.push_back(std::move(line));
    return Drain();
  }

  absl::Status BeginFile(Line& first) {
    if (absl::StartsWith(first.bytes, "\xFF\xFE") || absl::StartsWith(first.bytes, "\xFE\xFF")) {
      return HeaderError("is UTF-16; save the file as CSV UTF-8 and send it again");
    }
    if (absl::StartsWith(first.bytes, kBom)) {
      first.bytes.erase(0, 3);
      options_.encoding = Encoding::kUtf8;  // the mark says so, whatever was declared
    }
    return absl::OkStatus();
  }

  absl::Status Drain() {
    while (!queue_.empty()) {
      Line line = std::move(queue_.front());
      queue_.pop_front();
      RETURN_IF_ERROR(Consume(std::move(line)));
    }
    return absl::OkStatus();
  }

  absl::Status Consume(Line line) {
    if (line.too_long) {
      if (!pending_.empty()) {  // the row before never closed its quote: settle it first
        queue_.push_front(std::move(line));
        return Recover();
      }
      return Emit(line.number, RowProblem::kTooLong, {});
    }
    if (pending_.empty() && absl::StripAsciiWhitespace(line.bytes).empty()) return absl::OkStatus();  // blank
    if (delimiter_ == 0) delimiter_ = GuessDelimiter(line.bytes);
    if (parser_ == nullptr) parser_ = std::make_unique<Parser>(delimiter_, options_.max_columns, /*strict=*/true);
    pending_bytes_ += static_cast<int64_t>(line.bytes.size());
    pending_.push_back(std::move(line));
    if (!parser_->Parse(pending_.back().bytes)) return Recover();
    if (parser_->has_row()) return EmitParsed();
    if (pending_bytes_ > options_.max_row_bytes) return Recover();
    return absl::OkStatus();
  }

  absl::Status FinishPending() {
    if (!parser_->Finish()) {
      RETURN_IF_ERROR(Recover());
    } else if (parser_->has_row()) {
      RETURN_IF_ERROR(EmitParsed());
    } else {
      Forget();
    }
    return Drain();
  }

  void Forget() {
    pending_.clear();
    pending_bytes_ = 0;
  }

  // The parser holds a whole row.
  absl::Status EmitParsed() {
    // Over several lines and of the wrong width: more likely a lone quote that swallowed rows.
    std::vector<std::string> cells = parser_->TakeRow();
    if (pending_.size() > 1 && have_header_ && cells.size() != columns_) return Recover();
    const int64_t line = pending_.front().number;
    Forget();
    return Emit(line, RowProblem::kNone, std::move(cells));
  }

  // The row is malformed. Its first line is judged by itself, those after it are read again.
  absl::Status Recover() {
    parser_ = nullptr;
    Line first = std::move(pending_.front());
    pending_.erase(pending_.begin());
    if (reread_budget_ >= pending_bytes_) {
      reread_budget_ -= pending_bytes_;
      queue_.insert(queue_.begin(), std::make_move_iterator(pending_.begin()), std::make_move_iterator(pending_.end()));
    }
    Forget();
    // Quotes inside an unquoted cell mean themselves; one that opens a cell must close it.
    Parser alone(delimiter_, options_.max_columns, /*strict=*/false);
    if (alone.Parse(first.bytes) && alone.Parse("\n") && alone.has_row()) {
      return Emit(first.number, RowProblem::kNone, alone.TakeRow());
    }
    return Emit(first.number, RowProblem::kBadQuotes, {});
  }

  // -1, or the first cell that is not text in the file's encoding.
  int Decode(std::vector<std::string>& cells) const {
    int bad = -1;
    for (size_t i = 0; i < cells.size(); ++i) {
      if (options_.encoding == Encoding::kWindows1252) {
        cells[i] = text::Windows1252ToUtf8(cells[i]).value_or("\xFF");
      }
      if (!text::IsValidUtf8(cells[i])) {
        if (bad < 0) bad = static_cast<int>(i);
        cells[i].clear();
      }
    }
    return bad;
  }

  absl::Status Emit(int64_t line, RowProblem problem, std::vector<std::string> cells) {
    if (!have_header_) return EmitHeader(problem, std::move(cells));
    if (++rows_ > options_.max_rows) {
      return Error(absl::StatusCode::kInvalidArgument, "CSV_TOO_MANY_ROWS",
                   absl::StrCat("the file has more than ", options_.max_rows, " rows; split it"));
    }
    Row row{.line = line, .number = rows_, .cells = std::move(cells), .problem = problem};
    if (problem == RowProblem::kNone) {
      row.problem_column = Decode(row.cells);
      if (row.cells.size() != columns_) {
        row.problem = RowProblem::kColumnCount;
        row.problem_column = -1;
      } else if (row.problem_column >= 0) {
        row.problem = RowProblem::kBadEncoding;
      }
    }
    return on_row_(std::move(row));
  }

  absl::Status EmitHeader(RowProblem problem, std::vector<std::string> names) {
    if (problem == RowProblem::kTooLong) return HeaderError("is too long");
    if (problem != RowProblem::kNone) return HeaderError("has a quote that is not closed");
    if (names.size() > static_cast<size_t>(options_.max_columns)) {
      return HeaderError(absl::StrCat("has more than ", options_.max_columns, " columns"));
    }
    if (Decode(names) >= 0) return HeaderError("is not valid in the encoding of the file");
    for (std::string& name : names) name = std::string(text::Trim(name));
    have_header_ = true;
    columns_ = names.size();
    return on_header_(names);
  }

  ReaderOptions options_;
  HeaderCallback on_header_;
  RowCallback on_row_;
  char delimiter_;
  absl::Status status_;
  Line carry_;  // the line that has not ended yet
  bool carry_ends_in_cr_ = false;
  int64_t lines_ = 0;
  std::deque<Line> queue_;     // lines to be read, again or for the first time
  std::vector<Line> pending_;  // lines of the row being read
  int64_t pending_bytes_ = 0;
  std::unique_ptr<Parser> parser_;
  int64_t reread_budget_ = kRereadBytes;
  bool have_header_ = false;
  size_t columns_ = 0;
  int64_t rows_ = 0;
};

Reader::Reader(const ReaderOptions& options, HeaderCallback on_header, RowCallback on_row)
    : impl_(std::make_unique<Impl>(options, std::move(on_header), std::move(on_row))) {}
Reader::~Reader() = default;
absl::Status Reader::Feed(absl::string_view chunk) { return impl_->Feed(chunk); }
absl::Status Reader::Finish() { return impl_->Finish(); }
char Reader::delimiter() const { return impl_->delimiter(); }

}  // namespace vinculo::csv
