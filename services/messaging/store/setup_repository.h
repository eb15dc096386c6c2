#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/query.h"
#include "common/sql/transaction.h"

namespace vinculo::messaging {

struct SetupStep {
  std::string name;
  bool done = false;
};

// What of setting up is done, as the tenant's rows show it.
class SetupRepository {
 public:
  // In the order in which they are done [M-14].
  static absl::StatusOr<std::vector<SetupStep>> Steps(sql::Transaction& tx);
  static std::vector<sql::Query> Queries();
};

}  // namespace vinculo::messaging
