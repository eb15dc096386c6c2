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
  kOtpCopy = 6,
  kOtpOneTap = 7,
  kOtpZeroTap = 8
};
// The three buttons that hand over a one-time code.
bool IsOtp(ButtonKind kind);

// "MARKETING" and so on, as WhatsApp spells it; "" and kUnspecified for each other.
absl::string_view CategoryName(Category category);
Category ParseCategory(absl::string_view name);

struct TemplateHeader {
  HeaderFormat format = HeaderFormat::kNone;
  std::string text;
  std::string sample_handle;
  friend bool operator==(const TemplateHeader&, const TemplateHeader&) = default;
};

// An Android app that may take a one-time code by itself.
struct SupportedApp {
  std::string package_name;
  std::string signature_hash;  // 11 characters
  friend bool operator==(const SupportedApp&, const SupportedApp&) = default;
};

struct TemplateButton {
  ButtonKind kind = ButtonKind::kUnspecified;
  std::string label;
  std::string url;
  std::string phone_number;
  std::string coupon_code;
  bool opt_out = false;
  std::vector<SupportedApp> supported_apps;  // kOtpOneTap, kOtpZeroTap
  bool zero_tap_terms_accepted = false;      // kOtpZeroTap
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

// Who wrote a version: our user, or somebody at WhatsApp whose work a sync brought.
enum class VersionOrigin { kUser = 1, kSync = 2 };

struct TemplateVersion {
  int version = 0;  // from 1
  TemplateComponents components;
  Category category = Category::kUnspecified;
  VersionOrigin origin = VersionOrigin::kUser;
  absl::Time created_at;
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
  // Provider times of the last word applied about each.
  absl::Time status_at = absl::UnixEpoch();
  absl::Time quality_at = absl::UnixEpoch();
  absl::Time category_at = absl::UnixEpoch();
  Category announced_category = Category::kUnspecified;  // WhatsApp says that it will become this
  std::string pause_title;                               // FIRST_PAUSE, RATE_LIMITING_PAUSE ...; "" unless PAUSED
  std::optional<absl::Time> paused_at;                   // since when PAUSED
  std::optional<absl::Time> locked_until;                // after deletion: when the name is free again
  absl::Time submitted_at = absl::UnixEpoch();           // when the last submission was asked for
  int posts = 0;                                         // requests made for it
  absl::Time updated_at;

  // May be sent now: approved (or reinstated, or flagged, until the next read) [M-18].
  bool Sendable() const;
  // The name is in use in this language: WhatsApp has it, or somebody writes or submits it.
  bool Exists() const;
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
// DELETED, or about to be.
bool StatusDeleted(absl::string_view status);
// PAUSED because WhatsApp paced it, which UnpauseTemplate can end; the other pauses end by themselves.
inline constexpr absl::string_view kPacingPause = "RATE_LIMITING_PAUSE";

// WhatsApp's language codes as of the writing of this table [WhatsApp 6].
bool IsKnownLanguage(absl::string_view code);
// The known code nearest to an unknown one: the same base, else "".
std::string NearestLanguage(absl::string_view code);

}  // namespace vinculo::messaging
