#include "common/sql/postgres_dialect.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace vinculo::sql {
namespace {

// The end of the quoted text or comment that begins at `at`; `at` itself where none does.
size_t EndOfOpaque(absl::string_view text, size_t at) {
  const auto past = [&](absl::string_view end, size_t from) {
    const size_t found = text.find(end, from);
    return found == absl::string_view::npos ? text.size() : found + end.size();
  };
  if (text[at] == '\'' || text[at] == '"') return past(text.substr(at, 1), at + 1);
  if (text.substr(at, 2) == "--") return past("\n", at);
  return at;
}

bool IsWord(char c) { return absl::ascii_isalnum(c) || c == '_'; }

// What stands for a word of a schema; its own text where nothing else does.
absl::string_view SchemaWord(absl::string_view word) {
  static constexpr std::pair<absl::string_view, absl::string_view> kWords[] = {
      {"INTEGER", "BIGINT"}, {"REAL", "DOUBLE PRECISION"}, {"BLOB", "BYTEA"}, {"TEXT", "TEXT COLLATE \"C\""}};
  for (const auto& [ours, theirs] : kWords) {
    if (word == ours) return theirs;
  }
  return word;
}

}  // namespace

std::string PostgresStatement(absl::string_view text) {
  std::string out;
  out.reserve(text.size() + 16);
  int largest = 0;
  for (size_t i = 0; i < text.size();) {
    if (const size_t end = EndOfOpaque(text, i); end > i) {
      absl::StrAppend(&out, text.substr(i, end - i));
      i = end;
    } else if (text[i] == '?') {
      int number = 0;
      for (++i; i < text.size() && absl::ascii_isdigit(text[i]); ++i) number = number * 10 + (text[i] - '0');
      if (number == 0) number = largest + 1;
      largest = std::max(largest, number);
      absl::StrAppend(&out, "$", number);
    } else {
      out.push_back(text[i++]);
    }
  }
  return out;
}

std::string PostgresSchema(absl::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    if (const size_t end = EndOfOpaque(text, i); end > i) {
      absl::StrAppend(&out, text.substr(i, end - i));
      i = end;
      continue;
    }
    size_t end = i;
    while (end < text.size() && IsWord(text[end])) ++end;
    if (end == i) {
      out.push_back(text[i++]);
      continue;
    }
    absl::StrAppend(&out, SchemaWord(text.substr(i, end - i)));
    i = end;
  }
  for (const absl::string_view table_option : {" STRICT, WITHOUT ROWID", " STRICT", " WITHOUT ROWID"}) {
    for (size_t at; (at = out.find(absl::StrCat(")", table_option))) != std::string::npos;)
      out.erase(at + 1, table_option.size());
  }
  return out;
}

}  // namespace vinculo::sql
