#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/query.h"
#include "common/sql/transaction.h"
#include "services/messaging/domain/consent.h"

namespace vinculo::messaging {

// The words of a tenant for opting out and in, by language.
class ComplianceRepository {
 public:
  // Those the tenant set, and ours for the other languages that have any.
  static absl::StatusOr<std::map<std::string, LanguageWords>> All(sql::Transaction& tx);
  // Stores one language's words and bumps their revision. A language without words matches nothing.
  static absl::Status Put(sql::Transaction& tx, const std::string& language, LanguageWords& words, absl::Time now);

  static std::vector<sql::Query> Queries();
};

}  // namespace vinculo::messaging
