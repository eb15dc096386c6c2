#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/sql/transaction.h"
#include "services/messaging/domain/channel.h"
#include "services/messaging/domain/limits.h"

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

// What an error of class A stops: bulk alone after a spam report, one number, or every number of the account.
absl::Status BlockForError(sql::Transaction& tx, const Uuid& sender, int code, absl::Time now);

// Lets a sender send again; with it its channel and the channel's other numbers when the block was the channel's.
absl::Status ResumeSending(sql::Transaction& tx, const Uuid& sender, absl::Time now);
// Lifts the block of an account from all that it stopped.
absl::Status ResumeChannel(sql::Transaction& tx, const Uuid& channel, absl::Time now);

// Has the app subscribed to the webhooks of the channel's account.
absl::Status RequestSubscription(sql::Transaction& tx, const Uuid& channel, absl::Time now);

// What WhatsApp told of a number: an empty word was not told. What is new changes the sender, with one event; a tier is
// the portfolio's and changes all its senders. A state in which the number cannot send stops it, until it is connected
// again [M-12].
absl::Status LearnNumber(sql::Transaction& tx, const Uuid& sender, const NumberFacts& facts, const LevelTable& levels,
                         absl::Time now);
// Asks for a reading of the number from Graph at `at`, and from then on again and again.
absl::Status ScheduleReading(sql::Transaction& tx, const Uuid& sender, absl::Time at);

}  // namespace vinculo::messaging
