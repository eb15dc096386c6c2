#include "services/profiling/work/session_timer.h"

#include "common/status/status_macros.h"
#include "services/profiling/domain/limits.h"
#include "services/profiling/store/session_repository.h"

namespace vinculo::profiling {
namespace {

constexpr char kSweepJob[] = "profiling_inbound_sweep";
constexpr absl::Duration kSweepEvery = absl::Hours(6);

absl::Status Fire(sql::Transaction& tx, SessionEngine& engine, const jobs::Job& job, absl::Time now) {
  const std::optional<Uuid> id = Uuid::Parse(job.key);
  if (!id) return jobs::Bury(tx, job, "BAD_KEY", now);
  ASSIGN_OR_RETURN(const std::optional<absl::Time> again, engine.OnTimer(tx, *id, now));
  return again ? jobs::RetryAt(tx, job, *again, "") : jobs::Complete(tx, job);
}

}  // namespace

absl::Status SessionTimer::PlanSweep(const std::string& tenant) {
  const absl::Time now = db_.clock().Now();
  return db_.WriteAndWait(sql::Scope::ForTenant(tenant), [&](sql::Transaction& tx) {
    return jobs::Enqueue(tx, {kSweepJob, "sweep", now + kSweepEvery, ""});
  });
}

void SessionTimer::Register(jobs::JobRunner& runner) {
  runner.Register(kTimerJob, {absl::Seconds(60), 64}, [this](const jobs::Job& job, jobs::Done done) {
    const absl::Time now = db_.clock().Now();
    db_.Write(
        sql::Scope::ForTenant(job.tenant),
        [this, job, now](sql::Transaction& tx) { return Fire(tx, engine_, job, now); },
        [done = std::move(done)](const absl::Status&) mutable { done(); });
  });
  runner.Register(kSweepJob, {absl::Seconds(60), 1}, [this](const jobs::Job& job, jobs::Done done) {
    const absl::Time now = db_.clock().Now();
    db_.Write(
        sql::Scope::ForTenant(job.tenant),
        [job, now](sql::Transaction& tx) -> absl::Status {
          RETURN_IF_ERROR(SessionRepository::SweepInbound(tx, now - kDedupeRetention).status());
          return jobs::RetryAt(tx, job, now + kSweepEvery, "");
        },
        [done = std::move(done)](const absl::Status&) mutable { done(); });
  });
}

}  // namespace vinculo::profiling
