#include "common/text/phone_key.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace vinculo::text {

std::string PhoneKey(absl::string_view e164_or_wa_id) {
  std::string digits;
  for (char c : e164_or_wa_id) {
    if (absl::ascii_isdigit(c)) digits.push_back(c);
  }
  const absl::string_view all = digits;
  // Mexico: 52 1 and ten digits.
  if (all.size() == 13 && absl::StartsWith(all, "521")) return absl::StrCat("52", all.substr(3));
  // Argentina: 54 9 and ten digits.
  if (all.size() == 13 && absl::StartsWith(all, "549")) return absl::StrCat("54", all.substr(3));
  // Brazil: 55, a two-digit area, 9 and eight digits. Only mobiles of before the ninth digit, which began with 6 to 9,
  // exist in both forms; a new one without its 9 could be somebody's landline.
  if (all.size() == 13 && absl::StartsWith(all, "55") && all[4] == '9' && all[5] >= '6') {
    return absl::StrCat(all.substr(0, 4), all.substr(5));
  }
  return digits;
}

}  // namespace vinculo::text
