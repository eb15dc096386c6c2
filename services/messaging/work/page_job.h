#pragma once

#include <string>
#include <utility>

#include "common/jobs/job_runner.h"
#include "common/log/log.h"
#include "common/sql/database.h"

// A durable job that works through rows page by page, each in a transaction of its own.
namespace vinculo::messaging {

inline sql::Scope ScopeOf(const jobs::Job& job) { return sql::Scope::ForTenant(job.tenant, "jobs"); }

// Runs `page(tx, job, now) -> StatusOr<bool>` until it says that nothing is left, which it does in the transaction that
// completes the job. A failure leaves the job to its lease.
template <class Page>
void RunPages(sql::Database& db, jobs::Job job, jobs::Done done, Page page) {
  const absl::Time now = db.clock().Now();
  sql::Scope scope = ScopeOf(job);
  db.Write(
      std::move(scope), [job, page, now](sql::Transaction& tx) { return page(tx, job, now); },
      [&db, job, done = std::move(done), page](absl::StatusOr<bool> more) mutable {
        if (more.ok() && *more) return RunPages(db, std::move(job), std::move(done), std::move(page));
        if (!more.ok())
          log::Warning("a job will be tried again",
                       {{"kind", job.kind}, {"error", std::string(more.status().message())}});
        done();
      });
}

}  // namespace vinculo::messaging
