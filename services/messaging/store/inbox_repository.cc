#include "services/messaging/store/inbox_repository.h"

#include "common/status/error.h"
#include "common/status/status_macros.h"

namespace vinculo::messaging {
namespace {

constexpr char kLeaseName[] = "webhooks";

constexpr sql::Query kAppend{"raw_inbox_append",
                             "INSERT INTO raw_inbox (tenant_id, id, app, received_at, body) VALUES (?, ?, ?, ?, ?)"};
constexpr sql::Query kWaiting{
    "raw_inbox_waiting",
    "SELECT id, app, received_at, body FROM raw_inbox WHERE tenant_id = ? AND processed_at IS NULL AND id > ? ORDER "
    "BY id LIMIT ?"};
constexpr sql::Query kProcessed{"raw_inbox_processed",
                                "UPDATE raw_inbox SET processed_at = ? WHERE tenant_id = ? AND id = ?"};
constexpr sql::Query kSweep{
    "raw_inbox_sweep",
    "DELETE FROM raw_inbox WHERE tenant_id = ?1 AND id IN (SELECT id FROM raw_inbox WHERE tenant_id = ?1 AND "
    "processed_at < ?2 AND processed_at IS NOT NULL LIMIT ?3)"};
constexpr sql::Query kCountWaiting{"raw_inbox_count_waiting",
                                   "SELECT COUNT(*) FROM raw_inbox WHERE tenant_id = ? AND processed_at IS NULL"};
constexpr sql::Query kReplay{
    "raw_inbox_replay",
    "UPDATE raw_inbox SET processed_at = NULL WHERE tenant_id = ?1 AND id IN (SELECT id FROM raw_inbox WHERE tenant_id "
    "= ?1 AND id >= ?2 AND id < ?3 AND processed_at IS NOT NULL ORDER BY id LIMIT ?4)"};
constexpr sql::Query kClaimLease{
    "inbox_lease_claim",
    "INSERT INTO inbox_lease (tenant_id, name, holder, token, lease_until) VALUES (?1, ?2, ?3, 1, ?4) ON CONFLICT "
    "(tenant_id, name) DO UPDATE SET token = CASE WHEN inbox_lease.holder = excluded.holder THEN inbox_lease.token "
    "ELSE inbox_lease.token + 1 END, holder = excluded.holder, lease_until = excluded.lease_until WHERE "
    "inbox_lease.holder = excluded.holder OR inbox_lease.lease_until <= ?5 RETURNING token"};
constexpr sql::Query kLeaseToken{"inbox_lease_token", "SELECT token FROM inbox_lease WHERE tenant_id = ? AND name = ?"};

}  // namespace

absl::Status RawInbox::Append(sql::Transaction& tx, const RawBody& raw) {
  return tx.Exec(kAppend, sql::kSystemTenant, raw.id, raw.app, raw.received_at, sql::Blob{raw.body});
}

absl::StatusOr<std::vector<RawBody>> RawInbox::Waiting(sql::Transaction& tx, const Uuid& after, int limit) {
  std::vector<RawBody> out;
  RETURN_IF_ERROR(tx.Each(
      kWaiting,
      [&](const sql::Row& r) {
        out.push_back({r.Id(0), r.String(1), r.Time(2), r.Bytes(3)});
      },
      sql::kSystemTenant, after, limit));
  return out;
}

absl::Status RawInbox::MarkProcessed(sql::Transaction& tx, const Uuid& id, absl::Time now) {
  return tx.Exec(kProcessed, now, sql::kSystemTenant, id);
}

absl::StatusOr<int64_t> RawInbox::Sweep(sql::Transaction& tx, absl::Time before, int limit) {
  return tx.ExecCount(kSweep, sql::kSystemTenant, before, limit);
}

absl::StatusOr<int64_t> RawInbox::CountWaiting(sql::Transaction& tx) {
  ASSIGN_OR_RETURN(const std::optional<int64_t> count,
                   tx.Find(
                       kCountWaiting, [](const sql::Row& r) { return r.Int(0); }, sql::kSystemTenant));
  return count.value_or(0);
}

absl::StatusOr<int64_t> RawInbox::Replay(sql::Transaction& tx, absl::Time from, absl::Time to, int limit) {
  ASSIGN_OR_RETURN(const int64_t count,
                   tx.ExecCount(kReplay, sql::kSystemTenant, Uuid::LeastAt(from), Uuid::LeastAt(to), limit));
  if (count > 0) tx.Raise(kSignalInbox);
  return count;
}

std::vector<sql::Query> RawInbox::Queries() { return {kAppend, kWaiting, kProcessed, kSweep, kCountWaiting, kReplay}; }

absl::StatusOr<std::optional<int64_t>> InboxLease::Claim(sql::Transaction& tx, const std::string& holder,
                                                         absl::Time now, absl::Time until) {
  return tx.Find(
      kClaimLease, [](const sql::Row& r) { return r.Int(0); }, sql::kSystemTenant, kLeaseName, holder, until, now);
}

absl::Status InboxLease::Check(sql::Transaction& tx, int64_t token) {
  ASSIGN_OR_RETURN(const std::optional<int64_t> current,
                   tx.Find(
                       kLeaseToken, [](const sql::Row& r) { return r.Int(0); }, sql::kSystemTenant, kLeaseName));
  if (current == token) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, "LEASE_LOST", "Another process applies webhooks now.");
}

std::vector<sql::Query> InboxLease::Queries() { return {kClaimLease, kLeaseToken}; }

}  // namespace vinculo::messaging
