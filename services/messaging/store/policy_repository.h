#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/query.h"
#include "common/sql/transaction.h"
#include "services/messaging/domain/policy.h"

namespace vinculo::messaging {

// The tenant's policy: one row, or none while it has the defaults.
class PolicyRepository {
 public:
  // The defaults, with revision 0, when none is stored.
  static absl::StatusOr<Policy> Get(sql::Transaction& tx);
  // Stores it and bumps its revision.
  static absl::Status Put(sql::Transaction& tx, Policy& policy, absl::Time now);

  static std::vector<sql::Query> Queries();
};

}  // namespace vinculo::messaging
