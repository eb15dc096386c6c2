#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/transaction.h"
#include "services/lifecycle/domain/health.h"
#include "services/lifecycle/domain/records.h"
#include "services/lifecycle/domain/settings.h"
#include "services/lifecycle/store/health_repository.h"
#include "services/lifecycle/store/module_repository.h"
#include "services/lifecycle/store/usage_repository.h"

namespace vinculo::lifecycle {

// What one client scores, before anything is kept.
struct ClientTerms {
  std::string customer_id;
  std::vector<ModuleTerm> terms;  // of the modules in service on the date
};

struct HealthOutcome {
  HealthSnapshot snapshot;
  std::optional<std::string> tier_before;  // of the date before; unset for a first snapshot
  bool saved = false;
};

struct HealthChunk {
  std::vector<HealthOutcome> outcomes;
  std::string last_customer_id;  // where the next chunk begins
  bool end = false;              // nothing comes after it
};

// Computes scores as of one date: one walk over modules and one over months, in the same order. A value; safe to copy
// into a closure.
class HealthPass {
 public:
  // `as_of` is not after the local date of `now`. With `only_changes`, a snapshot equal to the newest of its date is
  // not saved again.
  HealthPass(Settings settings, absl::CivilDay as_of, absl::Time now, bool only_changes);

  // Computes and saves the clients after `after`, about `limit` modules.
  absl::StatusOr<HealthChunk> Next(sql::Transaction& tx, const std::string& after, int limit) const;
  // Computes and saves one client; no outcome for one without a module in service.
  absl::StatusOr<HealthChunk> OfCustomer(sql::Transaction& tx, const std::string& customer_id) const;
  // Only reads: the terms of `modules`, which are all those of the clients in (after, last], by client and id.
  absl::StatusOr<std::vector<ClientTerms>> Terms(sql::Transaction& tx, const std::vector<ModuleInstance>& modules,
                                                 const std::string& after) const;

  absl::CivilDay as_of() const { return as_of_; }

 private:
  absl::StatusOr<HealthChunk> SaveAll(sql::Transaction& tx, std::vector<ClientTerms> clients) const;
  absl::StatusOr<HealthOutcome> Save(sql::Transaction& tx, ClientTerms client) const;
  bool InService(const ModuleInstance& module) const;

  const Settings settings_;
  const absl::CivilDay as_of_;
  const absl::Time now_;
  const bool only_changes_;
  const bool cut_last_month_;  // the month of `as_of` may hold facts of later days
  const absl::Time day_end_;   // of as_of
  ModuleRepository modules_;
  UsageRepository usage_;
  HealthRepository health_;
};

}  // namespace vinculo::lifecycle
