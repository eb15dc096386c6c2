#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/sql/transaction.h"
#include "services/messaging/domain/message.h"
#include "services/messaging/domain/webhook_item.h"
#include "services/messaging/store/contact_repository.h"

// What a status does once it has joined its message, at once or after it was parked.
namespace vinculo::messaging {

// The status in the message as it will be stored: its way and what WhatsApp bills. True when that changed anything.
bool MergeReported(const StatusItem& item, Message& m);

// Takes the statuses that came before the message was known by its wamid and merges them; `fresh` gets those that
// changed it.
absl::Status MergeParked(sql::Transaction& tx, Message& m, std::vector<StatusItem>& fresh);

// What a status does beyond its message, whose row is written already [M-110]. For each that changed its message, once.
absl::Status FollowReported(sql::Transaction& tx, const ContactRepository& contacts, const StatusItem& item,
                            const Message& m, absl::Time now);

}  // namespace vinculo::messaging
