#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "common/id/uuid.h"
#include "common/status/error.h"

// Request fields to domain values. Each function returns the value and adds a violation to `bad` when it is wrong; what
// it returns then is a harmless default, so that a parser can go on and report everything at once. `field` is the path
// as the caller wrote it.
namespace vinculo::text {

struct TextLimits {
  int64_t min = 0;           // code points, after trimming when `trim`
  int64_t max = 0;           // code points; 0 = unlimited
  bool trim = true;          // white space at both ends
  bool single_line = false;  // line feeds and tabs refused too
};

// Valid UTF-8 without NUL and without control characters other than line feed and tab, within limits; returned in NFC.
// [M-129]
std::string ParseText(absl::string_view field, absl::string_view value, const TextLimits& limits, FieldViolations& bad);

// A UUID in canonical form. Empty is a violation ("is required").
Uuid ParseUuid(absl::string_view field, absl::string_view value, FieldViolations& bad);
// Empty is nullopt; anything else must be a UUID.
std::optional<Uuid> ParseOptionalUuid(absl::string_view field, absl::string_view value, FieldViolations& bad);

// `[a-z][a-z0-9_-]{0,63}`. Empty is a violation.
std::string ParseSlug(absl::string_view field, absl::string_view value, FieldViolations& bad);
// Empty is "".
std::string ParseOptionalSlug(absl::string_view field, absl::string_view value, FieldViolations& bad);

// lo <= value <= hi, else a violation naming the range; returns the value clamped.
int64_t ParseInRange(absl::string_view field, int64_t value, int64_t lo, int64_t hi, FieldViolations& bad);
// At most `max` items, else a violation naming the limit.
void CheckCount(absl::string_view field, int64_t count, int64_t max, FieldViolations& bad);
// "field[index]" and "field[index].sub".
std::string Indexed(absl::string_view field, int64_t index, absl::string_view sub = "");

// A language tag as WhatsApp and people write them, "es", "es_AR", "pt-BR": returned with '_' and usual case. Empty is
// "".
std::string ParseLanguage(absl::string_view field, absl::string_view value, FieldViolations& bad);
// The same test and normal form without a field; nullopt when it is not a tag.
std::optional<std::string> NormalizeLanguage(absl::string_view value);
// An ISO 4217 shape: three upper-case letters. Empty is a violation.
std::string ParseCurrency(absl::string_view field, absl::string_view value, FieldViolations& bad);

}  // namespace vinculo::text
