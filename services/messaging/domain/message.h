#pragma once

#include <map>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "common/id/uuid.h"
#include "services/messaging/domain/content.h"
#include "services/messaging/domain/message_state.h"
#include "services/messaging/domain/template.h"

namespace vinculo::messaging {

// Stored as these numbers; never renumbered.
enum class Lane { kTransactional = 1, kBulk = 2 };
enum class ResendPolicy { kNever = 1, kOnceIfUnknown = 2 };

// An outbound message.
struct Message {
  Uuid id;
  Uuid contact_id;
  std::string customer_id;  // of the contact; read with the message, not stored in it
  Uuid sender_id;
  std::optional<Uuid> campaign_id;
  std::optional<Uuid> ledger_contact_id;  // whose ledger row it is, once the contact was merged into another
  Lane lane = Lane::kTransactional;
  Progress progress;
  int64_t token = 0;  // fencing token of the last attempt
  absl::Time due_at;
  absl::Time expire_at;
  ResendPolicy resend = ResendPolicy::kNever;
  Content content;
  std::optional<TemplateContent> fallback;
  int version = 0;  // of the template
  Category category = Category::kUnspecified;
  std::string quote_wamid;
  ReplyRoute reply_route;
  std::map<std::string, std::string> labels;
  std::string caller;
  std::string wamid;
  absl::Time created_at;

  MessageState state() const { return StateOf(progress); }
  // The contact of the campaign's ledger row.
  const Uuid& recipient() const { return ledger_contact_id ? *ledger_contact_id : contact_id; }
};

// Content decides the lane [M-47].
inline Lane LaneOf(const Content& content, Category category) {
  return std::holds_alternative<TemplateContent>(content) && category == Category::kMarketing ? Lane::kBulk
                                                                                              : Lane::kTransactional;
}

}  // namespace vinculo::messaging
