#pragma once

#include <algorithm>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "common/text/text.h"
#include "services/messaging/work/json_view.h"

// How the single fields of webhooks are read, whatever was written there.
namespace vinculo::messaging {

inline constexpr int64_t kTextMax = 4096;

// Stored text is valid UTF-8 in NFC without NUL, and not longer than what WhatsApp allows; "" for anything else.
inline std::string Clean(const std::string& text) {
  if (!text::IsValidUtf8(text)) return "";
  return text::Nfc(text::Truncate(text, kTextMax));
}
inline std::string CleanText(const JsonView& value) { return Clean(value.Text()); }

// Seconds or milliseconds since 1970, as number or text, or a date in words; nullopt for anything else. May lie in the
// future, though not beyond the year 9999.
inline std::optional<absl::Time> OptionalTime(const JsonView& value) {
  constexpr int64_t kMilliseconds = 1'000'000'000'000;
  constexpr int64_t kLast = 253'402'300'799;
  if (const int64_t n = value.Int(); n > 0) {
    return std::min(n >= kMilliseconds ? absl::FromUnixMillis(n) : absl::FromUnixSeconds(n),
                    absl::FromUnixSeconds(kLast));
  }
  absl::Time t;
  std::string error;
  for (const char* format : {absl::RFC3339_full, "%Y-%m-%d", "%B %d, %Y", "%Y-%m-%dT%H:%M:%S%z"}) {
    if (absl::ParseTime(format, value.Text(), &t, &error)) return t;
  }
  return std::nullopt;
}

// When it happened: what is missing, or lies in the future, counts as `now`.
inline absl::Time At(const JsonView& value, absl::Time now) { return std::min(OptionalTime(value).value_or(now), now); }

}  // namespace vinculo::messaging
