#include "services/messaging/api/campaign_service.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/status/status_macros.h"
#include "common/text/validate.h"
#include "services/messaging/api/campaign_preflight.h"
#include "services/messaging/api/campaign_view.h"
#include "services/messaging/api/render.h"
#include "services/messaging/store/campaign_repository.h"
#include "services/messaging/store/channel_repository.h"

namespace vinculo::messaging {
void RenderView(const CampaignView& view, v1::Campaign* out) { RenderCampaign(view.campaign, view.in_flight, out); }

absl::StatusOr<CampaignView> LoadView(sql::Transaction& tx, const Uuid& id) {
  CampaignView view;
  ASSIGN_OR_RETURN(view.campaign, CampaignRepository::Get(tx, id));
  ASSIGN_OR_RETURN(const RecipientCounts counts, CampaignRepository::Counts(tx, id));
  view.in_flight = MakeFunnel(counts).of(RecipientState::kSending);
  if (view.campaign.state != CampaignState::kRunning) return view;
  ASSIGN_OR_RETURN(const Sender sender, ChannelRepository::GetSender(tx, view.campaign.sender_id));
  if (sender.state != SenderState::kActive) view.campaign.wait = {"SENDER_BLOCKED", sender.blocked_until};
  return view;
}

absl::Status BlockedBy(const std::vector<Finding>& findings) {
  std::vector<std::string> codes;
  for (const Finding& f : findings) {
    if (f.severity == Severity::kError) codes.push_back(f.code);
  }
  if (codes.empty()) return absl::OkStatus();
  return Error(
      absl::StatusCode::kFailedPrecondition, "PREFLIGHT_BLOCKED",
      absl::StrCat("The campaign cannot go out: ", absl::StrJoin(codes, ", "), ". PreflightCampaign tells what to do."),
      {{"codes", absl::StrJoin(codes, ",")}});
}

CampaignService::CampaignService(const ApiContext& context) : runtime_(context.runtime), context_(context) {}
CampaignService::~CampaignService() = default;

void CampaignService::GetCampaign(rpc::Call<v1::GetCampaignRequest, v1::Campaign> call) {
  FieldViolations bad;
  const Uuid id = text::ParseUuid("campaign_id", call.request().campaign_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  call.Answer(context_.db.ReadInline(call.scope(), [&](sql::Transaction& tx) { return LoadView(tx, id); }), RenderView);
}

void CampaignService::ListCampaigns(rpc::Call<v1::ListCampaignsRequest, v1::ListCampaignsResponse> call) {
  const absl::StatusOr<IdPage> page =
      ParseIdPage(call.principal(), "messaging.CampaignService.ListCampaigns", call.request());
  if (!page.ok()) return call.Fail(page.status());
  context_.db.ReadOnPool(
      call.scope(),
      [page = *page](sql::Transaction& tx) { return CampaignRepository::List(tx, page.after, page.size + 1); },
      call.Reply([page = *page](std::vector<Campaign> rows, v1::ListCampaignsResponse* out) {
        out->set_next_page_token(page.Cut(rows, [](const Campaign& c) { return c.id; }));
        for (const Campaign& c : rows) RenderCampaign(c, 0, out->add_campaigns());
      }));
}

void CampaignService::PreflightCampaign(rpc::Call<v1::PreflightCampaignRequest, v1::PreflightCampaignResponse> call) {
  FieldViolations bad;
  const Uuid id = text::ParseUuid("campaign_id", call.request().campaign_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.ReadOnPool(
      call.scope(),
      [id, contacts = &context_.contacts, now = call.now()](sql::Transaction& tx) {
        return RunPreflight(tx, *contacts, id, std::nullopt, now);
      },
      call.Reply([personal = MaySeePersonal(call.principal())](const Preflight& p, v1::PreflightCampaignResponse* out) {
        RenderPreflight(p, personal, out);
      }));
}

}  // namespace vinculo::messaging
