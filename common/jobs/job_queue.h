#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/id/uuid.h"
#include "common/sql/migration.h"
#include "common/sql/transaction.h"

namespace vinculo::jobs {

// Work to be done at or after `due_at`, by whoever claims it. Written in the transaction that makes it necessary.
struct NewJob {
  std::string kind;  // which handler
  std::string key;   // unique per (tenant, kind) while the job waits; "" makes one up
  absl::Time due_at;
  std::string payload;  // at most 64 KiB, the handler's own encoding
};

// A claimed job. `attempt` counts claims and is the fencing token: a completion with an older one is refused.
struct Job {
  std::string tenant;
  std::string kind;
  std::string key;
  int64_t attempt = 0;
  absl::Time due_at;
  std::string payload;
};

// Adds the job, or, when one with the same key waits, replaces its due time and payload and fences off a run in
// progress.
absl::Status Enqueue(sql::Transaction& tx, const NewJob& job);

// Removes a waiting job; a run in progress is fenced off. True when there was one.
absl::StatusOr<bool> Cancel(sql::Transaction& tx, const std::string& kind, const std::string& key);

// Ends the job: gone. FAILED_PRECONDITION LEASE_LOST when another claim, Enqueue or Cancel came after `job` was
// claimed; a handler passes this error on, so that its own effects roll back with it.
absl::Status Complete(sql::Transaction& tx, const Job& job);
// Gives the job back until `due_at`, keeping the attempt count. LEASE_LOST as above.
absl::Status RetryAt(sql::Transaction& tx, const Job& job, absl::Time due_at, const std::string& error);
// Moves the job to the dead letters, where it stays until somebody replays or deletes it. LEASE_LOST as above.
absl::Status Bury(sql::Transaction& tx, const Job& job, const std::string& error, absl::Time now);

// Claims up to `limit` due jobs of `kind` over all tenants, oldest first, until `now + lease`. For the runner.
absl::StatusOr<std::vector<Job>> Claim(sql::Transaction& tx, const std::string& kind, absl::Time now,
                                       absl::Duration lease, int limit);
// When the next job of `kind` becomes due (or its lease lapses); nullopt when none waits.
absl::StatusOr<std::optional<absl::Time>> NextDue(sql::Transaction& tx, const std::string& kind);

// Makes every leased job of `kind` due at once. Only for a store that nobody else can have open: whoever held those
// leases is dead. For the runner.
absl::Status ReleaseLeases(sql::Transaction& tx, const std::string& kind, absl::Time now, absl::Duration lease);

// Waits for retries: exponential from `first`, times two, at most `max`, each +-20 %, by attempt (1 = after the first
// try).
absl::Duration Backoff(int64_t attempt, absl::Duration first, absl::Duration max, double jitter01);

// Tables of this folder (component "jobs").
const std::vector<sql::Migration>& Migrations();

}  // namespace vinculo::jobs
