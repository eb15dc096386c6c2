#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/jobs/job_runner.h"
#include "common/sql/database.h"
#include "services/lifecycle/domain/settings.h"
#include "services/lifecycle/metrics.h"
#include "services/lifecycle/store/health_pass.h"
#include "services/lifecycle/store/stage_pass.h"

namespace vinculo::lifecycle {

// How the timer tells others what it did, inside the transaction. Given by main, since events belong to the api.
struct Announcers {
  std::function<absl::Status(sql::Transaction&, const StageEvent&, absl::Time)> stage;
  std::function<absl::Status(sql::Transaction&, const HealthOutcome&, absl::Time)> health;
};

// The weekly timer, a job per tenant: when a week has been over for the evaluation lag, evaluates the stages of all
// modules, then computes health as of the week's last day, and schedules the next week. Weeks that passed while the
// service was down are made up for, one after another. A run that broke off is repeated and changes nothing that was
// done.
class WeeklyEvaluation {
 public:
  static constexpr char kKind[] = "weekly_evaluation";

  // What it is given outlives it.
  WeeklyEvaluation(sql::Database& database, const Settings& settings, Metrics& metrics, Announcers announcers)
      : db_(database), settings_(settings), metrics_(metrics), announcers_(std::move(announcers)) {}

  // Before the runner starts.
  void Register(jobs::JobRunner& runner);
  // Schedules the next week of each tenant; on the first start that is the week that runs. Waits; for start-up only.
  absl::Status Schedule(const std::vector<std::string>& tenants);
  // Ends runs in progress after the chunk in hand; they are taken up again at the next start.
  void Stop() { stopping_ = true; }

 private:
  class Run;
  absl::Time DueAt(absl::CivilDay week) const;

  sql::Database& db_;
  const Settings& settings_;
  Metrics& metrics_;
  const Announcers announcers_;
  std::atomic<bool> stopping_ = false;
};

}  // namespace vinculo::lifecycle
