#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/sql/transaction.h"
#include "services/messaging/domain/channel.h"

// What stops a number and lets it go on, each in the transaction of its cause: row, event and the campaigns that pause
// by it. Shared by api and work. [M-110] [M-113]
namespace vinculo::messaging {

// Stops a sender, or only its bulk; without effect when it is stopped as much already, but for a later end. Without
// `until` only a person or a webhook lifts it.
absl::Status BlockSender(sql::Transaction& tx, const Uuid& sender, SenderState state, const std::string& reason,
                         std::optional<absl::Time> until, absl::Time now);
// Stops every number of an account.
absl::Status BlockChannel(sql::Transaction& tx, const Uuid& channel, const std::string& reason,
                          std::optional<absl::Time> until, absl::Time now);

// Lets a sender send again; with it its channel and the channel's other numbers when the block was the channel's.
absl::Status ResumeSending(sql::Transaction& tx, const Uuid& sender, absl::Time now);
// Lifts the block of an account from all that it stopped.
absl::Status ResumeChannel(sql::Transaction& tx, const Uuid& channel, absl::Time now);

}  // namespace vinculo::messaging
