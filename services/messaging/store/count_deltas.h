#pragma once

#include <map>
#include <optional>
#include <string>
#include <tuple>

#include "absl/status/statusor.h"
#include "common/sql/query.h"
#include "common/sql/transaction.h"
#include "services/messaging/domain/campaign.h"
#include "services/messaging/domain/campaign_guard.h"
#include "services/messaging/domain/cost.h"
#include "services/messaging/store/report_counts.h"

namespace vinculo::messaging {

// What one transaction changes of campaigns' counters, written at its end: rows and counters change together, with one
// statement for each counter however many rows moved. Beside it, what the transaction looked up or found on its way:
// rates, and outcomes for the campaigns' protection.
class CountDeltas {
 public:
  void Move(const Uuid& campaign, RecipientState from, const std::string& from_reason, RecipientState to,
            const std::string& to_reason);
  void Add(const Uuid& campaign, RecipientState state, const std::string& reason, int64_t n);
  // What the message costs changed from `before` to `after`.
  void AddCost(const Uuid& campaign, const CostShares& before, const CostShares& after);
  absl::Status Flush(sql::Transaction& tx);

  // What reports count about messages; written with the rest.
  FigureDeltas figures;

  // What came of messages, by campaign. Flush leaves it.
  struct Found {
    std::string outcomes;  // one character each
    int unknowns = 0;
    bool opt_outs = false;
    bool queued_again = false;
  };
  void Find(const Uuid& campaign, Outcome outcome);
  void FindUnknown(const Uuid& campaign) { ++found_[campaign].unknowns; }
  void FindQueuedAgain(const Uuid& campaign) { found_[campaign].queued_again = true; }
  const std::map<Uuid, Found>& found() const { return found_; }

  // The rate of a day, read once a transaction.
  absl::StatusOr<std::optional<CostRate>> Rate(sql::Transaction& tx, const std::string& country,
                                               const std::string& category, absl::CivilDay day);

  static std::vector<sql::Query> Queries();

 private:
  std::map<std::tuple<Uuid, RecipientState, std::string>, int64_t> deltas_;
  std::map<Uuid, CostShares> costs_;
  std::map<Uuid, Found> found_;
  std::map<std::tuple<std::string, std::string, absl::CivilDay>, std::optional<CostRate>> rates_;
};

}  // namespace vinculo::messaging
