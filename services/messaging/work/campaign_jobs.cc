#include "services/messaging/work/campaign_jobs.h"

#include "services/messaging/job_kinds.h"
#include "services/messaging/work/campaign_freeze.h"
#include "services/messaging/work/page_job.h"

namespace vinculo::messaging {
void MessagingJobs::Register(jobs::JobRunner& runner) {
  runner.Register(kJobFreeze, {.lease = absl::Seconds(60), .concurrency = 4},
                  [this](jobs::Job job, jobs::Done done) { Freeze(std::move(job), std::move(done)); });
  runner.Register(kJobSkip, {.lease = absl::Seconds(60), .concurrency = 4},
                  [this](jobs::Job job, jobs::Done done) { Skip(std::move(job), std::move(done)); });
  runner.Register(kJobRetry, {.lease = absl::Seconds(60), .concurrency = 4},
                  [this](jobs::Job job, jobs::Done done) { Retry(std::move(job), std::move(done)); });
}

void MessagingJobs::Freeze(jobs::Job job, jobs::Done done) {
  RunPages(db_, std::move(job), std::move(done),
           [contacts = &contacts_](sql::Transaction& tx, const jobs::Job& j, absl::Time now) {
             return FreezePage(tx, *contacts, j, now);
           });
}

void MessagingJobs::Skip(jobs::Job job, jobs::Done done) {
  RunPages(db_, std::move(job), std::move(done),
           [](sql::Transaction& tx, const jobs::Job& j, absl::Time now) { return SkipPage(tx, j, now); });
}

void MessagingJobs::Retry(jobs::Job job, jobs::Done done) {
  RunPages(db_, std::move(job), std::move(done),
           [](sql::Transaction& tx, const jobs::Job& j, absl::Time now) { return RetryNextPage(tx, j, now); });
}

}  // namespace vinculo::messaging
