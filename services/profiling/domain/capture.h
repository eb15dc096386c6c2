#pragma once

#include <functional>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "services/profiling/domain/flow.h"
#include "services/profiling/domain/resolver.h"

namespace vinculo::profiling {

// A parsed capture: the normalised value, or why there is none.
struct Captured {
  std::optional<std::string> value;
  Invalid reason = Invalid::kNone;
};

// Phone numbers need tables that not every user of this room wants to load: E.164, or nullopt.
using PhoneParser = std::function<std::optional<std::string>(absl::string_view)>;

// 1..120 code points after trimming, no control characters, at least one letter.
Captured ParseName(absl::string_view text);
// An address anywhere in the text, if exactly one is found; two are AMBIGUOUS. The domain is lower-cased, the local
// part kept.
Captured ParseEmail(absl::string_view text);
// Digits with `.` and `,` by the rules of the language: "1.234,5" in Spanish and Portuguese, "1,234.5" in English;
// returned with a point and without groups.
Captured ParseNumber(absl::string_view text, absl::string_view language);
// A day as d/m/y (m/d/y in en-US) or ISO; returned as ISO.
Captured ParseDate(absl::string_view text, absl::string_view language);
// By the capture's field. CONSENT has options and never comes here.
Captured ParseCapture(CaptureField field, absl::string_view text, absl::string_view language, const PhoneParser& phone);

// The last token is the last name; a single token is the last name.
struct SplitName {
  std::string first;
  std::string last;
};
SplitName SplitFullName(absl::string_view name);

}  // namespace vinculo::profiling
