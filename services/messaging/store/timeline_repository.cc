#include "services/messaging/store/timeline_repository.h"

#include "common/json/json_text.h"
#include "common/status/status_macros.h"

namespace vinculo::messaging {
namespace {

constexpr sql::Query kInbound{
    "timeline_inbound",
    "SELECT wamid, sender_id, content, route, campaign_id, received_at FROM inbound_event WHERE tenant_id = ? AND "
    "contact_id = ? AND received_at <= ? ORDER BY received_at DESC LIMIT ?"};
constexpr sql::Query kCampaigns{
    "timeline_campaigns",
    "SELECT r.campaign_id, c.display_name, r.state, r.reason, r.updated_at FROM campaign_recipient r JOIN campaign c "
    "ON "
    "c.tenant_id = r.tenant_id AND c.campaign_id = r.campaign_id WHERE r.tenant_id = ? AND r.contact_id = ? AND "
    "(r.message_id IS NULL OR r.state = 3) ORDER BY r.campaign_id DESC LIMIT 1000"};

struct Shown {
  std::string type;
  std::string text;
};

}  // namespace

absl::StatusOr<std::vector<InboundItemRow>> TimelineRepository::Inbound(sql::Transaction& tx, const Uuid& contact,
                                                                        absl::Time until, int limit) {
  std::vector<InboundItemRow> out;
  const auto read = [&](const sql::Row& r) -> absl::Status {
    ASSIGN_OR_RETURN(const Shown shown, DecodeStoredJson<Shown>(r.Text(2), [](const nlohmann::json& j) {
                       return Shown{j.value("t", ""), j.value("b", "")};
                     }));
    out.push_back(
        {r.String(0), r.Id(1), shown.type, shown.text, static_cast<Route>(r.Int(3)), r.OptionalId(4), r.Time(5)});
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(tx.Each(kInbound, read, tx.tenant(), contact, until, limit));
  return out;
}

absl::StatusOr<std::vector<SilentCampaign>> TimelineRepository::Campaigns(sql::Transaction& tx, const Uuid& contact) {
  std::vector<SilentCampaign> out;
  RETURN_IF_ERROR(tx.Each(
      kCampaigns,
      [&](const sql::Row& r) {
        out.push_back({r.Id(0), r.String(1), static_cast<RecipientState>(r.Int(2)), r.String(3), r.Time(4)});
      },
      tx.tenant(), contact));
  return out;
}

std::vector<sql::Query> TimelineRepository::Queries() { return {kInbound, kCampaigns}; }

}  // namespace vinculo::messaging
