#include "services/profiling/domain/identity.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/text/text.h"

namespace vinculo::profiling {
namespace {

constexpr int64_t kMaxValue = 254;
constexpr std::array<absl::string_view, 4> kJunkEmails = {"test@test.com", "a@a.com", "no@no.com", "asd@asd.com"};
constexpr std::array<absl::string_view, 3> kJunkPhones = {"+10000000000", "+0000000000", "+11111111111"};

bool AllDigits(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); });
}

}  // namespace

std::optional<std::string> NormalizeIdentity(IdentityType type, absl::string_view value, const PhoneParser& phone) {
  const absl::string_view trimmed = text::Trim(value);
  if (trimmed.empty() || text::CodePoints(trimmed) > kMaxValue || !text::IsValidUtf8(trimmed)) return std::nullopt;
  switch (type) {
    case IdentityType::kEmail: {
      const Captured parsed = ParseEmail(trimmed);
      return parsed.value;
    }
    case IdentityType::kPhone:
      return phone ? phone(trimmed) : std::nullopt;
    case IdentityType::kWhatsapp:
      if (trimmed[0] == '+' && AllDigits(trimmed.substr(1))) return std::string(trimmed);
      if (AllDigits(trimmed)) return absl::StrCat("+", trimmed);
      return std::string(trimmed);
    case IdentityType::kFacebookPsid:
    case IdentityType::kExternal:
    case IdentityType::kCrm:
      return std::string(trimmed);
  }
  return std::nullopt;
}

std::string IdentityKey(IdentityType type, absl::string_view normalized) {
  return type == IdentityType::kEmail ? absl::AsciiStrToLower(normalized) : std::string(normalized);
}

bool IsJunkIdentity(IdentityType type, absl::string_view normalized) {
  const std::string key = IdentityKey(type, normalized);
  if (type == IdentityType::kEmail) return std::find(kJunkEmails.begin(), kJunkEmails.end(), key) != kJunkEmails.end();
  if (type == IdentityType::kPhone || type == IdentityType::kWhatsapp) {
    return std::find(kJunkPhones.begin(), kJunkPhones.end(), key) != kJunkPhones.end();
  }
  return false;
}

bool Supersedes(const StoredTrait& fresh, const StoredTrait& held) {
  if (fresh.observed_at != held.observed_at) return fresh.observed_at > held.observed_at;
  if (fresh.source != held.source) return fresh.source > held.source;
  return held.value < fresh.value;
}

}  // namespace vinculo::profiling
