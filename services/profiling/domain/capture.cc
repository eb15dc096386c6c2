#include "services/profiling/domain/capture.h"

#include <algorithm>
#include <set>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/time/civil_time.h"
#include "common/text/text.h"
#include "services/profiling/domain/limits.h"

namespace vinculo::profiling {
namespace {

constexpr int kMaxName = 120;
constexpr size_t kMaxEmail = 254;
constexpr size_t kMaxLocal = 64;
constexpr size_t kMaxLabel = 63;

Captured Bad(Invalid reason) { return {std::nullopt, reason}; }

bool IsAtext(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("!#$%&'*+/=?^_`{|}~-", c);
}

bool IsLocalPart(absl::string_view local) {
  if (local.empty() || local.size() > kMaxLocal || local.front() == '.' || local.back() == '.') return false;
  if (absl::StrContains(local, "..")) return false;
  return std::all_of(local.begin(), local.end(), [](char c) { return c == '.' || IsAtext(c); });
}

bool IsDomain(absl::string_view domain) {
  const std::vector<absl::string_view> labels = absl::StrSplit(domain, '.');
  if (labels.size() < 2) return false;
  for (absl::string_view label : labels) {
    if (label.empty() || label.size() > kMaxLabel || label.front() == '-' || label.back() == '-') return false;
    if (!std::all_of(label.begin(), label.end(),
                     [](char c) { return c == '-' || absl::ascii_isalnum(static_cast<unsigned char>(c)); }))
      return false;
  }
  const absl::string_view top = labels.back();
  if (absl::StartsWith(top, "xn--")) return true;
  return top.size() >= 2 &&
         std::all_of(top.begin(), top.end(), [](char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)); });
}

// What people put around an address: brackets, quotes and the end of a sentence.
absl::string_view StripWrapping(absl::string_view word) {
  constexpr absl::string_view kBefore = "<(\"'[:";
  constexpr absl::string_view kAfter = ">)\"'].,;:!?";
  while (!word.empty() && absl::StrContains(kBefore, word.front())) word.remove_prefix(1);
  while (!word.empty() && absl::StrContains(kAfter, word.back())) word.remove_suffix(1);
  if (absl::StartsWithIgnoreCase(word, "mailto:")) word.remove_prefix(7);
  return word;
}

bool HasLetter(absl::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalpha(static_cast<unsigned char>(c)) || static_cast<unsigned char>(c) >= 0xC3;
  });
}

bool IsEnglish(absl::string_view language) { return absl::StartsWith(language, "en"); }

}  // namespace

Captured ParseName(absl::string_view text) {
  const absl::string_view trimmed = text::Trim(text);
  if (trimmed.empty()) return Bad(Invalid::kEmpty);
  const bool control = std::any_of(trimmed.begin(), trimmed.end(),
                                   [](char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); });
  if (control || text::HasForbiddenControl(trimmed)) return Bad(Invalid::kNoMatch);
  if (text::CodePoints(trimmed) > kMaxName || text::Fold(trimmed).empty() || !HasLetter(trimmed))
    return Bad(Invalid::kNoMatch);
  return {text::Nfc(trimmed), Invalid::kNone};
}

Captured ParseEmail(absl::string_view text) {
  std::set<std::string> found;
  for (absl::string_view word : absl::StrSplit(text, absl::ByAnyChar(" \t\r\n,;"), absl::SkipEmpty())) {
    word = StripWrapping(word);
    const size_t at = word.rfind('@');
    if (at == absl::string_view::npos || word.size() > kMaxEmail) continue;
    const absl::string_view local = word.substr(0, at);
    const std::string domain = absl::AsciiStrToLower(word.substr(at + 1));
    if (IsLocalPart(local) && IsDomain(domain)) found.insert(absl::StrCat(local, "@", domain));
  }
  if (found.empty()) return Bad(text::Trim(text).empty() ? Invalid::kEmpty : Invalid::kNoMatch);
  if (found.size() > 1) return Bad(Invalid::kAmbiguous);
  return {*found.begin(), Invalid::kNone};
}

