#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/query.h"
#include "common/sql/transaction.h"
#include "services/messaging/domain/message_state.h"
#include "services/messaging/domain/routing.h"

namespace vinculo::messaging {

// A webhook body as it came; under the tenant `_system`, whatever tx.tenant() is.
struct RawBody {
  Uuid id;
  std::string app;
  absl::Time received_at;
  std::string body;
};

class RawInbox {
 public:
  static absl::Status Append(sql::Transaction& tx, const RawBody& raw);
  // Unprocessed, in stored order, after `after`.
  static absl::StatusOr<std::vector<RawBody>> Waiting(sql::Transaction& tx, const Uuid& after, int limit);
  static absl::Status MarkProcessed(sql::Transaction& tx, const Uuid& id, absl::Time now);
  // Deletes up to `limit` bodies processed before `before`.
  static absl::StatusOr<int64_t> Sweep(sql::Transaction& tx, absl::Time before, int limit);
  static std::vector<sql::Query> Queries();
};

// The customer-service window and the hold of a contact on a sender.
struct Window {
  std::optional<absl::Time> open_until;
  std::optional<Hold> hold;

  // Free text may be sent: before the end, less a margin for clocks that differ [M-102].
  bool IsOpen(absl::Time now) const { return open_until && now < *open_until - absl::Seconds(60); }
};

class WindowRepository {
 public:
  static absl::StatusOr<Window> Get(sql::Transaction& tx, const Uuid& sender, const Uuid& contact);
  // Moves the end forward, never back.
  static absl::Status Extend(sql::Transaction& tx, const Uuid& sender, const Uuid& contact, absl::Time until);
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

  static absl::Status Park(sql::Transaction& tx, const std::string& wamid, const std::string& callback,
                           const StatusReport& report, absl::Time now);
  // Statuses of a message that came before it was known, taken out.
  static absl::StatusOr<std::vector<StatusReport>> TakeParked(sql::Transaction& tx, const std::string& wamid);
  static absl::StatusOr<int64_t> SweepParked(sql::Transaction& tx, absl::Time before, int limit);

  static absl::StatusOr<RoutingRule> PutRule(sql::Transaction& tx, const RoutingRule& rule);
  static absl::StatusOr<std::vector<RoutingRule>> Rules(sql::Transaction& tx);
  static std::vector<sql::Query> Queries();
};

}  // namespace vinculo::messaging
