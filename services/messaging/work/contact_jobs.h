#pragma once

#include "common/jobs/job_runner.h"
#include "common/sql/database.h"
#include "services/messaging/store/contact_repository.h"

namespace vinculo::messaging {

// Durable work on contacts: what ends by time, the history of a merged contact, members of a deleted list, what an
// erased person left behind.
class ContactJobs {
 public:
  // Both outlive it.
  ContactJobs(sql::Database& database, const ContactRepository& contacts) : db_(database), contacts_(contacts) {}

  void Register(jobs::JobRunner& runner);

 private:
  sql::Database& db_;
  const ContactRepository& contacts_;
};

}  // namespace vinculo::messaging
