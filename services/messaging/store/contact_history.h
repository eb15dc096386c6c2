#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/id/uuid.h"
#include "common/sql/query.h"
#include "common/sql/transaction.h"
#include "services/messaging/store/campaign_repository.h"

namespace vinculo::messaging {

// What is kept under a contact beside its messages, as it is stored.
class ContactHistory {
 public:
  struct Inbound {
    Uuid sender_id;
    std::string wamid;
    absl::Time received_at;
    std::string content;
  };
  // Oldest first, after (received_at, wamid).
  static absl::StatusOr<std::vector<Inbound>> InboundOf(sql::Transaction& tx, const Uuid& contact, absl::Time after,
                                                        const std::string& wamid, int limit);
  // By campaign, after `campaign`.
  static absl::StatusOr<std::vector<Recipient>> RecipientsOf(sql::Transaction& tx, const Uuid& contact,
                                                             const Uuid& campaign, int limit);
  static std::vector<sql::Query> Queries();
};

}  // namespace vinculo::messaging
