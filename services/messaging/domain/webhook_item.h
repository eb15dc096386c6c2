#pragma once

#include <string>
#include <variant>

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
  std::string new_wa_id;  // of user_changed_number
};

struct StatusItem {
  std::string phone_number_id;
  std::string wamid;
  std::string callback;
  StatusReport report;
  std::string billing_category;
  bool has_pricing = false;
  bool billable = false;
};

struct TemplateItem {
  std::string waba_id;
  std::string graph_id;
  std::string name;
  std::string language;
  std::string status;  // "" when it is not about the status
  std::string reason;
  std::string quality;
  std::string category;  // the new one, once it holds
  absl::Time at;
};

struct PreferenceItem {
  std::string phone_number_id;
  std::string wa_id;
  std::string bsuid;
  bool stop = false;
  absl::Time at;
};

using WebhookItem = std::variant<InboundItem, StatusItem, TemplateItem, PreferenceItem>;

}  // namespace vinculo::messaging
