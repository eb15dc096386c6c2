#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "common/sql/transaction.h"
#include "services/lifecycle/domain/records.h"
#include "services/lifecycle/domain/usage.h"

namespace vinculo::lifecycle {

// Stored numbers.
enum class RollupKind : int { kWeek = 1, kMonth = 2 };

struct StoredFact {
  absl::CivilDay local_date;
  std::string source;
  UsageValues values;
  absl::Time recorded_at;
};

struct Rollup {
  absl::CivilDay bucket;  // first day
  UsageCounts counts;

  friend bool operator==(const Rollup&, const Rollup&) = default;
};

struct RebuildOutcome {
  int64_t rollups = 0;    // after
  int64_t differing = 0;  // missing, superfluous or different before
};

// Facts, and the weeks and months made of them. Stateless; the tenant is the transaction's.
class UsageRepository {
 public:
  absl::StatusOr<std::optional<StoredFact>> FindFact(sql::Transaction& tx, const Uuid& module, absl::CivilDay date,
                                                     const std::string& source) const;
  absl::Status PutFact(sql::Transaction& tx, const Uuid& module, const StoredFact& fact) const;
  // By date and source, after these.
  absl::StatusOr<std::vector<StoredFact>> ListFacts(sql::Transaction& tx, const Uuid& module, absl::CivilDay after_date,
                                                    const std::string& after_source, int limit) const;
  // Of the facts from `first` to `last`, both inclusive.
  absl::StatusOr<UsageCounts> SumFacts(sql::Transaction& tx, const Uuid& module, absl::CivilDay first,
                                       absl::CivilDay last) const;

  // Adds to a week or month (or takes away, with negative counts), making it if need be.
  absl::Status AddToRollup(sql::Transaction& tx, RollupKind kind, const std::string& customer_id, const Uuid& module,
                           const Rollup& delta) const;
  // With buckets from `first` to `last`, oldest first.
  absl::StatusOr<std::vector<Rollup>> Rollups(sql::Transaction& tx, RollupKind kind, const ModuleInstance& module,
                                              absl::CivilDay first, absl::CivilDay last) const;
  // One walk over the rollups of all clients in (after, until], by client, module and bucket.
  absl::Status WalkRollups(
      sql::Transaction& tx, RollupKind kind, const std::string& after, const std::string& until, absl::CivilDay first,
      absl::CivilDay last,
      absl::FunctionRef<void(absl::string_view module, int64_t bucket, const UsageCounts&)> take) const;
  // Makes the weeks and months of a module anew from its facts.
  absl::StatusOr<RebuildOutcome> Rebuild(sql::Transaction& tx, const ModuleInstance& module) const;
};

}  // namespace vinculo::lifecycle
