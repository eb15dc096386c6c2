#pragma once

#include "absl/time/time.h"
#include "common/jobs/job_runner.h"
#include "common/sql/database.h"
#include "services/messaging/domain/limits.h"
#include "services/messaging/store/data_key.h"
#include "services/messaging/work/graph_provider.h"

namespace vinculo::messaging {

// Reads tier, throughput, quality and state of each number from Graph, again and again [M-12].
class SenderJobs {
 public:
  // All outlive it.
  SenderJobs(sql::Database& database, const DataKey& key, GraphProvider& provider, LevelTable levels,
             absl::Duration every = absl::Hours(1))
      : db_(database), key_(key), provider_(provider), levels_(std::move(levels)), every_(every) {}

  void Register(jobs::JobRunner& runner);

 private:
  void Refresh(const jobs::Job& job, jobs::Done done);
  void Record(const jobs::Job& job, const Uuid& sender, const absl::StatusOr<NumberFacts>& told, jobs::Done done);

  sql::Database& db_;
  const DataKey& key_;
  GraphProvider& provider_;
  const LevelTable levels_;
  const absl::Duration every_;
};

}  // namespace vinculo::messaging
