#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/sql/transaction.h"
#include "services/messaging/domain/limits.h"
#include "services/messaging/domain/provider.h"
#include "services/messaging/domain/webhook_item.h"
#include "services/messaging/work/inbox_apply.h"

namespace vinculo::messaging {

// What WhatsApp tells of numbers and accounts: limits, restrictions, bans and their end [M-101] [M-113]. Each about the
// channel `channel`, in its tenant's transaction. A number is read again from Graph after any of them.
absl::StatusOr<ItemResult> ApplyNumber(sql::Transaction& tx, const Uuid& channel, const NumberItem& item,
                                       const LevelTable& levels, absl::Time now);
absl::StatusOr<ItemResult> ApplyCapability(sql::Transaction& tx, const Uuid& channel, const CapabilityItem& item,
                                           const LevelTable& levels, absl::Time now);
absl::StatusOr<ItemResult> ApplyAccount(sql::Transaction& tx, const Uuid& channel, const AccountItem& item,
                                        absl::Time now);
// A problem reported with a number stops it as the same code in an answer would.
absl::StatusOr<ItemResult> ApplyAccountError(sql::Transaction& tx, const Uuid& sender, const AccountErrorItem& item,
                                             const ErrorClasses& classes, absl::Time now);

}  // namespace vinculo::messaging
