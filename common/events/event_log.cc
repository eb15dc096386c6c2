#include "common/events/event_log.h"

#include <google/protobuf/message.h>

#include "absl/strings/str_cat.h"
#include "common/id/uuid.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "common_events_migrations.h"

namespace vinculo::events {
namespace {

constexpr sql::Query kInsert{
    "event_insert",
    "INSERT INTO events(tenant_id, seq, id, type, subject, occurred_at, recorded_at, payload_type, payload) "
    "VALUES (?,?,?,?,?,?,?,?,?)"};
constexpr sql::Query kRead{"event_read",
                           "SELECT seq, id, type, subject, occurred_at, payload_type, payload FROM events "
                           "WHERE tenant_id = ? AND seq > ? ORDER BY seq LIMIT ?"};
constexpr sql::Query kRedact{"event_redact", "UPDATE events SET payload = ? WHERE tenant_id = ? AND seq = ?"};
constexpr sql::Query kLast{"event_last", "SELECT n FROM tenant_seq WHERE tenant_id = ?"};
constexpr sql::Query kOldest{"event_oldest",
                             "SELECT seq, recorded_at FROM events WHERE tenant_id = ? ORDER BY seq LIMIT ?"};
constexpr sql::Query kDelete{"event_delete", "DELETE FROM events WHERE tenant_id = ? AND seq <= ?"};

}  // namespace

absl::Status Append(sql::Transaction& tx, const Event& event, absl::Time recorded_at) {
  ASSIGN_OR_RETURN(const int64_t seq, tx.NextSequence());
  tx.Raise(sql::kSignalEvents);
  const std::string payload = event.payload.SerializeAsString();
  return tx.Exec(kInsert, tx.tenant(), seq, Uuid::New(recorded_at), event.type, event.subject, event.occurred_at,
                 recorded_at, event.payload.GetDescriptor()->full_name(), sql::Blob{payload});
}

absl::StatusOr<std::vector<StoredEvent>> Read(sql::Transaction& tx, int64_t after_seq, int limit) {
  std::vector<StoredEvent> events;
  RETURN_IF_ERROR(tx.Each(
      kRead,
      [&](const sql::Row& row) {
        events.push_back(
            {row.Int(0), row.Id(1).ToString(), row.String(2), row.String(3), row.Time(4), row.String(5), row.Bytes(6)});
      },
      tx.tenant(), after_seq, limit));
  // A gap before the first event, or nothing where something was: the reader has slept longer than events are kept.
  int64_t oldest = after_seq + 1;
  if (!events.empty()) {
    oldest = events.front().seq;
  } else {
    ASSIGN_OR_RETURN(const int64_t last, LastSeq(tx));
    if (last > after_seq) oldest = last + 1;
  }
  if (after_seq > 0 && oldest > after_seq + 1) {
    return Error(absl::StatusCode::kFailedPrecondition, "EVENTS_EXPIRED",
                 absl::StrCat("events after ", after_seq,
                              " are no longer kept; read the resources and start at the oldest event"),
                 {{"oldest_seq", absl::StrCat(oldest)}});
  }
  return events;
}

absl::Status Redact(sql::Transaction& tx, int64_t seq, const std::string& payload) {
  return tx.Exec(kRedact, sql::Blob{payload}, tx.tenant(), seq);
}

absl::StatusOr<int64_t> LastSeq(sql::Transaction& tx) {
  ASSIGN_OR_RETURN(const std::optional<int64_t> last,
                   tx.Find(
                       kLast, [](const sql::Row& row) { return row.Int(0); }, tx.tenant()));
  return last.value_or(0);
}

absl::StatusOr<int64_t> Sweep(sql::Transaction& tx, absl::Time before, int limit) {
  int64_t last_old = 0;
  RETURN_IF_ERROR(tx.Each(
      kOldest, [&](const sql::Row& row) { last_old = row.Time(1) < before ? row.Int(0) : last_old; }, tx.tenant(),
      limit));
  if (last_old == 0) return 0;
  return tx.ExecCount(kDelete, tx.tenant(), last_old);
}

const std::vector<sql::Migration>& Migrations() { return schema::Migrations(); }

}  // namespace vinculo::events
