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

void CampaignService::ListRecipients(rpc::Call<v1::ListRecipientsRequest, v1::ListRecipientsResponse> call) {
  const v1::ListRecipientsRequest& request = call.request();
  FieldViolations bad;
  const Uuid id = text::ParseUuid("campaign_id", request.campaign_id(), bad);
  if (!v1::RecipientState_IsValid(request.state())) bad.Add("state", "is not a known value");
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const absl::StatusOr<IdPage> page =
      ParseIdPage(call.principal(), "messaging.CampaignService.ListRecipients", request);
  if (!page.ok()) return call.Fail(page.status());
  CampaignRepository::RecipientFilter filter{.reason = request.reason(), .replied = request.replied()};
  if (request.state() != v1::RECIPIENT_STATE_UNSPECIFIED) filter.state = static_cast<RecipientState>(request.state());
  context_.db.ReadOnPool(
      call.scope(),
      [id, filter, page = *page](sql::Transaction& tx) -> absl::StatusOr<std::vector<Recipient>> {
        RETURN_IF_ERROR(CampaignRepository::Get(tx, id).status());
        return CampaignRepository::ListRecipients(tx, id, filter, page.after, page.size + 1);
      },
      call.Reply([page = *page](std::vector<Recipient> rows, v1::ListRecipientsResponse* out) {
        out->set_next_page_token(page.Cut(rows, [](const Recipient& r) { return r.contact_id; }));
        for (const Recipient& r : rows) RenderRecipient(r, out->add_recipients());
      }));
}

ReportService::ReportService(const ApiContext& context) : runtime_(context.runtime), context_(context) {}
ReportService::~ReportService() = default;

void ReportService::GetCampaignReport(rpc::Call<v1::GetCampaignReportRequest, v1::CampaignReport> call) {
  FieldViolations bad;
  const Uuid id = text::ParseUuid("campaign_id", call.request().campaign_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  using Found = std::pair<Campaign, RecipientCounts>;
  const auto read = [&](sql::Transaction& tx) -> absl::StatusOr<Found> {
    Found found;
    ASSIGN_OR_RETURN(found.first, CampaignRepository::Get(tx, id));
    ASSIGN_OR_RETURN(found.second, CampaignRepository::Counts(tx, id));
    return found;
  };
  call.Answer(context_.db.ReadInline(call.scope(), read),
              [](const Found& found, v1::CampaignReport* out) { RenderReport(found.first, found.second, out); });
}

void ReportService::RecountCampaign(rpc::Call<v1::RecountCampaignRequest, v1::RecountCampaignResponse> call) {
  FieldViolations bad;
  const Uuid id = text::ParseUuid("campaign_id", call.request().campaign_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  struct Found {
    Campaign campaign;
    RecipientCounts kept;
    RecipientCounts actual;
  };
  context_.db.ReadOnPool(
      call.scope(),
      [id](sql::Transaction& tx) -> absl::StatusOr<Found> {
        Found found;
        ASSIGN_OR_RETURN(found.campaign, CampaignRepository::Get(tx, id));
        ASSIGN_OR_RETURN(found.kept, CampaignRepository::Counts(tx, id));
        ASSIGN_OR_RETURN(found.actual, CampaignRepository::Recount(tx, id));
        return found;
      },
      call.Reply([](const Found& found, v1::RecountCampaignResponse* out) {
        RenderReport(found.campaign, found.actual, out->mutable_recounted());
        RecipientCounts all = found.kept;
        all.insert(found.actual.begin(), found.actual.end());
        const auto at = [](const RecipientCounts& counts, const RecipientCounts::key_type& key) {
          const auto it = counts.find(key);
          return it == counts.end() ? 0 : it->second;
        };
        for (const auto& [key, unused] : all) {
          if (at(found.kept, key) == at(found.actual, key)) continue;
          v1::CountDifference* d = out->add_differences();
          d->set_state(static_cast<v1::RecipientState>(key.first));
          d->set_reason(key.second);
          d->set_counted(at(found.kept, key));
          d->set_actual(at(found.actual, key));
        }
      }));
}

}  // namespace vinculo::messaging
