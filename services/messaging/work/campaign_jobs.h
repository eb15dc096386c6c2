#pragma once

#include "common/jobs/job_runner.h"
#include "common/sql/database.h"
#include "services/messaging/store/contact_repository.h"
#include "services/messaging/store/data_key.h"
#include "services/messaging/work/graph_provider.h"

namespace vinculo::messaging {

// Durable work of campaigns and templates: freezing an audience page by page, passing over the rest of a cancelled or
// overdue campaign, handing a template to WhatsApp. A crash in the middle continues from what is stored.
class MessagingJobs {
 public:
  // All outlive it.
  MessagingJobs(sql::Database& database, const ContactRepository& contacts, const DataKey& key, GraphProvider& provider)
      : db_(database), contacts_(contacts), key_(key), provider_(provider) {}

  void Register(jobs::JobRunner& runner);

 private:
  void Freeze(jobs::Job job, jobs::Done done);
  void Skip(jobs::Job job, jobs::Done done);
  void Retry(jobs::Job job, jobs::Done done);
  void Submit(const jobs::Job& job, jobs::Done done);

  sql::Database& db_;
  const ContactRepository& contacts_;
  const DataKey& key_;
  GraphProvider& provider_;
};

}  // namespace vinculo::messaging
