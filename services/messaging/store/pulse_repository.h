#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/query.h"
#include "common/sql/transaction.h"
#include "services/messaging/domain/campaign_guard.h"

namespace vinculo::messaging {

// The pulse of each campaign; an empty one until the first outcome.
class PulseRepository {
 public:
  static absl::StatusOr<Pulse> Get(sql::Transaction& tx, const Uuid& campaign);
  static absl::Status Put(sql::Transaction& tx, const Uuid& campaign, const Pulse& pulse);
  static std::vector<sql::Query> Queries();
};

}  // namespace vinculo::messaging
