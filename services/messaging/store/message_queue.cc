// What MessageRepository keeps as the queue: what is due, what an older holder left, and what is waited for.
#include "common/status/status_macros.h"
#include "services/messaging/store/message_repository.h"
#include "services/messaging/store/message_row.h"

namespace vinculo::messaging {
namespace {

constexpr sql::Query kCountQueued{"message_count_queued",
                                  "SELECT COUNT(*) FROM sender s JOIN message m ON m.tenant_id = s.tenant_id AND "
                                  "m.sender_id = s.sender_id AND m.lane "
                                  "IN (1, 2) AND m.state = 1 AND m.state IN (1, 2, 3) WHERE s.tenant_id = ?"};
constexpr sql::Query kDue{
    "message_due",
    "SELECT " VINCULO_MESSAGE_COLUMNS
    "WHERE m.tenant_id = ? AND m.sender_id = ? AND m.lane = ? AND m.state = 1 AND m.state IN (1, 2, 3) AND m.due_at <= "
    "? AND (m.due_at, m.message_id) > (?, ?) AND m.campaign_id IS NULL ORDER BY m.due_at, m.message_id LIMIT ?"};
constexpr sql::Query kPostponeContact{
    "message_postpone_contact",
    "UPDATE message SET due_at = ?1 WHERE tenant_id = ?2 AND contact_id = ?3 AND message_id >= ?4 AND sender_id = ?5 "
    "AND lane = ?6 AND state = 1 AND campaign_id IS NULL AND due_at < ?1"};
constexpr sql::Query kNextDue{
    "message_next_due",
    "SELECT due_at FROM message WHERE tenant_id = ? AND sender_id = ? AND lane = ? AND state = 1 AND state IN (1, "
    "2, 3) AND campaign_id IS NULL ORDER BY due_at LIMIT 1"};
constexpr sql::Query kOrphans{
    "message_orphans",
    "SELECT " VINCULO_MESSAGE_COLUMNS
    "WHERE m.tenant_id = ? AND m.sender_id = ? AND m.lane = ? AND m.state = 2 AND m.state IN (1, 2, 3) AND m.token "
    "< ? ORDER BY m.due_at, m.message_id LIMIT ?"};
constexpr sql::Query kUnknownDue{
    "message_unknown_due",
    "SELECT " VINCULO_MESSAGE_COLUMNS
    "WHERE m.tenant_id = ? AND m.sender_id = ? AND m.lane = ? AND m.state = 3 AND m.state IN (1, 2, 3) AND "
    "m.due_at <= ? ORDER BY m.due_at, m.message_id LIMIT ?"};
constexpr sql::Query kUnknownWaiting{
    "message_unknown_waiting",
    "SELECT 1 FROM message WHERE tenant_id = ? AND sender_id = ? AND lane = 2 AND state = 3 AND state IN (1, "
    "2, 3) AND due_at < ? AND campaign_id = ? LIMIT 1"};
constexpr sql::Query kAwaited{"message_awaited", "SELECT " VINCULO_MESSAGE_COLUMNS
                                                 "WHERE m.tenant_id = ? AND m.state IN (4, 5, 6) AND m.due_at <= ? "
                                                 "ORDER BY m.due_at, m.message_id LIMIT ?"};

constexpr sql::Query kQueueExpired{
    "message_queue_expired",
    "SELECT " VINCULO_MESSAGE_COLUMNS
    "WHERE m.tenant_id = ? AND m.state = 1 AND m.campaign_id IS NULL AND m.expire_at <= ? ORDER BY m.expire_at, "
    "m.message_id LIMIT ?"};

}  // namespace

absl::StatusOr<int64_t> MessageRepository::CountQueued(sql::Transaction& tx) {
  ASSIGN_OR_RETURN(const std::optional<int64_t> n, FindNumber(tx, kCountQueued, tx.tenant()));
  return n.value_or(0);
}

absl::StatusOr<std::vector<Message>> MessageRepository::Due(sql::Transaction& tx, const Uuid& sender, Lane lane,
                                                            absl::Time now, const DuePosition& after, int limit) {
  std::vector<Message> out;
  RETURN_IF_ERROR(CollectMessages(tx, out, kDue, tx.tenant(), sender, lane, now, after.due_at, after.id, limit));
  return out;
}

absl::Status MessageRepository::PostponeContact(sql::Transaction& tx, const Message& m, absl::Time until) {
  return tx.Exec(kPostponeContact, until, tx.tenant(), m.contact_id, m.id, m.sender_id, m.lane);
}

absl::StatusOr<std::optional<absl::Time>> MessageRepository::NextDue(sql::Transaction& tx, const Uuid& sender) {
  std::optional<absl::Time> next;
  for (Lane lane : {Lane::kTransactional, Lane::kBulk}) {
    ASSIGN_OR_RETURN(const std::optional<absl::Time> due,
                     tx.Find(
                         kNextDue, [](const sql::Row& r) { return r.Time(0); }, tx.tenant(), sender, lane));
    if (due && (!next || *due < *next)) next = due;
  }
  return next;
}

absl::StatusOr<std::vector<Message>> MessageRepository::Orphans(sql::Transaction& tx, const Uuid& sender, int64_t token,
                                                                int limit) {
  std::vector<Message> out;
  for (Lane lane : {Lane::kTransactional, Lane::kBulk})
    RETURN_IF_ERROR(CollectMessages(tx, out, kOrphans, tx.tenant(), sender, lane, token, limit));
  return out;
}

absl::StatusOr<std::vector<Message>> MessageRepository::UnknownDue(sql::Transaction& tx, const Uuid& sender,
                                                                   absl::Time now, int limit) {
  std::vector<Message> out;
  for (Lane lane : {Lane::kTransactional, Lane::kBulk})
    RETURN_IF_ERROR(CollectMessages(tx, out, kUnknownDue, tx.tenant(), sender, lane, now, limit));
  return out;
}

absl::StatusOr<std::vector<Message>> MessageRepository::Awaited(sql::Transaction& tx, absl::Time now, int limit) {
  std::vector<Message> out;
  RETURN_IF_ERROR(CollectMessages(tx, out, kAwaited, tx.tenant(), now, limit));
  return out;
}

absl::StatusOr<bool> MessageRepository::UnknownWaiting(sql::Transaction& tx, const Uuid& sender, const Uuid& campaign,
                                                       absl::Time never) {
  ASSIGN_OR_RETURN(const auto found, FindNumber(tx, kUnknownWaiting, tx.tenant(), sender, never, campaign));
  return found.has_value();
}

absl::StatusOr<std::vector<Message>> MessageRepository::QueueExpired(sql::Transaction& tx, absl::Time now, int limit) {
  std::vector<Message> out;
  RETURN_IF_ERROR(CollectMessages(tx, out, kQueueExpired, tx.tenant(), now, limit));
  return out;
}

std::vector<sql::Query> MessageRepository::QueueQueries() {
  return {kCountQueued,    kDue,     kPostponeContact, kNextDue, kOrphans, kUnknownDue,
          kUnknownWaiting, kAwaited, kQueueExpired};
}

}  // namespace vinculo::messaging
