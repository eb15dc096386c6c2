#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/id/uuid.h"

namespace vinculo::messaging {

// Stored as these numbers; never renumbered.
enum class Category { kUnspecified = 0, kMarketing = 1, kUtility = 2, kAuthentication = 3 };
enum class VariableFormat { kPositional = 1, kNamed = 2 };
enum class HeaderFormat { kNone = 0, kText = 1, kImage = 2, kVideo = 3, kDocument = 4, kLocation = 5 };
enum class ButtonKind {
  kUnspecified = 0,
  kQuickReply = 1,
  kUrl = 2,
  kPhoneNumber = 3,
  kCopyCode = 4,
  kVoiceCall = 5,
  kOtpCopy = 6
};

// "MARKETING" and so on, as WhatsApp spells it; "" and kUnspecified for each other.
absl::string_view CategoryName(Category category);
Category ParseCategory(absl::string_view name);

struct TemplateHeader {
  HeaderFormat format = HeaderFormat::kNone;
  std::string text;
  std::string sample_handle;
  friend bool operator==(const TemplateHeader&, const TemplateHeader&) = default;
};

struct TemplateButton {
  ButtonKind kind = ButtonKind::kUnspecified;
  std::string label;
  std::string url;
  std::string phone_number;
  std::string coupon_code;
  bool opt_out = false;
  friend bool operator==(const TemplateButton&, const TemplateButton&) = default;
};

// Values and examples are kept by place: `body.1`, `header.1`, `header.media`, `button.0`.
using PlaceValues = std::map<std::string, std::string>;

struct TemplateComponents {
  TemplateHeader header;
  std::string body;
  std::string footer;
  std::vector<TemplateButton> buttons;
  PlaceValues examples;
  int ttl_seconds = 0;  // 0: WhatsApp's default
  bool add_security_recommendation = false;
  int code_expiration_minutes = 0;
  friend bool operator==(const TemplateComponents&, const TemplateComponents&) = default;
};

// Where a translation stands with us. kProvider: WhatsApp has it and `status` is its word.
enum class TranslationState { kDraft = 1, kSubmitting = 2, kProvider = 3 };

struct TemplateVersion {
  int version = 0;  // from 1
  TemplateComponents components;
};

struct Translation {
  std::string language;
  Category category = Category::kUnspecified;
  TranslationState state = TranslationState::kDraft;
  std::string status;
  std::string quality;
  std::string provider_id;
  std::string rejected_reason;
  std::optional<TemplateVersion> submitted;
  std::optional<TemplateVersion> draft;
  absl::Time status_at = absl::InfinitePast();  // provider time of the last status applied
  absl::Time updated_at;

  // May be sent now: approved (or reinstated, or flagged, until the next read) [M-18].
  bool Sendable() const;
};

struct Template {
  Uuid channel_id;
  std::string name;
  VariableFormat variable_format = VariableFormat::kPositional;
  std::vector<Translation> translations;  // by language
  int64_t revision = 1;
  absl::Time created_at;

  const Translation* Find(absl::string_view language) const;
};

// True for the statuses in which WhatsApp takes sends.
bool StatusSendable(absl::string_view status);
// True for the statuses in which a further version may be submitted [M-25].
bool StatusEditable(absl::string_view status);

// WhatsApp's language codes as of the writing of this table [WhatsApp 6].
bool IsKnownLanguage(absl::string_view code);
// The known code nearest to an unknown one: the same base, else "".
std::string NearestLanguage(absl::string_view code);

}  // namespace vinculo::messaging
