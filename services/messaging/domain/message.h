#pragma once

#include <cstdint>
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
// Who wrote it: a caller of ours, or staff on the phone app.
enum class Origin { kService = 1, kPhoneApp = 2 };
enum class ResendPolicy { kNever = 1, kOnceIfUnknown = 2 };

// How many messages of a tenant may wait to be sent, unless the operator says otherwise [M-128].
inline constexpr int64_t kMaxQueued = 1'000'000;

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
  Origin origin = Origin::kService;
  bool test = false;             // of SendTest: in no report
  std::string country;           // of the contact; read with the message, not stored in it
  std::string billing_category;  // as WhatsApp told it, in our spelling; "" until then
  std::optional<bool> billable;
  std::optional<int64_t> price;  // millionths; 0 when free; unset until delivered, or without a rate
  std::string currency;          // of price and reserved
  int64_t reserved = 0;          // what it may cost, where the campaign has a maximal cost

  MessageState state() const { return StateOf(progress); }
  // Tests and what staff write on the phone app are in no report.
  bool in_reports() const { return !test && origin != Origin::kPhoneApp; }
  // The contact of the campaign's ledger row.
  const Uuid& recipient() const { return ledger_contact_id ? *ledger_contact_id : contact_id; }
  // When somebody must look at it again, as the row has it: `due_at`, and for an accepted message that waits for its
  // delivery not before its time to live can have ended.
  absl::Time next_look() const;
};

// How long WhatsApp tries to deliver: the template's own time where its category has one (-1 is 30 days), else 10
// minutes for authentication and 30 days for everything else.
absl::Duration TimeToLive(Category category, int ttl_seconds);
// A message not delivered so long after its time to live has expired [M-89].
inline constexpr absl::Duration kExpiryMargin = absl::Hours(1);

// The fallback template takes the place of the content, as the same message [M-52]. False when there is none, or when
// `found` (the template of its name) may not be sent in its language.
bool TakeFallback(Message& m, const Template* found);

// Content decides the lane [M-47].
inline Lane LaneOf(const Content& content, Category category) {
  return std::holds_alternative<TemplateContent>(content) && category == Category::kMarketing ? Lane::kBulk
                                                                                              : Lane::kTransactional;
}

}  // namespace vinculo::messaging
