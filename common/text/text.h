#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

// Text as it is stored and compared. Lengths are Unicode code points everywhere, never bytes. Pure and thread-safe.
namespace vinculo::text {

// Well-formed UTF-8 (no surrogates, no overlong forms) without NUL.
bool IsValidUtf8(absl::string_view text);
// Any control character other than line feed and tab (C0, DEL, C1).
bool HasForbiddenControl(absl::string_view utf8);
// Code points of valid UTF-8; each ill-formed byte counts as one.
int64_t CodePoints(absl::string_view utf8);
// The longest prefix of at most `n` code points; never cuts inside one. A view into the argument.
absl::string_view Truncate(absl::string_view utf8, int64_t n);
// The same with "..." at the end when something was cut; n >= 3.
std::string TruncateWithDots(absl::string_view utf8, int64_t n);
// Unicode normalisation form C. Ill-formed input comes back unchanged.
std::string Nfc(absl::string_view utf8);
// Without white space (Unicode) at both ends. A view into the argument.
absl::string_view Trim(absl::string_view utf8);

// What two texts are compared by when people type them: compatibility folding, case folding, accents and other
// diacritics removed, emoji and variation selectors dropped, punctuation trimmed at both ends, runs of white space one
// space. "Si", "SÍ" and " ¡sí! " all fold to "si". Empty when nothing is left. Idempotent.
std::string Fold(absl::string_view utf8);
// The same without trimming punctuation, for text that is split or searched afterwards.
std::string FoldKeepingPunctuation(absl::string_view utf8);

// The number that a person typed to pick the n-th of a list: 1 to 3 Unicode decimal digits of any script, optionally
// behind
// '#', optionally followed by one '.', ')' or the keycap sign, white space around it. nullopt for signs, decimals,
// other text and longer numbers. 0 is returned as 0: the range is the caller's.
std::optional<int> ParseOrdinal(absl::string_view utf8);

// What a spreadsheet makes of a phone number: "5.49112E+12", also with a comma, a sign, an apostrophe or spaces around
// it.
bool IsScientificNotation(absl::string_view text);

// Windows-1252 to UTF-8; nullopt when a byte is undefined there (81 8D 8F 90 9D).
std::optional<std::string> Windows1252ToUtf8(absl::string_view bytes);

}  // namespace vinculo::text
