#include "services/messaging/domain/template.h"

#include <array>

#include "absl/algorithm/container.h"
#include "absl/strings/str_split.h"

namespace vinculo::messaging {

absl::string_view CategoryName(Category category) {
  switch (category) {
    case Category::kMarketing:
      return "MARKETING";
    case Category::kUtility:
      return "UTILITY";
    case Category::kAuthentication:
      return "AUTHENTICATION";
    case Category::kUnspecified:
      break;
  }
  return "";
}

Category ParseCategory(absl::string_view name) {
  for (Category c : {Category::kMarketing, Category::kUtility, Category::kAuthentication}) {
    if (CategoryName(c) == name) return c;
  }
  return Category::kUnspecified;
}

bool StatusSendable(absl::string_view status) {
  return status == "APPROVED" || status == "REINSTATED" || status == "FLAGGED";
}

bool StatusEditable(absl::string_view status) {
  return StatusSendable(status) || status == "REJECTED" || status == "PAUSED";
}

bool StatusDeleted(absl::string_view status) { return status == "DELETED" || status == "PENDING_DELETION"; }

bool IsOtp(ButtonKind kind) {
  return kind == ButtonKind::kOtpCopy || kind == ButtonKind::kOtpOneTap || kind == ButtonKind::kOtpZeroTap;
}

bool Translation::Exists() const { return state != TranslationState::kProvider || !StatusDeleted(status); }

bool Translation::Sendable() const {
  return state == TranslationState::kProvider && submitted && StatusSendable(status);
}

const Translation* Template::Find(absl::string_view language) const {
  for (const Translation& t : translations) {
    if (absl::string_view(t.language) == language) return &t;
  }
  return nullptr;
}

namespace {

constexpr std::array<absl::string_view, 88> kLanguages = {
    "af",    "ar",    "ar_AE", "ar_EG", "ar_LB", "ar_MA", "ar_QA", "ar_SA", "az",    "bg",    "bn",    "ca",    "cs",
    "da",    "de",    "el",    "en",    "en_AU", "en_CA", "en_GB", "en_IN", "en_US", "es",    "es_AR", "es_CL", "es_CO",
    "es_ES", "es_MX", "es_PE", "es_VE", "et",    "fa",    "fi",    "fil",   "fr",    "fr_BE", "fr_CA", "ga",    "gu",
    "ha",    "he",    "hi",    "hr",    "hu",    "id",    "it",    "ja",    "ka",    "kk",    "kn",    "ko",    "ky_KG",
    "lo",    "lt",    "lv",    "mk",    "ml",    "mr",    "ms",    "nb",    "nl",    "pa",    "pl",    "pt_BR", "pt_PT",
    "ro",    "ru",    "rw_RW", "sk",    "sl",    "sq",    "sr",    "sv",    "sw",    "ta",    "te",    "th",    "tr",
    "uk",    "ur",    "uz",    "vi",    "zh_CN", "zh_HK", "zh_TW", "zu"};

}  // namespace

bool IsKnownLanguage(absl::string_view code) { return !code.empty() && absl::c_linear_search(kLanguages, code); }

std::string NearestLanguage(absl::string_view code) {
  const std::vector<absl::string_view> parts = absl::StrSplit(code, absl::MaxSplits(absl::ByAnyChar("_-"), 1));
  if (IsKnownLanguage(parts[0])) return std::string(parts[0]);
  for (absl::string_view known : kLanguages) {
    if (!known.empty() && known.substr(0, known.find('_')) == parts[0]) return std::string(known);
  }
  return "";
}

}  // namespace vinculo::messaging
