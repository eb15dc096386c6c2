#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/calendar/period.h"
#include "common/sql/transaction.h"
#include "services/lifecycle/domain/health.h"
#include "services/lifecycle/domain/health_csv.h"

namespace vinculo::lifecycle {

struct HealthFilter {
  std::string tier;        // empty: all
  std::string owner_cs;    // empty: all
  std::string module_key;  // empty: all
};

// Where a list goes on; the first page begins below every score.
struct HealthPosition {
  int64_t sort_key = -1;
  std::string customer_id;
};

struct ListedHealth {
  HealthSnapshot snapshot;
  std::string name;
};

// Snapshots, and which of them is each client's newest. Stateless; the tenant is the transaction's.
class HealthRepository {
 public:
  // The newest revision of the newest date up to `as_of`.
  absl::StatusOr<std::optional<HealthSnapshot>> FindUpTo(sql::Transaction& tx, const std::string& customer_id,
                                                         absl::CivilDay as_of) const;
  // One point per date, newest first, from `as_of` back to what deltas and slope need.
  absl::StatusOr<std::vector<ScorePoint>> History(sql::Transaction& tx, const std::string& customer_id,
                                                  absl::CivilDay as_of) const;
  // Inserts a snapshot and makes it the client's current one unless a later date is.
  absl::Status Save(sql::Transaction& tx, const HealthSnapshot& snapshot) const;
  // The client is listed no more, unless a later date than `as_of` is current.
  absl::Status DropCurrent(sql::Transaction& tx, const std::string& customer_id, absl::CivilDay as_of) const;
  // Lowest score first, clients without data last, after `after`.
  absl::StatusOr<std::vector<ListedHealth>> List(sql::Transaction& tx, const HealthFilter& filter,
                                                 const HealthPosition& after, int limit) const;
};

// What support told: conversations and ratings. Stateless.
class ContactRepository {
 public:
  absl::Status PutConversation(sql::Transaction& tx, const std::string& conversation_id, const std::string& customer_id,
                               absl::Time created_at) const;
  absl::Status MarkSpam(sql::Transaction& tx, const std::string& conversation_id, bool spam) const;
  // The last value of a survey takes the place of the one before.
  absl::Status PutRating(sql::Transaction& tx, const std::string& survey_id, const std::string& conversation_id,
                         const std::string& customer_id, int64_t rating, absl::Time rated_at) const;
  // Over the health window of `as_of`, by local months of `zone`.
  absl::StatusOr<ContactFigures> Figures(sql::Transaction& tx, const std::string& customer_id, absl::CivilDay as_of,
                                         absl::TimeZone zone) const;
};

}  // namespace vinculo::lifecycle
