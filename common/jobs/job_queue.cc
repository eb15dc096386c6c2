#include "common/jobs/job_queue.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "common_jobs_migrations.h"

namespace vinculo::jobs {
namespace {

// A job's attempt never falls while its row lives, so a run that was fenced off stays fenced off: replacing a waiting
// job counts as an attempt.
constexpr sql::Query kEnqueue{
    "job_enqueue",
    "INSERT INTO job(tenant_id, kind, key, due_at, ready_at, attempt, payload) VALUES (?1,?2,?3,?4,?4,0,?5) "
    "ON CONFLICT (tenant_id, kind, key) DO UPDATE SET due_at = excluded.due_at, ready_at = excluded.ready_at, "
    "attempt = job.attempt + 1, payload = excluded.payload"};
constexpr sql::Query kCancel{"job_cancel", "DELETE FROM job WHERE tenant_id = ? AND kind = ? AND key = ?"};
constexpr sql::Query kComplete{"job_complete",
                               "DELETE FROM job WHERE tenant_id = ? AND kind = ? AND key = ? AND attempt = ?"};
constexpr sql::Query kRetry{"job_retry",
                            "UPDATE job SET due_at = ?5, ready_at = ?5, last_error = ?6 "
                            "WHERE tenant_id = ?1 AND kind = ?2 AND key = ?3 AND attempt = ?4"};
constexpr sql::Query kBury{
    "job_bury",
    "INSERT INTO job_dead(tenant_id, kind, key, died_at, attempt, error, payload) VALUES (?,?,?,?,?,?,?) "
    "ON CONFLICT (tenant_id, kind, key) DO UPDATE SET died_at = excluded.died_at, attempt = excluded.attempt, "
    "error = excluded.error, payload = excluded.payload"};
constexpr sql::Query kClaim{
    "job_claim",
    "UPDATE job SET ready_at = ?3, attempt = attempt + 1 WHERE (tenant_id, kind, key) IN "
    "(SELECT tenant_id, kind, key FROM job WHERE kind = ?1 AND ready_at <= ?2 ORDER BY ready_at LIMIT ?4) "
    "RETURNING tenant_id, kind, key, attempt, due_at, payload",
    // Replicas that claim at the same time step around each other's rows instead of waiting for them.
    "WITH due AS MATERIALIZED "
    "(SELECT tenant_id, kind, key FROM job WHERE kind = ?1 AND ready_at <= ?2 ORDER BY ready_at LIMIT ?4 "
    "FOR UPDATE SKIP LOCKED) "
    "UPDATE job SET ready_at = ?3, attempt = job.attempt + 1 FROM due "
    "WHERE job.tenant_id = due.tenant_id AND job.kind = due.kind AND job.key = due.key "
    "RETURNING job.tenant_id, job.kind, job.key, job.attempt, job.due_at, job.payload"};
constexpr sql::Query kRelease{
    "job_release_leases",
    "UPDATE job SET ready_at = due_at WHERE kind = ?1 AND ready_at > ?2 AND ready_at <= ?3 AND ready_at > due_at"};
constexpr sql::Query kNext{"job_next", "SELECT ready_at FROM job WHERE kind = ? ORDER BY ready_at LIMIT 1"};

absl::Status LeaseLost(const Job& job) {
  return Error(absl::StatusCode::kFailedPrecondition, "LEASE_LOST",
               absl::StrCat("job ", job.kind, " was claimed, replaced or cancelled by somebody else"));
}

}  // namespace

absl::Status Enqueue(sql::Transaction& tx, const NewJob& job) {
  const std::string key = job.key.empty() ? Uuid::New(job.due_at).ToString() : job.key;
  tx.Raise(sql::kSignalJobs);
  return tx.Exec(kEnqueue, tx.tenant(), job.kind, key, job.due_at, sql::Blob{job.payload});
}

absl::StatusOr<bool> Cancel(sql::Transaction& tx, const std::string& kind, const std::string& key) {
  ASSIGN_OR_RETURN(const int64_t removed, tx.ExecCount(kCancel, tx.tenant(), kind, key));
  return removed > 0;
}

absl::Status Complete(sql::Transaction& tx, const Job& job) {
  ASSIGN_OR_RETURN(const int64_t removed, tx.ExecCount(kComplete, job.tenant, job.kind, job.key, job.attempt));
  return removed > 0 ? absl::OkStatus() : LeaseLost(job);
}

absl::Status RetryAt(sql::Transaction& tx, const Job& job, absl::Time due_at, const std::string& error) {
  tx.Raise(sql::kSignalJobs);
  ASSIGN_OR_RETURN(const int64_t updated,
                   tx.ExecCount(kRetry, job.tenant, job.kind, job.key, job.attempt, due_at, error));
  return updated > 0 ? absl::OkStatus() : LeaseLost(job);
}

absl::Status Bury(sql::Transaction& tx, const Job& job, const std::string& error, absl::Time now) {
  RETURN_IF_ERROR(Complete(tx, job));
  return tx.Exec(kBury, job.tenant, job.kind, job.key, now, job.attempt, error, sql::Blob{job.payload});
}

absl::StatusOr<std::vector<Job>> Claim(sql::Transaction& tx, const std::string& kind, absl::Time now,
                                       absl::Duration lease, int limit) {
  std::vector<Job> jobs;
  RETURN_IF_ERROR(tx.Each(
      kClaim,
      [&](const sql::Row& row) {
        jobs.push_back({row.String(0), row.String(1), row.String(2), row.Int(3), row.Time(4), row.Bytes(5)});
      },
      kind, now, now + lease, limit));
  std::sort(jobs.begin(), jobs.end(), [](const Job& a, const Job& b) { return a.due_at < b.due_at; });
  return jobs;
}

absl::StatusOr<std::optional<absl::Time>> NextDue(sql::Transaction& tx, const std::string& kind) {
  return tx.Find(
      kNext, [](const sql::Row& row) { return row.Time(0); }, kind);
}

absl::Status ReleaseLeases(sql::Transaction& tx, const std::string& kind, absl::Time now, absl::Duration lease) {
  return tx.Exec(kRelease, kind, now, now + lease);
}

absl::Duration Backoff(int64_t attempt, absl::Duration first, absl::Duration max, double jitter01) {
  const double factor = std::pow(2.0, static_cast<double>(std::clamp<int64_t>(attempt - 1, 0, 40)));
  return std::min(first * factor, max) * (0.8 + 0.4 * jitter01);
}

const std::vector<sql::Migration>& Migrations() { return schema::Migrations(); }

}  // namespace vinculo::jobs
