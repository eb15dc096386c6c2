#pragma once

#include <memory>
#include <optional>
#include <string>

#include "common/jobs/job_runner.h"
#include "common/sql/database.h"
#include "services/messaging/domain/template_account.h"
#include "services/messaging/store/data_key.h"
#include "services/messaging/work/graph_provider.h"

namespace vinculo::messaging {

struct TemplateJobsOptions {
  // Between two comparisons of a channel with WhatsApp's listing.
  absl::Duration sync_interval = absl::Hours(6);
  ManagementLimits limits;
};

// Durable work on templates: submitting, deleting, unpausing, and the comparison with WhatsApp's listing. Each job
// first takes its calls from the channel's hour in the transaction that loads what it needs, and waits when none are
// left; an answer is recorded in another. A job that dies in between is run again and looks before it repeats. [M-22] -
// [M-27]
class TemplateJobs {
 public:
  // All outlive it.
  TemplateJobs(sql::Database& database, const DataKey& key, GraphProvider& provider, TemplateJobsOptions options = {})
      : db_(database), key_(key), provider_(provider), options_(options) {}

  void Register(jobs::JobRunner& runner);

 private:
  using SharedDone = std::shared_ptr<jobs::Done>;

  void Submit(const jobs::Job& job, const SharedDone& done);
  void Delete(const jobs::Job& job, const SharedDone& done);
  void Unpause(const jobs::Job& job, const SharedDone& done);
  void Sync(const jobs::Job& job, const SharedDone& done);

  // Runs `begin` in a transaction, and `call` with what it gave unless that is nothing. What failed is left to the
  // lease.
  template <class Begin, class Call>
  void Run(const jobs::Job& job, const SharedDone& done, Begin begin, Call call);
  // Runs `record` in a transaction and ends the run.
  template <class Record>
  void Finish(const jobs::Job& job, const SharedDone& done, Record record);

  sql::Database& db_;
  const DataKey& key_;
  GraphProvider& provider_;
  const TemplateJobsOptions options_;
};

}  // namespace vinculo::messaging
