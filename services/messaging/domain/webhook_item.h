#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "services/messaging/domain/content.h"
#include "services/messaging/domain/message_state.h"

namespace vinculo::messaging {

// What a webhook tells, one item each, independent of how it was written.
struct InboundItem {
  std::string phone_number_id;
  std::string wamid;
  std::string wa_id;
  std::string bsuid;
  std::string profile_name;
  std::string names_wamid;  // context.id
  absl::Time at;
  InboundContent content;
  std::string new_wa_id;  // of user_changed_number, as new_bsuid
  std::string new_bsuid;
  bool from_advert = false;  // carries a `referral`: opens the 72 h entry window
};

struct StatusItem {
  std::string phone_number_id;
  std::string wamid;
  std::string callback;
  StatusReport report;
  std::string recipient_wa_id;
  std::string recipient_bsuid;
  std::string billing_category;
  std::string billing_type;  // regular, free_customer_service, free_entry_point
  bool has_pricing = false;
  std::optional<bool> billable;  // unset when not told
};

// The four fields about templates. Names and languages are as WhatsApp has them, `-` in a language read as `_`.
enum class TemplateTopic { kStatus, kQuality, kCategory, kComponents };
struct TemplateItem {
  TemplateTopic topic = TemplateTopic::kStatus;
  std::string waba_id;
  std::string graph_id;
  std::string name;
  std::string language;
  absl::Time at;

  // kStatus: the new status is the event; "" otherwise.
  std::string status;
  std::string reason;                    // "" for none
  std::optional<absl::Time> disable_at;  // disable_info.disable_date
  std::string other_title;               // FIRST_PAUSE, SECOND_PAUSE, RATE_LIMITING_PAUSE, UNPAUSE, DISABLED
  std::string other_description;
  std::string rejection_reason;  // rejection_info
  std::string rejection_recommendation;
  // kQuality
  std::string quality;  // new_quality_score
  std::string previous_quality;
  // kStatus and kCategory: the category that holds now; "" when the notice is only an announcement.
  std::string category;
  // kCategory
  std::string announced_category;  // correct_category of an advance notice
  std::string previous_category;
};

struct PreferenceItem {
  std::string phone_number_id;
  std::string waba_id;  // of the entry, for a notice that names no number
  std::string wa_id;
  std::string bsuid;
  bool stop = false;  // else `resume` or `signup`
  std::string value;  // `stop`, `resume`, `signup`
  std::string detail;
  std::string signup_id;
  absl::Time at;
};

// `phone_number_quality_update`: level and throughput of one number.
struct NumberItem {
  std::string waba_id;
  std::string display_phone_number;  // as written: digits, perhaps with + and blanks
  std::string event;                 // ONBOARDING, THROUGHPUT_UPGRADE, FLAGGED, UNFLAGGED, UPGRADE, DOWNGRADE
  std::string max_daily_conversations_per_business;  // `TIER_2K` ...; "" when not told
  std::string current_limit;                         // legacy, of the number
  std::string old_limit;
  absl::Time at;
};

// `business_capability_update`: -1 is unlimited, unset is not told.
struct CapabilityItem {
  std::string waba_id;
  std::optional<int64_t> max_daily_conversations_per_business;
  std::optional<int64_t> max_daily_conversation_per_phone;  // legacy
  std::optional<int64_t> max_phone_numbers_per_business;
  std::optional<int64_t> max_phone_numbers_per_waba;
  absl::Time at;
};

// `account_update`.
struct AccountRestriction {
  std::string restriction_type;
  std::optional<absl::Time> expiration;
};
struct AccountItem {
  std::string waba_id;
  std::string event;  // ACCOUNT_RESTRICTION, ACCOUNT_VIOLATION, DISABLED_UPDATE, ACCOUNT_DELETED, ...
  std::vector<AccountRestriction> restrictions;
  std::string waba_ban_state;               // DISABLE, REINSTATE, SCHEDULE_FOR_DISABLE
  std::optional<absl::Time> waba_ban_date;  // unset when told only in words
  std::string violation_type;
  absl::Time at;
};

// What only an operator can act on: `account_alerts`, `account_review_update`, `phone_number_name_update`, `security`.
struct NoticeItem {
  std::string waba_id;
  std::string field;
  std::string summary;  // the words that say what happened, `key=value` each, without personal data
  absl::Time at;
};

// An account-level problem in the field `messages`.
struct AccountErrorItem {
  std::string phone_number_id;
  int code = 0;
  std::string title;
  std::string message;
  std::string details;
  std::string href;
  absl::Time at;
};

// `smb_message_echoes`: a message that staff sent from the phone app.
struct EchoItem {
  std::string phone_number_id;
  std::string wamid;
  std::string to_wa_id;
  std::string to_bsuid;
  absl::Time at;
  InboundContent content;  // the platform writes both directions alike
};

using WebhookItem = std::variant<InboundItem, StatusItem, TemplateItem, PreferenceItem, NumberItem, CapabilityItem,
                                 AccountItem, NoticeItem, AccountErrorItem, EchoItem>;

}  // namespace vinculo::messaging
