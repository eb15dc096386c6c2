#pragma once

#include "common/jobs/job_runner.h"
#include "common/sql/database.h"
#include "services/profiling/store/session_engine.h"

namespace vinculo::profiling {

// Ends sessions whose customers have gone quiet. One job per running session, which looks at its deadline when it fires
// and goes back to wait when the deadline has moved. Also forgets applied messages after 14 days.
class SessionTimer {
 public:
  SessionTimer(sql::Database& database, SessionEngine& engine) : db_(database), engine_(engine) {}
  void Register(jobs::JobRunner& runner);
  // Makes sure that the daily sweep of a tenant is planned. Before the runner starts.
  absl::Status PlanSweep(const std::string& tenant);

 private:
  sql::Database& db_;
  SessionEngine& engine_;
};

}  // namespace vinculo::profiling
