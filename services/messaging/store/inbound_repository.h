#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/query.h"
#include "common/sql/transaction.h"
#include "services/messaging/domain/routing.h"
#include "services/messaging/domain/webhook_item.h"

namespace vinculo::messaging {

// The windows and the hold of a contact on a sender.
struct Window {
  std::optional<absl::Time> open_until;  // of customer service
  std::optional<Hold> hold;
  std::optional<absl::Time> entry_until;  // of a free entry point: everything is free of charge until then

  // Free text may be sent: before the end, less a margin for clocks that differ [M-102].
  bool IsOpen(absl::Time now) const { return open_until && now < *open_until - absl::Seconds(60); }
};

class WindowRepository {
 public:
  static absl::StatusOr<Window> Get(sql::Transaction& tx, const Uuid& sender, const Uuid& contact);
  // Moves the end forward, never back.
  static absl::Status Extend(sql::Transaction& tx, const Uuid& sender, const Uuid& contact, absl::Time until);
  // The same for the window that an advert opened. It changes the price only.
  static absl::Status ExtendEntry(sql::Transaction& tx, const Uuid& sender, const Uuid& contact, absl::Time until);
  // The latest by its own time wins.
  static absl::Status SetHold(sql::Transaction& tx, const Uuid& sender, const Uuid& contact, const Hold& hold);
  // Only a hold with this ref.
  static absl::Status ClearHold(sql::Transaction& tx, const Uuid& sender, const Uuid& contact, const std::string& ref);
  // The sender with the newest window of a contact that is open at `now`.
  static absl::StatusOr<std::optional<Uuid>> NewestOpenSender(sql::Transaction& tx, const Uuid& contact,
                                                              absl::Time now);
  static std::vector<sql::Query> Queries();
};

struct InboundEvent {
  Uuid sender_id;
  std::string wamid;
  Uuid contact_id;
  absl::Time received_at;
  InboundContent content;
  ReplyRoute to;
  std::optional<Uuid> campaign_id;
  std::optional<Uuid> message_id;
};

class InboundRepository {
 public:
  static absl::StatusOr<bool> Seen(sql::Transaction& tx, const Uuid& sender, const std::string& wamid);
  static absl::Status Insert(sql::Transaction& tx, const InboundEvent& event);
  // Of one contact, newest first; those before `before` where given.
  struct Cursor {
    absl::Time received_at;
    std::string wamid;
  };
  static absl::StatusOr<std::vector<InboundEvent>> ListByContact(sql::Transaction& tx, const Uuid& contact,
                                                                 const std::optional<Cursor>& before, int limit);

  static absl::Status Park(sql::Transaction& tx, const StatusItem& status, absl::Time now);
  // True when any status waits for its message.
  static absl::StatusOr<bool> AnyParked(sql::Transaction& tx);
  // Statuses of a message that came before it was known, taken out.
  static absl::StatusOr<std::vector<StatusItem>> TakeParked(sql::Transaction& tx, const std::string& wamid);
  static absl::StatusOr<int64_t> SweepParked(sql::Transaction& tx, absl::Time before, int limit);

  static absl::StatusOr<RoutingRule> PutRule(sql::Transaction& tx, const RoutingRule& rule);
  // False when there was none of that id.
  static absl::StatusOr<bool> DeleteRule(sql::Transaction& tx, const std::string& id);
  static absl::StatusOr<std::vector<RoutingRule>> Rules(sql::Transaction& tx);
  static std::vector<sql::Query> Queries();
};

}  // namespace vinculo::messaging
