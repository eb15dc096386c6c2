#include "common/text/phone.h"

#include <phonenumbers/phonenumberutil.h>

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/status/error.h"
#include "common/text/phone_key.h"
#include "common/text/text.h"

namespace vinculo::text {
namespace {

using ::i18n::phonenumbers::PhoneNumber;
using ::i18n::phonenumbers::PhoneNumberUtil;

// Longer texts hold no phone number (15 digits and their punctuation).
constexpr size_t kMaxPhoneBytes = 64;

absl::Status Invalid(absl::string_view why) {
  return Error(absl::StatusCode::kInvalidArgument, "PHONE_INVALID", absl::StrCat("not a phone number: ", why));
}

PhoneType TypeOf(const PhoneNumberUtil& util, const PhoneNumber& number) {
  switch (util.GetNumberType(number)) {
    case PhoneNumberUtil::MOBILE:
      return PhoneType::kMobile;
    case PhoneNumberUtil::FIXED_LINE:
      return PhoneType::kLandline;
    case PhoneNumberUtil::FIXED_LINE_OR_MOBILE:
      return PhoneType::kMobileOrLandline;
    default:
      return PhoneType::kUnknown;
  }
}

bool ParsesTo(const PhoneNumberUtil& util, const std::string& text, const std::string& region, PhoneNumber& number) {
  return util.Parse(text, region, &number) == PhoneNumberUtil::NO_PARSING_ERROR && util.IsValidNumber(number);
}

}  // namespace

absl::StatusOr<Phone> ParsePhone(absl::string_view text, absl::string_view default_region) {
  absl::string_view trimmed = Trim(text);
  absl::ConsumePrefix(&trimmed, "'");
  trimmed = Trim(trimmed);
  if (IsScientificNotation(trimmed)) {
    return Error(absl::StatusCode::kInvalidArgument, "PHONE_SCIENTIFIC",
                 "a spreadsheet turned this phone number into a number; format the column as text and export it again");
  }
  if (trimmed.empty()) return Invalid("it is empty");
  if (trimmed.size() > kMaxPhoneBytes || !IsValidUtf8(trimmed)) return Invalid("it is too long or not text");
  for (char c : trimmed) {
    if (absl::ascii_isalpha(c)) return Invalid("it has letters");
  }
  const PhoneNumberUtil& util = *PhoneNumberUtil::GetInstance();
  const std::string number_text(trimmed);
  const bool international = trimmed[0] == '+' || absl::StartsWith(trimmed, "\xEF\xBC\x8B");  // full-width plus
  const bool dialled = absl::StartsWith(trimmed, "00");
  PhoneNumber number;
  if (!ParsesTo(util, number_text, international ? "ZZ" : std::string(default_region), number) &&
      !(dialled && ParsesTo(util, absl::StrCat("+", trimmed.substr(2)), "ZZ", number))) {
    if (!international && !dialled && default_region.empty()) {
      return Error(absl::StatusCode::kInvalidArgument, "REGION_MISSING",
                   "the number has no country code; write it with + or give a default region");
    }
    return Invalid("no country has a number like this");
  }
  Phone phone;
  util.Format(number, PhoneNumberUtil::E164, &phone.e164);
  std::string region;
  util.GetRegionCodeForNumber(number, &region);
  if (region.size() == 2 && absl::ascii_isalpha(region[0]) && region != "ZZ") phone.region = region;
  phone.key = PhoneKey(phone.e164);
  phone.type = TypeOf(util, number);
  return phone;
}

bool IsPhoneRegion(absl::string_view region) {
  return region.size() == 2 && PhoneNumberUtil::GetInstance()->GetCountryCodeForRegion(std::string(region)) != 0;
}

}  // namespace vinculo::text
