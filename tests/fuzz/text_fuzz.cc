// What people type, whatever it is: folding, cutting and phone keys keep valid UTF-8 valid and come to rest.
#include "common/text/phone_key.h"
#include "common/text/text.h"
#include "tests/fuzz/fuzz_target.h"

namespace text = vinculo::text;

FUZZ_TARGET(input) {
  const bool valid = text::IsValidUtf8(input);
  (void)text::HasForbiddenControl(input);
  (void)text::Windows1252ToUtf8(input);
  (void)text::PhoneKey(input);
  (void)text::IsScientificNotation(input);
  if (!valid) return;
  FUZZ_REQUIRE(text::CodePoints(input) <= static_cast<int64_t>(input.size()));
  for (const int64_t n : {0, 1, 7}) {
    const absl::string_view cut = text::Truncate(input, n);
    FUZZ_REQUIRE(text::IsValidUtf8(cut));
    FUZZ_REQUIRE(text::CodePoints(cut) <= n);
    FUZZ_REQUIRE(text::IsValidUtf8(text::TruncateWithDots(input, n)));
  }
  const std::string nfc = text::Nfc(input);
  FUZZ_REQUIRE(text::Nfc(nfc) == nfc);
  const std::string folded = text::Fold(input);
  FUZZ_REQUIRE(text::IsValidUtf8(folded));
  FUZZ_REQUIRE(text::Fold(folded) == folded);
  FUZZ_REQUIRE(text::IsValidUtf8(text::Trim(input)));
  (void)text::ParseOrdinal(input);
}
