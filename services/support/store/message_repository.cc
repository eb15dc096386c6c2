#include "services/support/store/message_repository.h"

#include "common/status/error.h"
#include "common/status/status_macros.h"

namespace vinculo::support {
namespace {

#define VINCULO_MESSAGE_COLUMNS                                                                                      \
  "id, conversation_id, external_id, direction, author_kind, author_id, visibility, created_at, received_at, body, " \
  "attachments, in_reply_to, delivery, delivery_reason, messaging_message_id"

constexpr sql::Query kInsert{"message_insert", "INSERT INTO message (tenant_id, channel, " VINCULO_MESSAGE_COLUMNS
                                               ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
constexpr sql::Query kGet{"message_get",
                          "SELECT " VINCULO_MESSAGE_COLUMNS " FROM message WHERE tenant_id = ? AND id = ?"};
constexpr sql::Query kFindByExternalId{"message_find_by_external_id",
                                       "SELECT " VINCULO_MESSAGE_COLUMNS
                                       " FROM message WHERE tenant_id = ? AND channel = ? AND external_id = ?"};
constexpr sql::Query kFindByMessagingId{"message_find_by_messaging_id",
                                        "SELECT " VINCULO_MESSAGE_COLUMNS
                                        " FROM message WHERE tenant_id = ? AND messaging_message_id = ?"};
constexpr sql::Query kList{
    "message_list",
    "SELECT " VINCULO_MESSAGE_COLUMNS
    " FROM message WHERE tenant_id = ?1 AND conversation_id = ?2 AND created_at >= ?3 AND (created_at > ?3 OR id > ?4) "
    "ORDER BY created_at, id LIMIT ?5"};
// By the order of recording: what came in after the agent looked, whenever it was written.
constexpr sql::Query kNewerFromCustomer{
    "message_newer_from_customer",
    "SELECT e.message_id FROM conversation_event e WHERE e.tenant_id = ?1 AND e.conversation_id = ?2 AND e.kind = 2 "
    "AND e.actor_kind = 1 AND e.to_value = 'PUBLIC' AND e.seq > (SELECT MAX(s.seq) FROM conversation_event s "
    "WHERE s.tenant_id = ?1 AND s.conversation_id = ?2 AND s.kind = 2 AND s.message_id = ?3) ORDER BY e.seq LIMIT 20"};
constexpr sql::Query kSetDelivery{
    "message_set_delivery",
    "UPDATE message SET delivery = ?, delivery_reason = ?, messaging_message_id = ? WHERE tenant_id = ? AND id = ?"};
constexpr sql::Query kInsertAttachment{"attachment_insert",
                                       "INSERT INTO attachment (tenant_id, message_id, position, name, content_type, "
                                       "reference, size_bytes) VALUES (?, ?, ?, ?, ?, ?, ?)"};
constexpr sql::Query kAttachments{"attachment_list",
                                  "SELECT name, content_type, reference, size_bytes FROM attachment WHERE tenant_id = "
                                  "? AND message_id = ? ORDER BY position"};

std::optional<std::string> NullIfEmpty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

// `attachments` tells how many there are, so that a list asks only where there are any.
struct Stored {
  Message message;
  int64_t attachments;
};
Stored ReadMessage(const sql::Row& r) {
  Stored stored;
  Message& m = stored.message;
  m.id = r.Id(0);
  m.conversation_id = r.Id(1);
  m.external_id = r.String(2);
  m.direction = static_cast<Direction>(r.Int(3));
  m.author = {static_cast<Author>(r.Int(4)), r.String(5)};
  m.visibility = static_cast<Visibility>(r.Int(6));
  m.created_at = r.Time(7);
  m.received_at = r.Time(8);
  m.body = r.String(9);
  stored.attachments = r.Int(10);
  m.in_reply_to = r.String(11);
  m.delivery = static_cast<Delivery>(r.Int(12));
  m.delivery_reason = r.String(13);
  m.messaging_message_id = r.String(14);
  return stored;
}

absl::StatusOr<Message> WithAttachments(sql::Transaction& tx, Stored stored) {
  if (stored.attachments == 0) return std::move(stored.message);
  RETURN_IF_ERROR(tx.Each(
      kAttachments,
      [&](const sql::Row& r) {
        stored.message.attachments.push_back({r.String(0), r.String(1), r.String(2), r.Int(3)});
      },
      tx.tenant(), stored.message.id));
  return std::move(stored.message);
}

absl::StatusOr<std::optional<Message>> Optional(sql::Transaction& tx, absl::StatusOr<std::optional<Stored>> found) {
  if (!found.ok()) return found.status();
  if (!found->has_value()) return std::nullopt;
  ASSIGN_OR_RETURN(Message message, WithAttachments(tx, **std::move(found)));
  return message;
}

}  // namespace

absl::Status MessageRepository::Insert(sql::Transaction& tx, const Message& m, Channel channel) const {
  RETURN_IF_ERROR(tx.Exec(kInsert, tx.tenant(), channel, m.id, m.conversation_id, NullIfEmpty(m.external_id),
                          m.direction, m.author.kind, m.author.id, m.visibility, m.created_at, m.received_at, m.body,
                          static_cast<int64_t>(m.attachments.size()), m.in_reply_to, m.delivery, m.delivery_reason,
                          NullIfEmpty(m.messaging_message_id)));
  int64_t position = 0;
  for (const Attachment& a : m.attachments) {
    RETURN_IF_ERROR(
        tx.Exec(kInsertAttachment, tx.tenant(), m.id, position++, a.name, a.content_type, a.reference, a.size_bytes));
  }
  return absl::OkStatus();
}

absl::StatusOr<Message> MessageRepository::Get(sql::Transaction& tx, const Uuid& id) const {
  ASSIGN_OR_RETURN(std::optional<Stored> found, tx.Find(kGet, ReadMessage, tx.tenant(), id));
  if (!found) return NotFound("message", id.ToString());
  return WithAttachments(tx, *std::move(found));
}

absl::StatusOr<std::optional<Message>> MessageRepository::FindByExternalId(sql::Transaction& tx, Channel channel,
                                                                           const std::string& external_id) const {
  return Optional(tx, tx.Find(kFindByExternalId, ReadMessage, tx.tenant(), channel, external_id));
}

absl::StatusOr<std::optional<Message>> MessageRepository::FindByMessagingId(
    sql::Transaction& tx, const std::string& messaging_message_id) const {
  return Optional(tx, tx.Find(kFindByMessagingId, ReadMessage, tx.tenant(), messaging_message_id));
}

absl::StatusOr<std::vector<Message>> MessageRepository::List(sql::Transaction& tx, const Uuid& conversation,
                                                             std::optional<Position> after, int limit) const {
  const Position at = after.value_or(Position{absl::FromUnixMicros(INT64_MIN), Uuid()});
  std::vector<Stored> rows;
  RETURN_IF_ERROR(tx.Each(
      kList, [&](const sql::Row& r) { rows.push_back(ReadMessage(r)); }, tx.tenant(), conversation, at.created_at,
      at.id, limit));
  std::vector<Message> messages;
  for (Stored& row : rows) {
    ASSIGN_OR_RETURN(Message message, WithAttachments(tx, std::move(row)));
    messages.push_back(std::move(message));
  }
  return messages;
}

absl::StatusOr<std::vector<Uuid>> MessageRepository::NewerFromCustomer(sql::Transaction& tx,
                                                                       const Message& seen) const {
  std::vector<Uuid> newer;
  RETURN_IF_ERROR(tx.Each(
      kNewerFromCustomer, [&](const sql::Row& r) { newer.push_back(r.Id(0)); }, tx.tenant(), seen.conversation_id,
      seen.id));
  return newer;
}

absl::Status MessageRepository::SetDelivery(sql::Transaction& tx, const Message& m) const {
  return tx.Exec(kSetDelivery, m.delivery, m.delivery_reason, NullIfEmpty(m.messaging_message_id), tx.tenant(), m.id);
}

std::vector<sql::Query> MessageRepository::Queries() {
  return {
      kInsert,           kGet,        kFindByExternalId, kFindByMessagingId, kList, kNewerFromCustomer, kSetDelivery,
      kInsertAttachment, kAttachments};
}

}  // namespace vinculo::support
