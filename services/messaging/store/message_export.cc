#include "services/messaging/store/message_export.h"

#include "common/status/status_macros.h"
#include "services/messaging/store/encoding.h"

namespace vinculo::messaging {
namespace {

constexpr sql::Query kPage{
    "message_export_page",
    "SELECT m.message_id, m.contact_id, m.sender_id, m.campaign_id, m.lane, m.phase, m.attempt, m.content, m.version, "
    "m.category, m.labels, m.caller, m.wamid, m.error_reason, m.error_code, m.created_at, m.accepted_at, m.sent_at, "
    "m.delivered_at, m.read_at, m.failed_at, m.expired_at, m.billing_category, m.billable, c.customer_id, c.name, "
    "c.phone, s.phone_number FROM message m JOIN contact c ON c.tenant_id = m.tenant_id AND c.contact_id = "
    "m.contact_id JOIN sender s ON s.tenant_id = m.tenant_id AND s.sender_id = m.sender_id WHERE m.tenant_id = ? AND "
    "m.message_id > ? AND m.message_id < ? AND m.test = 0 ORDER BY m.message_id LIMIT ?"};

ExportedMessage Read(const sql::Row& r, absl::Status& status) {
  ExportedMessage out;
  Message& m = out.message;
  m.id = r.Id(0);
  m.contact_id = r.Id(1);
  m.sender_id = r.Id(2);
  m.campaign_id = r.OptionalId(3);
  m.lane = static_cast<Lane>(r.Int(4));
  absl::StatusOr<Content> content = DecodeContent(r.Text(7));
  content.ok() ? void(m.content = *std::move(content)) : void(status = content.status());
  m.version = static_cast<int>(r.Int(8));
  m.category = static_cast<Category>(r.Int(9));
  absl::StatusOr<std::map<std::string, std::string>> labels = DecodeMap(r.Text(10));
  labels.ok() ? void(m.labels = *std::move(labels)) : void(status = labels.status());
  m.caller = r.String(11);
  m.wamid = r.String(12);
  m.progress = {.phase = static_cast<Phase>(r.Int(5)),
                .attempt = static_cast<int>(r.Int(6)),
                .accepted_at = r.OptionalTime(16),
                .sent_at = r.OptionalTime(17),
                .delivered_at = r.OptionalTime(18),
                .read_at = r.OptionalTime(19),
                .failed_at = r.OptionalTime(20),
                .expired_at = r.OptionalTime(21),
                .error_reason = r.String(13),
                .error_code = static_cast<int>(r.Int(14))};
  m.created_at = r.Time(15);
  m.billing_category = r.String(22);
  if (!r.IsNull(23)) m.billable = r.Bool(23);
  m.customer_id = r.String(24);
  out.name = r.String(25);
  out.phone = r.String(26);
  out.sender_phone = r.String(27);
  return out;
}

}  // namespace

absl::StatusOr<std::vector<ExportedMessage>> ExportPage(sql::Transaction& tx, const Uuid& after, const Uuid& before,
                                                        int limit) {
  std::vector<ExportedMessage> out;
  absl::Status decoded;
  RETURN_IF_ERROR(tx.Each(
      kPage, [&](const sql::Row& r) { out.push_back(Read(r, decoded)); }, tx.tenant(), after, before, limit));
  RETURN_IF_ERROR(decoded);
  return out;
}

std::vector<sql::Query> ExportQueries() { return {kPage}; }

}  // namespace vinculo::messaging
