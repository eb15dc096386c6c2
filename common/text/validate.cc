#include "common/text/validate.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/text/text.h"

namespace vinculo::text {
namespace {

bool AllOf(absl::string_view text, bool (*is)(unsigned char)) { return std::all_of(text.begin(), text.end(), is); }

bool AsciiAlpha(unsigned char c) { return absl::ascii_isalpha(c); }
bool AsciiDigit(unsigned char c) { return absl::ascii_isdigit(c); }

}  // namespace

std::string ParseText(absl::string_view field, absl::string_view value, const TextLimits& limits,
                      FieldViolations& bad) {
  const std::string name(field);
  if (!IsValidUtf8(value)) {
    bad.Add(name, "is not valid UTF-8 without NUL");
    return "";
  }
  if (HasForbiddenControl(value)) {
    bad.Add(name, "holds a control character other than line feed and tab");
    return "";
  }
  if (limits.single_line && value.find_first_of("\n\t") != absl::string_view::npos) {
    bad.Add(name, "must be one line without tabs");
    return "";
  }
  std::string text = Nfc(limits.trim ? Trim(value) : value);
  const int64_t length = CodePoints(text);
  if (length < limits.min) {
    bad.Add(name, length == 0 ? std::string("is required")
                              : absl::StrCat("has ", length, " characters, at least ", limits.min, " are needed"));
  } else if (limits.max > 0 && length > limits.max) {
    bad.Add(name, absl::StrCat("has ", length, " characters, at most ", limits.max, " are allowed"));
  }
  return text;
}

Uuid ParseUuid(absl::string_view field, absl::string_view value, FieldViolations& bad) {
  if (value.empty()) {
    bad.Add(std::string(field), "is required");
    return Uuid();
  }
  return ParseOptionalUuid(field, value, bad).value_or(Uuid());
}

std::optional<Uuid> ParseOptionalUuid(absl::string_view field, absl::string_view value, FieldViolations& bad) {
  if (value.empty()) return std::nullopt;
  std::optional<Uuid> id = Uuid::Parse(value);
  if (!id) bad.Add(std::string(field), "is not a UUID");
  return id;
}

std::string ParseSlug(absl::string_view field, absl::string_view value, FieldViolations& bad) {
  if (value.empty()) bad.Add(std::string(field), "is required");
  return ParseOptionalSlug(field, value, bad);
}

std::string ParseOptionalSlug(absl::string_view field, absl::string_view value, FieldViolations& bad) {
  if (value.empty() || IsSlug(value)) return std::string(value);
  bad.Add(std::string(field),
          "must be a lower-case letter followed by at most 63 lower-case letters, digits, '_' or '-'");
  return "";
}

int64_t ParseInRange(absl::string_view field, int64_t value, int64_t lo, int64_t hi, FieldViolations& bad) {
  if (value < lo || value > hi) bad.Add(std::string(field), absl::StrCat("must lie between ", lo, " and ", hi));
  return std::clamp(value, lo, hi);
}

void CheckCount(absl::string_view field, int64_t count, int64_t max, FieldViolations& bad) {
  if (count > max) bad.Add(std::string(field), absl::StrCat("has ", count, " items, at most ", max, " are allowed"));
}

std::string Indexed(absl::string_view field, int64_t index, absl::string_view sub) {
  return absl::StrCat(field, "[", index, "]", sub.empty() ? "" : ".", sub);
}

std::optional<std::string> NormalizeLanguage(absl::string_view value) {
  const std::vector<absl::string_view> parts = absl::StrSplit(value, absl::ByAnyChar("_-"));
  if (parts.size() > 3 || parts[0].size() < 2 || parts[0].size() > 3 || !AllOf(parts[0], AsciiAlpha))
    return std::nullopt;
  std::string tag = absl::AsciiStrToLower(parts[0]);
  size_t next = 1;
  if (next < parts.size() && parts[next].size() == 4 && AllOf(parts[next], AsciiAlpha)) {  // script
    absl::StrAppend(&tag, "_", absl::AsciiStrToUpper(parts[next].substr(0, 1)),
                    absl::AsciiStrToLower(parts[next].substr(1)));
    ++next;
  }
  if (next < parts.size()) {
    const bool country = parts[next].size() == 2 && AllOf(parts[next], AsciiAlpha);
    const bool area = parts[next].size() == 3 && AllOf(parts[next], AsciiDigit);
    if (!country && !area) return std::nullopt;
    absl::StrAppend(&tag, "_", absl::AsciiStrToUpper(parts[next++]));
  }
  if (next != parts.size()) return std::nullopt;
  return tag;
}

std::string ParseLanguage(absl::string_view field, absl::string_view value, FieldViolations& bad) {
  if (value.empty()) return "";
  std::optional<std::string> tag = NormalizeLanguage(value);
  if (!tag) bad.Add(std::string(field), "is not a language tag such as es, es_AR or pt_BR");
  return std::move(tag).value_or("");
}

std::string ParseCurrency(absl::string_view field, absl::string_view value, FieldViolations& bad) {
  const bool shape =
      value.size() == 3 && std::all_of(value.begin(), value.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  if (!shape) bad.Add(std::string(field), value.empty() ? "is required" : "is not an ISO 4217 code such as USD");
  return shape ? std::string(value) : "";
}

}  // namespace vinculo::text
