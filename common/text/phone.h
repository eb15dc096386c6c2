#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// Library common_phone: apart from common_text, so that only services that parse phone numbers load libphonenumber. Its
// tables are read on the first call. Thread-safe.
namespace vinculo::text {

enum class PhoneType { kUnknown, kMobile, kLandline, kMobileOrLandline };

struct Phone {
  std::string e164;    // "+5491122334455": what is stored and sent to
  std::string key;     // PhoneKey(e164): what duplicates are found by
  std::string region;  // ISO 3166 country, upper case ("AR"); "" for non-geographic numbers
  PhoneType type = PhoneType::kUnknown;

  bool MayBeMobile() const { return type != PhoneType::kLandline; }
  friend bool operator==(const Phone&, const Phone&) = default;
};

// Parses what people and spreadsheets write: spaces and punctuation, a leading apostrophe, "00" for "+", national form
// with `default_region` (ISO country, upper case, may be empty). INVALID_ARGUMENT otherwise, by reason:
// PHONE_SCIENTIFIC for a number in scientific notation, REGION_MISSING for a national number without a region,
// PHONE_INVALID for everything else.
absl::StatusOr<Phone> ParsePhone(absl::string_view text, absl::string_view default_region);

// True for an ISO country that has a numbering plan ("AR"); case matters.
bool IsPhoneRegion(absl::string_view region);

}  // namespace vinculo::text
