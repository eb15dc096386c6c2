#pragma once

#include "common/jobs/job_runner.h"
#include "common/sql/database.h"
#include "services/messaging/store/contact_repository.h"

namespace vinculo::messaging {

// Durable work of campaigns: freezing an audience page by page, passing over the rest of a cancelled or overdue
// campaign. A crash in the middle continues from what is stored.
class MessagingJobs {
 public:
  // Both outlive it.
  MessagingJobs(sql::Database& database, const ContactRepository& contacts) : db_(database), contacts_(contacts) {}

  void Register(jobs::JobRunner& runner);

 private:
  void Freeze(jobs::Job job, jobs::Done done);
  void Skip(jobs::Job job, jobs::Done done);
  void Retry(jobs::Job job, jobs::Done done);

  sql::Database& db_;
  const ContactRepository& contacts_;
};

}  // namespace vinculo::messaging
