#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/id/uuid.h"
#include "common/sql/query.h"
#include "common/sql/transaction.h"
#include "services/messaging/domain/cost.h"

namespace vinculo::messaging {

// The tenant's price list, and what campaigns cost.
class CostRepository {
 public:
  // In place of the one with the same key.
  static absl::Status PutRate(sql::Transaction& tx, const CostRate& rate);
  static absl::Status DeleteRates(sql::Transaction& tx);
  static absl::StatusOr<int> CountRates(sql::Transaction& tx);
  // By (country, category, valid_from), after `after` (a rate with an empty country: from the first).
  static absl::StatusOr<std::vector<CostRate>> ListRates(sql::Transaction& tx, const std::string& country,
                                                         const CostRate& after, int limit);
  // The one that holds on `day`: the newest that has begun, unless it has ended.
  static absl::StatusOr<std::optional<CostRate>> FindRate(sql::Transaction& tx, const std::string& country,
                                                          const std::string& category, absl::CivilDay day);

  // The kept counters of a campaign.
  static absl::StatusOr<CostShares> OfCampaign(sql::Transaction& tx, const Uuid& campaign);
  // The same from its messages.
  static absl::StatusOr<CostShares> Recount(sql::Transaction& tx, const Uuid& campaign);

  static std::vector<sql::Query> Queries();
};

}  // namespace vinculo::messaging
