#include "services/messaging/store/contact_history.h"

#include "common/status/status_macros.h"
#include "services/messaging/store/encoding.h"

namespace vinculo::messaging {
namespace {

constexpr sql::Query kInbound{
    "history_inbound",
    "SELECT sender_id, wamid, received_at, content FROM inbound_event WHERE tenant_id = ? AND contact_id = ? AND "
    "(received_at, wamid) > (?, ?) ORDER BY received_at, wamid LIMIT ?"};
constexpr sql::Query kRecipients{
    "history_recipients",
    "SELECT campaign_id, state, reason, params FROM campaign_recipient WHERE tenant_id = ? AND contact_id = ? AND "
    "campaign_id > ? ORDER BY campaign_id LIMIT ?"};

}  // namespace

absl::StatusOr<std::vector<ContactHistory::Inbound>> ContactHistory::InboundOf(sql::Transaction& tx,
                                                                               const Uuid& contact, absl::Time after,
                                                                               const std::string& wamid, int limit) {
  std::vector<Inbound> out;
  RETURN_IF_ERROR(tx.Each(
      kInbound,
      [&](const sql::Row& r) {
        out.push_back({r.Id(0), r.String(1), r.Time(2), r.String(3)});
      },
      tx.tenant(), contact, after, wamid, limit));
  return out;
}

absl::StatusOr<std::vector<Recipient>> ContactHistory::RecipientsOf(sql::Transaction& tx, const Uuid& contact,
                                                                    const Uuid& campaign, int limit) {
  std::vector<Recipient> out;
  const auto read = [&](const sql::Row& r) -> absl::Status {
    Recipient row{.campaign_id = r.Id(0),
                  .contact_id = contact,
                  .state = static_cast<RecipientState>(r.Int(1)),
                  .reason = r.String(2)};
    ASSIGN_OR_RETURN(row.params, DecodeMap(r.Text(3)));
    out.push_back(std::move(row));
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(tx.Each(kRecipients, read, tx.tenant(), contact, campaign, limit));
  return out;
}

std::vector<sql::Query> ContactHistory::Queries() { return {kInbound, kRecipients}; }

}  // namespace vinculo::messaging
