#include "common/text/text.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/uscript.h>
#include <unicode/utf8.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace vinculo::text {
namespace {

bool IsAscii(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// The code point at `i`, which moves behind it; negative when ill-formed (one byte is then consumed).
UChar32 NextCodePoint(absl::string_view text, size_t& i) {
  const size_t start = i;
  int32_t at = 0;
  UChar32 c = 0;
  const int32_t length = static_cast<int32_t>(std::min<size_t>(text.size() - i, 4));
  U8_NEXT(text.data() + start, at, length, c);
  i = start + (c < 0 ? 1 : static_cast<size_t>(at));
  return c;
}

bool IsPunctuation(UChar32 c) { return u_ispunct(c); }

bool IsEmoji(UChar32 c) {
  return u_hasBinaryProperty(c, UCHAR_EXTENDED_PICTOGRAPHIC) || u_hasBinaryProperty(c, UCHAR_EMOJI_PRESENTATION);
}

// Accents and enclosing signs; not the vowel signs of scripts that write vowels as marks.
bool IsDiacritic(UChar32 c) {
  const int8_t type = u_charType(c);
  if (type == U_ENCLOSING_MARK) return true;
  if (type != U_NON_SPACING_MARK) return false;
  UErrorCode error = U_ZERO_ERROR;
  return uscript_getScript(c, &error) == USCRIPT_INHERITED;
}

icu::UnicodeString Normalize(const icu::Normalizer2* (*get)(UErrorCode&), const icu::UnicodeString& text) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* normalizer = get(error);
  if (U_FAILURE(error)) return text;
  icu::UnicodeString out = normalizer->normalize(text, error);
  return U_FAILURE(error) ? text : out;
}

const icu::Normalizer2* GetNfc(UErrorCode& e) { return icu::Normalizer2::getNFCInstance(e); }
const icu::Normalizer2* GetNfd(UErrorCode& e) { return icu::Normalizer2::getNFDInstance(e); }
const icu::Normalizer2* GetFold(UErrorCode& e) { return icu::Normalizer2::getNFKCCasefoldInstance(e); }

icu::UnicodeString FromUtf8(absl::string_view text) {
  return icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
}

template <typename Keep>
icu::UnicodeString Filter(const icu::UnicodeString& text, Keep keep) {
  icu::UnicodeString out;
  for (int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    if (const UChar32 c = text.char32At(i); keep(c)) out.append(c);
  }
  return out;
}

std::string FoldUnicode(absl::string_view utf8) {
  icu::UnicodeString text = Filter(FromUtf8(utf8), [](UChar32 c) { return !IsEmoji(c); });
  text = Normalize(GetFold, text);
  // A sign that was no emoji may be one without its mark.
  text = Filter(Normalize(GetNfd, text), [](UChar32 c) { return !IsDiacritic(c) && !IsEmoji(c); });
  text = Normalize(GetNfc, text);
  icu::UnicodeString collapsed;
  bool space = false;
  for (int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    const UChar32 c = text.char32At(i);
    if (u_isUWhiteSpace(c)) {
      space = !collapsed.isEmpty();
      continue;
    }
    if (space) collapsed.append(static_cast<UChar32>(' '));
    space = false;
    collapsed.append(c);
  }
  std::string out;
  return collapsed.toUTF8String(out);
}

std::string FoldAscii(absl::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (char c : absl::StripAsciiWhitespace(text)) {
    if (!absl::ascii_isspace(c)) {
      out.push_back(absl::ascii_tolower(c));
    } else if (out.back() != ' ') {
      out.push_back(' ');
    }
  }
  return out;
}

// Without the code points at both ends for which `drop` holds.
template <typename Drop>
absl::string_view TrimBoth(absl::string_view text, Drop drop) {
  size_t begin = 0;
  for (size_t i = 0; i < text.size(); begin = i) {
    if (!drop(NextCodePoint(text, i))) break;
  }
  size_t end = begin;
  for (size_t i = begin; i < text.size();) {
    if (!drop(NextCodePoint(text, i))) end = i;
  }
  return text.substr(begin, end - begin);
}

// Code points 80..9F of Windows-1252; 0 where there is none.
constexpr char16_t kWindows1252High[32] = {0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                           0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017D, 0,
                                           0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                           0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

void AppendUtf8(UChar32 c, std::string& out) {
  char buffer[U8_MAX_LENGTH];
  int32_t length = 0;
  U8_APPEND_UNSAFE(buffer, length, c);
  out.append(buffer, length);
}

}  // namespace

bool IsValidUtf8(absl::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const unsigned char byte = text[i];
    if (byte < 0x80) {
      if (byte == 0) return false;
      ++i;
    } else if (NextCodePoint(text, i) < 0) {
      return false;
    }
  }
  return true;
}

