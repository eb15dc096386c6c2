#pragma once

#include "common/rpc/call.h"
#include "common/sql/database.h"
#include "common/status/status_macros.h"
#include "common/text/validate.h"
#include "services/messaging/domain/campaign.h"
#include "services/messaging/domain/template_lint.h"
#include "services/messaging/store/campaign_repository.h"
#include "vinculo/messaging/v1/campaign_service.pb.h"

// What the handlers of CampaignService share.
namespace vinculo::messaging {

// A campaign as it is shown: with the requests on their way.
struct CampaignView {
  Campaign campaign;
  int64_t in_flight = 0;
};

void RenderView(const CampaignView& view, v1::Campaign* out);

// NOT_FOUND CAMPAIGN_NOT_FOUND.
absl::StatusOr<CampaignView> LoadView(sql::Transaction& tx, const Uuid& id);

// FAILED_PRECONDITION PREFLIGHT_BLOCKED with the codes of the errors among `findings`; OK without any.
absl::Status BlockedBy(const std::vector<Finding>& findings);

// The shape of pause, resume and cancel: `change` takes (tx, campaign, now) and saves.
template <class Request, class Change>
void ChangeCampaign(sql::Database& db, rpc::Call<Request, v1::Campaign> call, Change change) {
  FieldViolations bad;
  const Uuid id = text::ParseUuid("campaign_id", call.request().campaign_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  db.Write(
      call.scope(),
      [id, change, now = call.now()](sql::Transaction& tx) -> absl::StatusOr<CampaignView> {
        ASSIGN_OR_RETURN(Campaign campaign, CampaignRepository::Get(tx, id));
        RETURN_IF_ERROR(change(tx, campaign, now));
        return LoadView(tx, id);
      },
      call.Reply(RenderView));
}

}  // namespace vinculo::messaging
