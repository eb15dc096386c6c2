#pragma once

#include <functional>
#include <string>

#include "common/jobs/job_runner.h"
#include "common/sql/database.h"
#include "services/messaging/store/data_key.h"
#include "services/messaging/work/graph_provider.h"

namespace vinculo::messaging {

// Tells WhatsApp that a message was read: a durable job for each. It waits for a slot of the sender's rate, since every
// request to /messages counts [M-84], and is given up after an hour.
class ReadMarks {
 public:
  // Takes a slot of the sender's rate; false when none is free here and now.
  using Reserve = std::function<bool(const std::string& tenant, const Uuid& sender)>;

  // All outlive it.
  ReadMarks(sql::Database& database, const DataKey& key, GraphProvider& provider, Reserve reserve)
      : db_(database), key_(key), provider_(provider), reserve_(std::move(reserve)) {}

  void Register(jobs::JobRunner& runner);

 private:
  void Run(const jobs::Job& job, jobs::Done done);
  void End(const jobs::Job& job, jobs::Done done, std::optional<absl::Duration> again);

  sql::Database& db_;
  const DataKey& key_;
  GraphProvider& provider_;
  const Reserve reserve_;
};

}  // namespace vinculo::messaging
