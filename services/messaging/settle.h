#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/sql/transaction.h"
#include "services/messaging/domain/figures.h"
#include "services/messaging/domain/message.h"
#include "services/messaging/store/campaign_repository.h"

// Shared by api and work.
namespace vinculo::messaging {

// Far enough that a row with this due time is never handed out by time alone.
absl::Time Never();

// Writes what became of a message and everything that shows it, in one transaction: the message row with its price, its
// ledger row, the counters of campaign and reports and the event of the state it came to [M-91] [M-94]. `before` is the
// message as read. The caller flushes `deltas` at the end of its transaction.
absl::Status Settle(sql::Transaction& tx, const Message& before, Message& after, CountDeltas& deltas, absl::Time now);
// The same once the message's row says already what became of it: everything else that shows it.
absl::Status Follow(sql::Transaction& tx, const Message& before, Message& after, CountDeltas& deltas, absl::Time now);

// A queued message goes out no more, for `reason`: FAILED, GIVEN_UP.
absl::Status GiveUp(sql::Transaction& tx, const Message& before, absl::string_view reason, CountDeltas& deltas,
                    absl::Time now);

// A queued row goes out no more: SKIPPED with `reason`. The message of an attempt that WhatsApp refused before is
// CANCELLED with it and gives back what was reserved for it [M-91].
absl::Status SkipRow(sql::Transaction& tx, Recipient& row, const std::string& reason, CountDeltas& deltas,
                     absl::Time now);

// Pauses a campaign by itself; does nothing unless it is RUNNING.
absl::Status AutoPause(sql::Transaction& tx, const Uuid& campaign, const std::string& reason, absl::Time now);

// Has the queued rows of a cancelled campaign skipped [M-75].
absl::Status EnqueueCancelSkip(sql::Transaction& tx, const Uuid& campaign, absl::Time now);

// Has the rows that are still queued at the campaign's deadline skipped then [M-67].
absl::Status EnqueueDeadline(sql::Transaction& tx, const Campaign& campaign);

}  // namespace vinculo::messaging
