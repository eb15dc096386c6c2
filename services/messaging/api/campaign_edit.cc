#include "common/api/etag.h"
#include "common/api/field_mask.h"
#include "common/status/status_macros.h"
#include "google/protobuf/util/message_differencer.h"
#include "services/messaging/api/campaign_service.h"
#include "services/messaging/api/campaign_view.h"
#include "services/messaging/api/parse.h"
#include "services/messaging/api/render.h"
#include "services/messaging/settle.h"
#include "services/messaging/store/audience_walk.h"
#include "services/messaging/store/channel_repository.h"
#include "services/messaging/store/message_repository.h"

namespace vinculo::messaging {
namespace {

// What ScheduleCampaign refuses too, said at the field.
void CheckTimes(const Campaign& campaign, absl::Time now, FieldViolations& bad) {
  if (campaign.deadline && *campaign.deadline <= now) bad.Add("campaign.deadline", "must lie ahead");
}

// Everything that an author names must exist and belong together.
absl::Status Resolve(sql::Transaction& tx, Campaign& campaign) {
  RETURN_IF_ERROR(ValidateFilter(campaign.audience, "campaign.audience"));
  ASSIGN_OR_RETURN(const Sender sender, ChannelRepository::GetSender(tx, campaign.sender_id));
  campaign.channel_id = sender.channel_id;
  return CheckAudience(tx, campaign.audience);
}

// True when nothing but rate, guards and deadline differs: what may change after the launch.
bool OnlyTuned(const v1::Campaign& before, v1::Campaign after) {
  after.set_rate_per_second(before.rate_per_second());
  after.clear_guards();
  if (before.has_guards()) *after.mutable_guards() = before.guards();
  after.clear_deadline();
  if (before.has_deadline()) *after.mutable_deadline() = before.deadline();
  return google::protobuf::util::MessageDifferencer::Equals(before, after);
}

// Takes what people set over into the stored campaign.
void Adopt(Campaign&& wanted, Campaign& campaign) {
  campaign.display_name = std::move(wanted.display_name);
  campaign.sender_id = wanted.sender_id;
  campaign.template_name = std::move(wanted.template_name);
  campaign.language = std::move(wanted.language);
  campaign.parameters = std::move(wanted.parameters);
  campaign.audience = std::move(wanted.audience);
  campaign.reply_route = std::move(wanted.reply_route);
  campaign.rate_per_second = wanted.rate_per_second;
  campaign.deadline = wanted.deadline;
  campaign.start = wanted.start;
  campaign.guards = std::move(wanted.guards);
}

absl::Status Update(sql::Transaction& tx, const v1::UpdateCampaignRequest& request, const Uuid& id,
                    std::optional<int64_t> etag, absl::Time now) {
  ASSIGN_OR_RETURN(Campaign campaign, CampaignRepository::Get(tx, id));
  RETURN_IF_ERROR(api::CheckRevision("campaign", id.ToString(), etag, campaign.revision));
  v1::Campaign before;
  RenderCampaign(campaign, 0, &before);
  v1::Campaign target = before;
  RETURN_IF_ERROR(api::ApplyFieldMask(request.update_mask(), request.campaign(), &target));
  RETURN_IF_ERROR(CheckAct(campaign, CampaignAct::kTune));
  if (!OnlyTuned(before, target)) RETURN_IF_ERROR(CheckAct(campaign, CampaignAct::kEdit));
  FieldViolations bad;
  Campaign wanted = ParseCampaign(target, now, bad);
  const bool moved = wanted.deadline != campaign.deadline;
  if (moved) CheckTimes(wanted, now, bad);
  RETURN_IF_ERROR(bad.ToStatus());
  Adopt(std::move(wanted), campaign);
  RETURN_IF_ERROR(Resolve(tx, campaign));
  RETURN_IF_ERROR(CampaignRepository::Rewrite(tx, campaign));
  if (moved && campaign.frozen && campaign.deadline) RETURN_IF_ERROR(EnqueueDeadline(tx, campaign));
  tx.Raise(kSignalQueue);
  return absl::OkStatus();
}

}  // namespace

void CampaignService::CreateCampaign(rpc::Call<v1::CreateCampaignRequest, v1::Campaign> call) {
  FieldViolations bad;
  Campaign campaign = ParseCampaign(call.request().campaign(), call.now(), bad);
  CheckTimes(campaign, call.now(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  campaign.id = Uuid::New(call.now());
  campaign.created_at = call.now();
  campaign.caller = call.principal().subject;
  context_.db.Write(
      call.scope(),
      [campaign = std::move(campaign)](sql::Transaction& tx) -> absl::StatusOr<CampaignView> {
        CampaignView view{campaign};
        RETURN_IF_ERROR(Resolve(tx, view.campaign));
        RETURN_IF_ERROR(CampaignRepository::Insert(tx, view.campaign));
        return view;
      },
      call.Reply(RenderView));
}

void CampaignService::UpdateCampaign(rpc::Call<v1::UpdateCampaignRequest, v1::Campaign> call) {
  FieldViolations bad;
  const Uuid id = text::ParseUuid("campaign.id", call.request().campaign().id(), bad);
  const std::optional<int64_t> etag = api::ParseEtag(call.request().campaign().etag(), bad, "campaign.etag");
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.Write(
      call.scope(),
      [id, etag, request = call.request(), now = call.now()](sql::Transaction& tx) -> absl::StatusOr<CampaignView> {
        RETURN_IF_ERROR(Update(tx, request, id, etag, now));
        return LoadView(tx, id);
      },
      call.Reply(RenderView));
}

void CampaignService::CopyCampaign(rpc::Call<v1::CopyCampaignRequest, v1::Campaign> call) {
  FieldViolations bad;
  const Uuid id = text::ParseUuid("campaign_id", call.request().campaign_id(), bad);
  const std::string name =
      text::ParseText("display_name", call.request().display_name(), {.max = 200, .single_line = true}, bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.Write(
      call.scope(),
      [id, name, fresh = Uuid::New(call.now()), caller = call.principal().subject,
       now = call.now()](sql::Transaction& tx) -> absl::StatusOr<CampaignView> {
        ASSIGN_OR_RETURN(Campaign source, CampaignRepository::Get(tx, id));
        CampaignView view;
        view.campaign = {.id = fresh, .channel_id = source.channel_id, .caller = caller, .created_at = now};
        if (source.deadline && *source.deadline <= now) source.deadline = std::nullopt;
        if (source.start.kind == CampaignStart::Kind::kInstant && source.start.instant <= now) source.start = {};
        Adopt(std::move(source), view.campaign);
        if (!name.empty()) view.campaign.display_name = name;
        RETURN_IF_ERROR(CampaignRepository::Insert(tx, view.campaign));
        return view;
      },
      call.Reply(RenderView));
}

void CampaignService::DeleteCampaign(rpc::Call<v1::DeleteCampaignRequest, v1::DeleteCampaignResponse> call) {
  FieldViolations bad;
  const Uuid id = text::ParseUuid("campaign_id", call.request().campaign_id(), bad);
  const std::optional<int64_t> etag = api::ParseEtag(call.request().etag(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.Write(
      call.scope(),
      [id, etag](sql::Transaction& tx) -> absl::StatusOr<Uuid> {
        ASSIGN_OR_RETURN(const Campaign campaign, CampaignRepository::Get(tx, id));
        RETURN_IF_ERROR(api::CheckRevision("campaign", id.ToString(), etag, campaign.revision));
        RETURN_IF_ERROR(CheckAct(campaign, CampaignAct::kDelete));
        RETURN_IF_ERROR(CampaignRepository::Delete(tx, id));
        return id;
      },
      call.Reply([](const Uuid&, v1::DeleteCampaignResponse*) {}));
}

}  // namespace vinculo::messaging
