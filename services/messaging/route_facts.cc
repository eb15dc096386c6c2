#include "services/messaging/route_facts.h"

#include "common/status/status_macros.h"
#include "services/messaging/store/campaign_repository.h"
#include "services/messaging/store/inbound_repository.h"
#include "services/messaging/store/message_repository.h"
#include "services/messaging/store/policy_repository.h"

namespace vinculo::messaging {
namespace {

// WhatsApp's clock tells whole seconds, and ours may differ.
constexpr absl::Duration kClockMargin = absl::Minutes(1);

// The message's own route, else its campaign's.
absl::StatusOr<std::optional<ReplyRoute>> RouteOf(sql::Transaction& tx, const Message& m) {
  if (m.reply_route.route != Route::kUnspecified) return m.reply_route;
  if (!m.campaign_id) return std::nullopt;
  ASSIGN_OR_RETURN(const Campaign campaign, CampaignRepository::Get(tx, *m.campaign_id));
  if (campaign.reply_route.route == Route::kUnspecified) return std::nullopt;
  return campaign.reply_route;
}

}  // namespace

absl::StatusOr<RoutingBasis> LoadRoutingBasis(sql::Transaction& tx) {
  RoutingBasis basis;
  ASSIGN_OR_RETURN(basis.rules, InboundRepository::Rules(tx));
  for (RoutingRule& rule : basis.rules) FoldKeywords(rule);
  ASSIGN_OR_RETURN(const Policy policy, PolicyRepository::Get(tx));
  basis.attribution = policy.attribution_window;
  return basis;
}

absl::StatusOr<RouteFacts> LoadRouteFacts(sql::Transaction& tx, const ContactRepository& contacts,
                                          const RoutingBasis& basis, const Uuid& contact, const Uuid& sender,
                                          const std::string& names_wamid, absl::Time at, absl::Time now) {
  RouteFacts facts;
  facts.input.now = now;
  facts.input.rules = &basis.rules;
  ASSIGN_OR_RETURN(facts.named, MessageRepository::FindByWamid(tx, names_wamid));
  if (facts.named) {
    ASSIGN_OR_RETURN(facts.input.named_reply_route, RouteOf(tx, *facts.named));
  }
  if (contact.is_nil()) return facts;
  ASSIGN_OR_RETURN(const Window window, WindowRepository::Get(tx, sender, contact));
  facts.input.hold = window.hold;
  ASSIGN_OR_RETURN(const ContactRepository::LastRoute last, contacts.GetLastRoute(tx, contact));
  if (last.route != 0) facts.input.last_route = ReplyRoute{static_cast<Route>(last.route), last.ref};
  if (!facts.named || !facts.named->campaign_id) {
    ASSIGN_OR_RETURN(facts.inferred, MessageRepository::LastCampaignMessage(tx, contact, sender, at - basis.attribution,
                                                                            at + kClockMargin));
    if (facts.inferred) {
      ASSIGN_OR_RETURN(facts.input.inferred_reply_route, RouteOf(tx, *facts.inferred));
    }
  }
  return facts;
}

}  // namespace vinculo::messaging
