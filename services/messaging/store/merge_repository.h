#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/id/uuid.h"
#include "common/sql/query.h"
#include "common/sql/transaction.h"

namespace vinculo::messaging {

// The rows that go from one contact to another when both are one person. Ledger rows stay where they are.
class MergeRepository {
 public:
  // The loser reads as the survivor from now on, with all that were merged into it before, and keeps no data.
  static absl::Status Retire(sql::Transaction& tx, const Uuid& loser, const Uuid& survivor, absl::Time now);
  static absl::Status MoveIdentities(sql::Transaction& tx, const Uuid& loser, const Uuid& survivor);
  static absl::Status MoveConsents(sql::Transaction& tx, const Uuid& loser, const Uuid& survivor);
  static absl::Status MoveUndeliverable(sql::Transaction& tx, const Uuid& loser, const Uuid& survivor);
  // On each sender the later window stays, whole; of two holds the later by its own time.
  static absl::Status MoveWindows(sql::Transaction& tx, const Uuid& loser, const Uuid& survivor);
  // Files that the person sent.
  static absl::Status MoveMedia(sql::Transaction& tx, const Uuid& loser, const Uuid& survivor);
  // In each portfolio one slot of reach is left for the person, the later one, with the messages of both; the count of
  // slots in use follows.
  static absl::Status MoveReach(sql::Transaction& tx, const Uuid& loser, const Uuid& survivor);
  // What the person is heard to have said last, and the route given then.
  static absl::Status MoveLastRoute(sql::Transaction& tx, const Uuid& loser, const Uuid& survivor);
  // Up to `limit` messages and as many inbound events, newest first; false when none is left.
  static absl::StatusOr<bool> MoveHistory(sql::Transaction& tx, const Uuid& loser, const Uuid& survivor, int limit);

  static std::vector<sql::Query> Queries();
};

}  // namespace vinculo::messaging
