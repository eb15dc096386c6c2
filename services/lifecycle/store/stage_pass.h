#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/transaction.h"
#include "services/lifecycle/domain/records.h"
#include "services/lifecycle/domain/settings.h"
#include "services/lifecycle/store/module_repository.h"
#include "services/lifecycle/store/usage_repository.h"

namespace vinculo::lifecycle {

// What became of one module.
struct StageOutcome {
  ModuleInstance module;  // as it stands afterwards; in a dry run as it stood
  Stage from = Stage::kUnspecified;
  Stage to = Stage::kUnspecified;
  std::string reason;
  StageEvidence evidence;
  bool already_evaluated = false;
  std::optional<StageEvent> event;  // of the move, when there was one and it was saved
};

struct StageChunk {
  std::vector<StageOutcome> outcomes;
  std::string last_customer_id;  // where the next chunk begins
  bool end = false;              // nothing comes after it
};

// One evaluation of one complete week [L-25]: loads modules and their weeks, applies the rules, saves. Used by the
// timer, by EvaluateStages and, for one module, by RequestTransition. A value; safe to copy into a closure.
class StagePass {
 public:
  // `week` is a Monday; `actor` is named by the events.
  StagePass(Settings settings, absl::CivilDay week, absl::Time now, std::string actor, bool dry_run)
      : settings_(std::move(settings)), week_(week), now_(now), actor_(std::move(actor)), dry_run_(dry_run) {}

  // The clients after `after`, about `limit` modules.
  absl::StatusOr<StageChunk> Next(sql::Transaction& tx, const std::string& after, int limit) const;
  // One client. No outcomes for one that is not known.
  absl::StatusOr<StageChunk> OfCustomer(sql::Transaction& tx, const std::string& customer_id) const;
  // What the rules say of one module now, whatever was evaluated before. Saves nothing.
  absl::StatusOr<Evaluation> Judge(sql::Transaction& tx, const ModuleInstance& module) const;

 private:
  absl::StatusOr<StageOutcome> Evaluate(sql::Transaction& tx, const ModuleInstance& module,
                                        std::vector<UsageCounts> weeks) const;
  Evaluation Apply(const ModuleInstance& module, std::vector<UsageCounts> weeks, bool suppressed) const;
  absl::StatusOr<std::vector<StageOutcome>> EvaluateAll(sql::Transaction& tx,
                                                        const std::vector<ModuleInstance>& modules,
                                                        const std::string& after) const;
  absl::CivilDay last_week() const;  // of the window: the evaluated one, or earlier by the maturity lag
  absl::CivilDay first_week() const;

  const Settings settings_;
  const absl::CivilDay week_;
  const absl::Time now_;
  const std::string actor_;
  const bool dry_run_;
  ModuleRepository modules_;
  UsageRepository usage_;
};

}  // namespace vinculo::lifecycle
