#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/sql/query.h"
#include "common/sql/transaction.h"
#include "services/support/domain/types.h"

namespace vinculo::support {

// Every statement on messages and their attachments.
class MessageRepository {
 public:
  absl::Status Insert(sql::Transaction& tx, const Message& message, Channel channel) const;
  // NOT_FOUND MESSAGE_NOT_FOUND.
  absl::StatusOr<Message> Get(sql::Transaction& tx, const Uuid& id) const;
  absl::StatusOr<std::optional<Message>> FindByExternalId(sql::Transaction& tx, Channel channel,
                                                          const std::string& external_id) const;
  absl::StatusOr<std::optional<Message>> FindByMessagingId(sql::Transaction& tx,
                                                           const std::string& messaging_message_id) const;

  // Oldest first, after (created_at, id).
  struct Position {
    absl::Time created_at;
    Uuid id;
  };
  absl::StatusOr<std::vector<Message>> List(sql::Transaction& tx, const Uuid& conversation,
                                            std::optional<Position> after, int limit) const;
  // The customer's public messages that came in after `seen` did; in order, at most 20.
  absl::StatusOr<std::vector<Uuid>> NewerFromCustomer(sql::Transaction& tx, const Message& seen) const;

  absl::Status SetDelivery(sql::Transaction& tx, const Message& message) const;

  static std::vector<sql::Query> Queries();
};

}  // namespace vinculo::support
