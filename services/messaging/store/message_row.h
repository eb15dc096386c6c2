#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/transaction.h"
#include "common/status/status_macros.h"
#include "services/messaging/domain/message.h"
#include "services/messaging/store/encoding.h"

// How a message's row is read.
namespace vinculo::messaging {

// Without what a status does not touch: reading and decoding the content costs more than the rest. Which template it
// was lies beside it, for the counters of reports.
#define VINCULO_MESSAGE_FACTS VINCULO_MESSAGE_ROW("'{}', ''")
#define VINCULO_MESSAGE_COLUMNS VINCULO_MESSAGE_ROW("m.content, m.fallback")
#define VINCULO_MESSAGE_ROW(CONTENT)                                                                               \
  "m.message_id, m.contact_id, m.sender_id, m.campaign_id, m.lane, m.phase, m.attempt, m.token, m.due_at, "        \
  "m.expire_at, m.resend, " CONTENT                                                                                \
  ", m.version, m.category, m.quote_wamid, m.reply_route, m.reply_ref, m.labels, m.caller, "                       \
  "m.wamid, "                                                                                                      \
  "m.error_reason, m.error_code, m.created_at, m.accepted_at, m.sent_at, m.delivered_at, m.read_at, m.failed_at, " \
  "m.expired_at, "                                                                                                 \
  "c.customer_id, m.ledger_contact_id, m.origin, c.country, m.test, m.billing_category, m.billable, m.price, "     \
  "m.currency, m.reserved, m.template_name, m.template_language FROM message m JOIN contact c ON c.tenant_id = "   \
  "m.tenant_id AND "                                                                                               \
  "c.contact_id = "                                                                                                \
  "m.contact_id "

inline Message ReadMessage(const sql::Row& r, absl::Status& status) {
  Message m;
  m.id = r.Id(0);
  m.contact_id = r.Id(1);
  m.sender_id = r.Id(2);
  m.campaign_id = r.OptionalId(3);
  m.lane = static_cast<Lane>(r.Int(4));
  m.progress.phase = static_cast<Phase>(r.Int(5));
  m.progress.attempt = static_cast<int>(r.Int(6));
  m.token = r.Int(7);
  m.due_at = r.Time(8);
  m.expire_at = r.Time(9);
  m.resend = static_cast<ResendPolicy>(r.Int(10));
  absl::StatusOr<Content> content = DecodeContent(r.Text(11));
  content.ok() ? void(m.content = *std::move(content)) : void(status = content.status());
  if (!r.Text(12).empty()) {
    absl::StatusOr<Content> fallback = DecodeContent(r.Text(12));
    if (fallback.ok() && std::holds_alternative<TemplateContent>(*fallback))
      m.fallback = std::get<TemplateContent>(*std::move(fallback));
  }
  m.version = static_cast<int>(r.Int(13));
  m.category = static_cast<Category>(r.Int(14));
  m.quote_wamid = r.String(15);
  m.reply_route = {static_cast<Route>(r.Int(16)), r.String(17)};
  absl::StatusOr<std::map<std::string, std::string>> labels = DecodeMap(r.Text(18));
  labels.ok() ? void(m.labels = *std::move(labels)) : void(status = labels.status());
  m.caller = r.String(19);
  m.wamid = r.String(20);
  m.progress.error_reason = r.String(21);
  m.progress.error_code = static_cast<int>(r.Int(22));
  m.created_at = r.Time(23);
  m.progress.accepted_at = r.OptionalTime(24);
  m.progress.sent_at = r.OptionalTime(25);
  m.progress.delivered_at = r.OptionalTime(26);
  m.progress.read_at = r.OptionalTime(27);
  m.progress.failed_at = r.OptionalTime(28);
  m.progress.expired_at = r.OptionalTime(29);
  m.customer_id = r.String(30);
  m.ledger_contact_id = r.OptionalId(31);
  m.origin = static_cast<Origin>(r.Int(32));
  m.country = r.String(33);
  m.test = r.Bool(34);
  m.billing_category = r.String(35);
  if (!r.IsNull(36)) m.billable = r.Bool(36);
  if (!r.IsNull(37)) m.price = r.Int(37);
  m.currency = r.String(38);
  m.reserved = r.Int(39);
  if (std::holds_alternative<std::monostate>(m.content) && !r.Text(40).empty())
    m.content = TemplateContent{r.String(40), r.String(41), {}};
  return m;
}

template <class... Args>
absl::StatusOr<std::optional<Message>> FindMessage(sql::Transaction& tx, const sql::Query& query, const Args&... args) {
  absl::Status decoded;
  ASSIGN_OR_RETURN(std::optional<Message> found,
                   tx.Find(
                       query, [&](const sql::Row& r) { return ReadMessage(r, decoded); }, args...));
  RETURN_IF_ERROR(decoded);
  return found;
}

template <class... Args>
absl::StatusOr<std::optional<int64_t>> FindNumber(sql::Transaction& tx, const sql::Query& query, const Args&... args) {
  return tx.Find(
      query, [](const sql::Row& r) { return r.Int(0); }, args...);
}

template <class... Args>
absl::Status CollectMessages(sql::Transaction& tx, std::vector<Message>& out, const sql::Query& query,
                             const Args&... args) {
  absl::Status decoded;
  RETURN_IF_ERROR(tx.Each(
      query, [&](const sql::Row& r) { out.push_back(ReadMessage(r, decoded)); }, args...));
  return decoded;
}

}  // namespace vinculo::messaging
