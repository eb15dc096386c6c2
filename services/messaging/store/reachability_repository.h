#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/id/uuid.h"
#include "common/sql/query.h"
#include "common/sql/transaction.h"

namespace vinculo::messaging {

// What is remembered of a contact between messages: days on which nothing could be delivered, and when an opt-out was
// last confirmed.
class ReachabilityRepository {
 public:
  // Notes `day` (days since 1970); how many different days there are from `since` on.
  static absl::StatusOr<int64_t> NoteUndeliverable(sql::Transaction& tx, const Uuid& contact, int64_t day,
                                                   int64_t since);
  static absl::Status ForgetUndeliverable(sql::Transaction& tx, const Uuid& contact);
  // True, and noted, when no confirmation went out since `since`.
  static absl::StatusOr<bool> MayConfirmOptOut(sql::Transaction& tx, const Uuid& contact, absl::Time since,
                                               absl::Time now);
  static absl::Status ForgetConfirmation(sql::Transaction& tx, const Uuid& contact);

  static std::vector<sql::Query> Queries();
};

}  // namespace vinculo::messaging