Captured ParseNumber(absl::string_view text, absl::string_view language) {
  const char point = IsEnglish(language) ? '.' : ',';
  const char group = IsEnglish(language) ? ',' : '.';
  std::string number(text::Trim(text));
  const bool negative = !number.empty() && number[0] == '-';
  if (negative) number.erase(0, 1);
  const std::vector<std::string> halves = absl::StrSplit(number, point);
  if (halves.size() > 2 || halves[0].empty() || (halves.size() == 2 && halves[1].empty()))
    return Bad(Invalid::kNoMatch);
  const std::vector<std::string> groups = absl::StrSplit(halves[0], group);
  const auto digits = [](absl::string_view s) {
    return !s.empty() &&
           std::all_of(s.begin(), s.end(), [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); });
  };
  for (size_t i = 0; i < groups.size(); ++i) {
    if (!digits(groups[i]) || (i > 0 && groups[i].size() != 3)) return Bad(Invalid::kNoMatch);
  }
  if (groups.size() > 1 && groups[0].size() > 3) return Bad(Invalid::kNoMatch);
  if (halves.size() == 2 && !digits(halves[1])) return Bad(Invalid::kNoMatch);
  std::string out = absl::StrCat(negative ? "-" : "", absl::StrJoin(groups, ""));
  if (halves.size() == 2) absl::StrAppend(&out, ".", halves[1]);
  if (out.size() > 30) return Bad(Invalid::kNoMatch);
  return {out, Invalid::kNone};
}

Captured ParseDate(absl::string_view text, absl::string_view language) {
  const std::vector<std::string> parts = absl::StrSplit(text::Trim(text), absl::ByAnyChar("/-. "), absl::SkipEmpty());
  int a = 0, b = 0, c = 0;
  if (parts.size() != 3 || !absl::SimpleAtoi(parts[0], &a) || !absl::SimpleAtoi(parts[1], &b) ||
      !absl::SimpleAtoi(parts[2], &c)) {
    return Bad(Invalid::kNoMatch);
  }
  int year = c, month = b, day = a;
  if (parts[0].size() == 4) {
    year = a;
    day = c;
  } else if (absl::StartsWith(language, "en-US") || absl::StartsWith(language, "en_US")) {
    month = a;
    day = b;
  }
  if (year < 1900 || year > 2200 || month < 1 || month > 12 || day < 1 || day > 31) return Bad(Invalid::kNoMatch);
  const absl::CivilDay civil(year, month, day);
  if (civil.month() != month || civil.day() != day) return Bad(Invalid::kNoMatch);
  return {absl::StrFormat("%04d-%02d-%02d", year, month, day), Invalid::kNone};
}

Captured ParseCapture(CaptureField field, absl::string_view text, absl::string_view language,
                      const PhoneParser& phone) {
  switch (field) {
    case CaptureField::kName:
      return ParseName(text);
    case CaptureField::kEmail:
      return ParseEmail(text);
    case CaptureField::kNumber:
      return ParseNumber(text, language);
    case CaptureField::kDate:
      return ParseDate(text, language);
    case CaptureField::kPhone: {
      const std::optional<std::string> e164 = phone ? phone(text) : std::nullopt;
      return e164 ? Captured{e164, Invalid::kNone} : Bad(Invalid::kNoMatch);
    }
    case CaptureField::kFreeText:
      return {std::string(text::Truncate(text::Trim(text), kMaxRawAnswer)), Invalid::kNone};
    case CaptureField::kConsent:
    case CaptureField::kUnspecified:
      break;
  }
  return Bad(Invalid::kNoMatch);
}

SplitName SplitFullName(absl::string_view name) {
  std::vector<std::string> words = absl::StrSplit(name, absl::ByAnyChar(" \t"), absl::SkipEmpty());
  if (words.empty()) return {};
  SplitName out;
  out.last = std::move(words.back());
  words.pop_back();
  out.first = absl::StrJoin(words, " ");
  return out;
}

}  // namespace vinculo::profiling
