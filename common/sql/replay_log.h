#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/sql/transaction.h"

namespace vinculo::sql {

// How long a reply can be replayed.
inline constexpr absl::Duration kReplayRetention = absl::Hours(7 * 24);

// Replies of mutating requests, stored in the transaction of the effect, so that a repeated request has one effect and
// one answer.

// The stored reply of tx.scope().request; nullopt when there is no key or the request is new.
// INVALID_ARGUMENT REQUEST_ID_REUSED when the id was used for the same method with another body.
absl::StatusOr<std::optional<std::string>> FindReply(Transaction& tx);

// Stores `reply` under tx.scope().request; does nothing without a key.
absl::Status StoreReply(Transaction& tx, absl::string_view reply, absl::Time now);

// Empties the replies that contain one of `needles`, walking the keys of the tenant after `cursor` in steps of `limit`
// rows; returns the next cursor, empty when the walk is complete. A request that is repeated has no second effect, and
// is answered with nothing.
absl::StatusOr<std::string> RedactReplies(Transaction& tx, absl::string_view cursor,
                                          const std::vector<std::string>& needles, int limit);

// Deletes replies made before `before`, walking the keys of the tenant after `cursor` in steps of `limit` rows; returns
// the next cursor, empty when the walk is complete.
absl::StatusOr<std::string> SweepReplies(Transaction& tx, absl::string_view cursor, absl::Time before, int limit);

}  // namespace vinculo::sql