bool HasForbiddenControl(absl::string_view utf8) {
  for (size_t i = 0; i < utf8.size();) {
    const UChar32 c = NextCodePoint(utf8, i);
    if (c >= 0 && u_charType(c) == U_CONTROL_CHAR && c != '\n' && c != '\t') return true;
  }
  return false;
}

int64_t CodePoints(absl::string_view utf8) {
  int64_t count = 0;
  for (size_t i = 0; i < utf8.size(); ++count) NextCodePoint(utf8, i);
  return count;
}

absl::string_view Truncate(absl::string_view utf8, int64_t n) {
  size_t i = 0;
  for (; n > 0 && i < utf8.size(); --n) NextCodePoint(utf8, i);
  return utf8.substr(0, i);
}

std::string TruncateWithDots(absl::string_view utf8, int64_t n) {
  if (CodePoints(utf8) <= n) return std::string(utf8);
  return absl::StrCat(Truncate(utf8, n - 3), "...");
}

std::string Nfc(absl::string_view utf8) {
  if (IsAscii(utf8) || !IsValidUtf8(utf8)) return std::string(utf8);
  std::string out;
  return Normalize(GetNfc, FromUtf8(utf8)).toUTF8String(out);
}

absl::string_view Trim(absl::string_view utf8) {
  return TrimBoth(utf8, [](UChar32 c) { return c >= 0 && u_isUWhiteSpace(c); });
}

std::string FoldKeepingPunctuation(absl::string_view utf8) {
  return IsAscii(utf8) ? FoldAscii(utf8) : FoldUnicode(utf8);
}

std::string Fold(absl::string_view utf8) {
  const std::string folded = FoldKeepingPunctuation(utf8);
  return std::string(TrimBoth(folded, [](UChar32 c) { return c >= 0 && (c == ' ' || IsPunctuation(c)); }));
}

std::optional<int> ParseOrdinal(absl::string_view utf8) {
  absl::string_view text = Trim(utf8);
  absl::ConsumePrefix(&text, "#");
  int digits = 0;
  int value = 0;
  size_t i = 0;
  while (i < text.size()) {
    size_t next = i;
    const UChar32 c = NextCodePoint(text, next);
    const int32_t digit = c < 0 ? -1 : u_charDigitValue(c);
    if (digit < 0) break;
    if (++digits > 3) return std::nullopt;
    value = value * 10 + digit;
    i = next;
  }
  text.remove_prefix(i);
  absl::ConsumePrefix(&text, "\xEF\xB8\x8F");  // variation selector 16
  const bool plain_end = text.empty() || text == "." || text == ")" || text == "\xE2\x83\xA3";
  if (digits == 0 || !plain_end) return std::nullopt;
  return value;
}

bool IsScientificNotation(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  absl::ConsumePrefix(&text, "'");
  if (!absl::ConsumePrefix(&text, "+")) absl::ConsumePrefix(&text, "-");
  const auto digits = [&text] {
    size_t n = 0;
    while (n < text.size() && absl::ascii_isdigit(text[n])) ++n;
    text.remove_prefix(n);
    return n > 0;
  };
  if (!digits()) return false;
  if (absl::ConsumePrefix(&text, ".") || absl::ConsumePrefix(&text, ",")) digits();
  if (!absl::ConsumePrefix(&text, "e") && !absl::ConsumePrefix(&text, "E")) return false;
  if (!absl::ConsumePrefix(&text, "+")) absl::ConsumePrefix(&text, "-");
  return digits() && text.empty();
}

std::optional<std::string> Windows1252ToUtf8(absl::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() + bytes.size() / 8);
  for (const char raw : bytes) {
    const unsigned char byte = raw;
    if (byte < 0x80) {
      out.push_back(raw);
      continue;
    }
    const UChar32 c = byte < 0xA0 ? kWindows1252High[byte - 0x80] : byte;
    if (c == 0) return std::nullopt;
    AppendUtf8(c, out);
  }
  return out;
}

}  // namespace vinculo::text
