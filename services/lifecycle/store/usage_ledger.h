#pragma once

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "common/sql/transaction.h"
#include "services/lifecycle/domain/records.h"
#include "services/lifecycle/store/module_repository.h"
#include "services/lifecycle/store/usage_repository.h"

namespace vinculo::lifecycle {

// A fact as it comes, addressed by client and kind of module.
struct IncomingFact {
  std::string customer_id;
  std::string module_key;
  absl::CivilDay local_date;
  std::string source;
  UsageValues values;
};

enum class FactResult { kAccepted, kUnchanged, kRefused };

struct FactOutcome {
  FactResult result = FactResult::kRefused;
  absl::Status refusal;  // not OK when refused; its reason stands in the report
  Uuid module_instance_id;
};

// Takes facts in and keeps weeks and months up to date. For one transaction: remembers the clients' modules between
// facts.
class UsageLedger {
 public:
  explicit UsageLedger(absl::TimeZone zone) : zone_(zone) {}

  // Judges and stores one fact. A fact that is refused is an outcome, not an error: NOT_FOUND UNKNOWN_MODULE, and those
  // of JudgeFact.
  absl::StatusOr<FactOutcome> Take(sql::Transaction& tx, const IncomingFact& fact, absl::Time now);

 private:
  // The instance that a fact belongs to: the one that is not LOST, else the newest that was not LOST on that date; null
  // if none.
  absl::StatusOr<const ModuleInstance*> Resolve(sql::Transaction& tx, const IncomingFact& fact);

  const absl::TimeZone zone_;
  ModuleRepository modules_;
  UsageRepository usage_;
  absl::flat_hash_map<std::string, std::vector<ModuleInstance>> clients_;
};

}  // namespace vinculo::lifecycle
