#include "services/messaging/work/contact_jobs.h"

#include "common/status/status_macros.h"
#include "services/messaging/contact_merge.h"
#include "services/messaging/erasure.h"
#include "services/messaging/job_kinds.h"
#include "services/messaging/reachability.h"
#include "services/messaging/store/import_repository.h"
#include "services/messaging/work/page_job.h"

namespace vinculo::messaging {
namespace {

constexpr int kPage = 1000;

Uuid IdOf(const jobs::Job& job) { return Uuid::Parse(job.payload).value_or(Uuid()); }

// Completes the job when nothing is left.
absl::StatusOr<bool> OrComplete(sql::Transaction& tx, const jobs::Job& job, absl::StatusOr<bool> more) {
  RETURN_IF_ERROR(more.status());
  if (!*more) RETURN_IF_ERROR(jobs::Complete(tx, job));
  return *more;
}

}  // namespace

void ContactJobs::Register(jobs::JobRunner& runner) {
  const auto pages = [&](const char* kind, auto page) {
    runner.Register(kind, {.lease = absl::Seconds(60), .concurrency = 4}, [this, page](jobs::Job job, jobs::Done done) {
      RunPages(db_, std::move(job), std::move(done), page);
    });
  };
  pages(kJobStanding,
        [contacts = &contacts_](sql::Transaction& tx, const jobs::Job& job, absl::Time now) -> absl::StatusOr<bool> {
          RETURN_IF_ERROR(RefreshStanding(tx, *contacts, IdOf(job), now));
          return OrComplete(tx, job, false);
        });
  pages(kJobMoveHistory, [](sql::Transaction& tx, const jobs::Job& job, absl::Time) {
    return OrComplete(tx, job, MoveHistory(tx, job.payload));
  });
  // The page replaces the job by the next, or removes it.
  pages(kJobErase, [](sql::Transaction& tx, const jobs::Job& job, absl::Time now) -> absl::StatusOr<bool> {
    RETURN_IF_ERROR(ErasePage(tx, job.key, job.payload, now));
    return false;
  });
  pages(kJobForgetImport, [](sql::Transaction& tx, const jobs::Job& job, absl::Time) {
    return OrComplete(tx, job, ImportRepository::ForgetRows(tx, IdOf(job), kPage));
  });
  pages(kJobEmptyList, [](sql::Transaction& tx, const jobs::Job& job, absl::Time) {
    return OrComplete(tx, job, ListRepository::Empty(tx, IdOf(job), kPage));
  });
}

}  // namespace vinculo::messaging
