#include "services/messaging/store/recipient_query.h"

#include "common/status/status_macros.h"
#include "services/messaging/store/recipient_row.h"

namespace vinculo::messaging {
namespace {

// The person is who the contact was merged into, if it was.
#define FROM_LEDGER(further) \
  "SELECT " VINCULO_RECIPIENT_ROW("r.") ", c.name, c.phone, c.customer_id, m.wamid, m.error_code, m.accepted_at, "     \
  "m.sent_at, m.delivered_at, m.read_at, m.failed_at FROM campaign_recipient r JOIN contact o ON o.tenant_id = "       \
  "r.tenant_id AND o.contact_id = r.contact_id JOIN contact c ON c.tenant_id = r.tenant_id AND c.contact_id = "        \
  "COALESCE(o.merged_into, o.contact_id) LEFT JOIN message m ON m.tenant_id = r.tenant_id AND m.message_id = "   \
  "r.message_id WHERE r.tenant_id = ?1 AND r.campaign_id = ?2 AND r.contact_id > ?3 AND " further                      \
  " AND r.state >= ?4 AND r.state <= ?5 AND (?6 = '' OR r.reason = ?6) AND (?7 = 0 OR r.state <> 11 OR (?7 = 1 AND "   \
  "substr(r.reason, 1, 6) <> 'LATER_') OR (?7 = 2 AND substr(r.reason, 1, 6) = 'LATER_')) AND (?8 = 0 OR (?8 = 1 AND " \
  "r.replied > 0) OR (?8 = 2 AND r.replied = 1) OR (?8 = 3 AND r.replied = 2) OR (?8 = 4 AND r.replied = 0)) AND (?9 " \
  "= 0 OR r.opted_out = 1) ORDER BY r.contact_id LIMIT ?10"

constexpr sql::Query kWalk{"campaign_recipient_walk", FROM_LEDGER("r.contact_id <= ?11")};
constexpr sql::Query kAnswered{"campaign_recipient_answered", FROM_LEDGER("r.replied > 0")};
constexpr sql::Query kByReason{"campaign_recipient_by_reason", FROM_LEDGER("r.reason <> '' AND r.reason = ?6")};
constexpr sql::Query kBound{"campaign_recipient_bound",
                            "SELECT contact_id FROM campaign_recipient WHERE tenant_id = ? AND campaign_id = ? AND "
                            "contact_id > ? ORDER BY contact_id LIMIT 1 OFFSET ?"};

constexpr int kFurther = 20;  // columns of a ledger row

ListedRecipient Read(const sql::Row& r, absl::Status& status) {
  ListedRecipient out;
  out.row = ReadRecipient(r, status);
  out.name = r.String(kFurther);
  out.phone = r.String(kFurther + 1);
  out.customer_id = r.String(kFurther + 2);
  out.wamid = r.String(kFurther + 3);
  out.progress.error_code = static_cast<int>(r.Int(kFurther + 4));
  out.progress.accepted_at = r.OptionalTime(kFurther + 5);
  out.progress.sent_at = r.OptionalTime(kFurther + 6);
  out.progress.delivered_at = r.OptionalTime(kFurther + 7);
  out.progress.read_at = r.OptionalTime(kFurther + 8);
  out.progress.failed_at = r.OptionalTime(kFurther + 9);
  return out;
}

const Uuid& Last() {
  static const Uuid last = *Uuid::FromBytes(std::string(16, '\xff'));
  return last;
}

}  // namespace

absl::StatusOr<RecipientPage> ListRecipients(sql::Transaction& tx, const Uuid& campaign, const RecipientFilter& filter,
                                             const Uuid& after, int limit, int walk) {
  using Reply = RecipientFilter::Reply;
  RecipientPage page;
  absl::Status decoded;
  const auto run = [&](const sql::Query& query, const auto&... further) {
    return tx.Each(
        query, [&](const sql::Row& r) { page.rows.push_back(Read(r, decoded)); }, tx.tenant(), campaign, after,
        filter.first, filter.last, filter.reason, filter.failure, filter.reply, filter.opted_out, limit + 1,
        further...);
  };
  std::optional<Uuid> bound;
  if (filter.opted_out || (filter.reply != Reply::kAll && filter.reply != Reply::kNone)) {
    RETURN_IF_ERROR(run(kAnswered));
  } else if (!filter.reason.empty()) {
    RETURN_IF_ERROR(run(kByReason));
  } else {
    ASSIGN_OR_RETURN(bound,
                     tx.Find(
                         kBound, [](const sql::Row& r) { return r.Id(0); }, tx.tenant(), campaign, after, walk - 1));
    RETURN_IF_ERROR(run(kWalk, bound.value_or(Last())));
  }
  RETURN_IF_ERROR(decoded);
  if (static_cast<int>(page.rows.size()) > limit) {
    page.rows.resize(limit);
    page.next = page.rows.back().row.contact_id;
    page.more = true;
  } else if (bound) {
    page.next = *bound;
    page.more = true;
  }
  return page;
}

std::vector<sql::Query> RecipientQueries() { return {kWalk, kAnswered, kByReason, kBound}; }

}  // namespace vinculo::messaging
