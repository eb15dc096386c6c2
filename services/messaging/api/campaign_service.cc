#include "services/messaging/api/campaign_service.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/api/etag.h"
#include "common/api/time.h"
#include "common/jobs/job_queue.h"
#include "common/status/status_macros.h"
#include "common/text/validate.h"
#include "services/messaging/announce.h"
#include "services/messaging/api/parse.h"
#include "services/messaging/api/render.h"
#include "services/messaging/domain/preflight.h"
#include "services/messaging/job_kinds.h"
#include "services/messaging/store/audience_walk.h"
#include "services/messaging/store/campaign_repository.h"
#include "services/messaging/store/channel_repository.h"
#include "services/messaging/store/message_repository.h"
#include "services/messaging/store/policy_repository.h"
#include "services/messaging/store/template_repository.h"

namespace vinculo::messaging {
namespace {

constexpr int kWalkPage = 1000;
constexpr int kSamples = 10;

// A campaign as it is shown: with the requests on their way.
struct View {
  Campaign campaign;
  int64_t in_flight = 0;
};

void RenderView(const View& view, v1::Campaign* out) { RenderCampaign(view.campaign, view.in_flight, out); }

absl::StatusOr<View> LoadView(sql::Transaction& tx, const Uuid& id) {
  View view;
  ASSIGN_OR_RETURN(view.campaign, CampaignRepository::Get(tx, id));
  ASSIGN_OR_RETURN(const RecipientCounts counts, CampaignRepository::Counts(tx, id));
  view.in_flight = MakeFunnel(counts).of(RecipientState::kSending);
  return view;
}

struct Sample {
  Uuid contact;
  std::string language;
  RenderedTemplate rendered;
};

struct Preflight {
  AudienceSummary audience;
  std::vector<Finding> findings;
  std::vector<Sample> samples;
  int64_t seconds = 0;
};

absl::StatusOr<Preflight> RunPreflight(sql::Transaction& tx, const ContactRepository& contacts, const Uuid& id,
                                       absl::Time now) {
  ASSIGN_OR_RETURN(const Campaign campaign, CampaignRepository::Get(tx, id));
  ASSIGN_OR_RETURN(const Sender sender, ChannelRepository::GetSender(tx, campaign.sender_id));
  ASSIGN_OR_RETURN(const std::optional<Template> t,
                   TemplateRepository::Find(tx, campaign.channel_id, campaign.template_name));
  static const Template kNone;
  ASSIGN_OR_RETURN(const Policy policy, PolicyRepository::Get(tx));
  const CampaignPlan plan{&campaign, t ? &*t : &kNone, &policy};
  Preflight out;
  const auto on_match = [&](const Contact& contact,
                            const std::map<std::string, std::string>& variables) -> absl::Status {
    RecipientPlan recipient = PlanRecipient(plan, contact, variables);
    out.audience.Add(recipient, contact);
    if (recipient.excluded.empty() && out.samples.size() < kSamples) {
      const Translation* translation = plan.message_template->Find(recipient.language);
      out.samples.push_back(
          {contact.id, recipient.language, Render(translation->submitted->components, recipient.values)});
    }
    return absl::OkStatus();
  };
  AudiencePage page;
  while (!page.done) {
    ASSIGN_OR_RETURN(page, WalkAudience(tx, contacts, campaign.audience, page.last, kWalkPage, on_match));
  }
  out.findings = CheckCampaign(campaign, t ? &*t : nullptr, sender, out.audience, now);
  int rate = sender.throughput - std::max(1, sender.throughput / 10);
  if (campaign.rate_per_second > 0) rate = std::min(rate, campaign.rate_per_second);
  out.seconds = (out.audience.reachable + rate - 1) / std::max(1, rate);
  return out;
}

absl::Status Blocked(const std::vector<Finding>& findings) {
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

// The shape of pause, resume and cancel.
template <class Request, class Change>
void ChangeCampaign(sql::Database& db, rpc::Call<Request, v1::Campaign> call, Change change) {
  FieldViolations bad;
  const Uuid id = text::ParseUuid("campaign_id", call.request().campaign_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  db.Write(
      call.scope(),
      [id, change, now = call.now()](sql::Transaction& tx) -> absl::StatusOr<View> {
        ASSIGN_OR_RETURN(Campaign campaign, CampaignRepository::Get(tx, id));
        RETURN_IF_ERROR(change(tx, campaign, now));
        return LoadView(tx, id);
      },
      call.Reply(RenderView));
}

}  // namespace

CampaignService::CampaignService(const ApiContext& context) : runtime_(context.runtime), context_(context) {}
CampaignService::~CampaignService() = default;

void CampaignService::CreateCampaign(rpc::Call<v1::CreateCampaignRequest, v1::Campaign> call) {
  FieldViolations bad;
  Campaign campaign = ParseCampaign(call.request().campaign(), call.now(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  if (const absl::Status filter = ValidateFilter(campaign.audience, "campaign.audience"); !filter.ok())
    return call.Fail(filter);
  campaign.id = Uuid::New(call.now());
  campaign.created_at = call.now();
  campaign.caller = call.principal().subject;
  context_.db.Write(
      call.scope(),
      [campaign = std::move(campaign)](sql::Transaction& tx) -> absl::StatusOr<View> {
        View view{campaign};
        ASSIGN_OR_RETURN(const Sender sender, ChannelRepository::GetSender(tx, campaign.sender_id));
        view.campaign.channel_id = sender.channel_id;
        for (const Uuid& list : ListsOf(campaign.audience)) RETURN_IF_ERROR(ListRepository::Get(tx, list).status());
        RETURN_IF_ERROR(CampaignRepository::Insert(tx, view.campaign));
        return view;
      },
      call.Reply(RenderView));
}

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
  const bool personal = MaySeePersonal(call.principal());
  context_.db.ReadOnPool(
      call.scope(),
      [id, contacts = &context_.contacts, now = call.now()](sql::Transaction& tx) {
        return RunPreflight(tx, *contacts, id, now);
      },
      call.Reply([personal](const Preflight& p, v1::PreflightCampaignResponse* out) {
        out->set_matched(p.audience.matched);
        out->set_reachable(p.audience.reachable);
        for (const auto& [reason, n] : p.audience.excluded) {
          v1::ReasonCount* added = out->add_excluded();
          added->set_reason(reason);
          added->set_count(n);
        }
        RenderFindings(p.findings, out->mutable_findings());
        for (const Sample& s : p.samples) {
          v1::PreflightSample* added = out->add_samples();
          added->set_contact_id(s.contact.ToString());
          added->set_language(s.language);
          if (personal) RenderRendered(s.rendered, added->mutable_rendered());
        }
        out->mutable_reachable_by_language()->insert(p.audience.by_language.begin(), p.audience.by_language.end());
        out->mutable_reachable_by_country()->insert(p.audience.by_country.begin(), p.audience.by_country.end());
        out->set_estimated_seconds(p.seconds);
      }));
}

void CampaignService::ScheduleCampaign(rpc::Call<v1::ScheduleCampaignRequest, v1::Campaign> call) {
  const v1::ScheduleCampaignRequest& request = call.request();
  FieldViolations bad;
  const Uuid id = text::ParseUuid("campaign_id", request.campaign_id(), bad);
  const std::optional<int64_t> revision = api::ParseEtag(request.etag(), bad);
  const absl::Time now = call.now();
  const absl::Time start =
      api::ParseOptionalTimestamp("start_time", request.has_start_time() ? &request.start_time() : nullptr, bad)
          .value_or(now);
  if (start > now + absl::Hours(24 * 366)) bad.Add("start_time", "must lie at most 366 days ahead");
  if (start < now) bad.Add("start_time", "must not lie in the past");
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  // The audience is walked on the read pool, since it may be long; the writer only acts on what was found.
  context_.db.ReadOnPool(
      call.scope(),
      [id, contacts = &context_.contacts, now](sql::Transaction& tx) { return RunPreflight(tx, *contacts, id, now); },
      [this, call, id, revision, now, start](absl::StatusOr<Preflight> preflight) {
        const absl::Status verdict = preflight.ok() ? Blocked(preflight->findings) : preflight.status();
        context_.db.Write(
            call.scope(),
            [id, revision, now, start, verdict](sql::Transaction& tx) -> absl::StatusOr<View> {
              ASSIGN_OR_RETURN(Campaign campaign, CampaignRepository::Get(tx, id));
              RETURN_IF_ERROR(api::CheckRevision("campaign", id.ToString(), revision, campaign.revision));
              RETURN_IF_ERROR(CheckAct(campaign, CampaignAct::kSchedule));
              RETURN_IF_ERROR(verdict);
              campaign.state = CampaignState::kScheduled;
              campaign.started_at = start;
              RETURN_IF_ERROR(CampaignRepository::Update(tx, campaign));
              RETURN_IF_ERROR(jobs::Enqueue(
                  tx, {.kind = kJobFreeze, .key = id.ToString(), .due_at = start, .payload = id.ToString()}));
              RETURN_IF_ERROR(AnnounceCampaign(tx, campaign, "campaign.scheduled", now));
              return LoadView(tx, id);
            },
            call.Reply(RenderView));
      });
}

void CampaignService::PauseCampaign(rpc::Call<v1::PauseCampaignRequest, v1::Campaign> call) {
  ChangeCampaign(context_.db, call, [](sql::Transaction& tx, Campaign& campaign, absl::Time now) -> absl::Status {
    RETURN_IF_ERROR(CheckAct(campaign, CampaignAct::kPause));
    campaign.pause_reason = "BY_USER";
    if (campaign.state == CampaignState::kFreezing) {
      campaign.pause_when_frozen = true;
      return CampaignRepository::Update(tx, campaign);
    }
    campaign.state = CampaignState::kPaused;
    RETURN_IF_ERROR(CampaignRepository::Update(tx, campaign));
    return AnnouncePaused(tx, campaign, now);
  });
}

void CampaignService::ResumeCampaign(rpc::Call<v1::ResumeCampaignRequest, v1::Campaign> call) {
  ChangeCampaign(context_.db, call, [](sql::Transaction& tx, Campaign& campaign, absl::Time now) -> absl::Status {
    RETURN_IF_ERROR(CheckAct(campaign, CampaignAct::kResume));
    if (campaign.state == CampaignState::kPaused) {
      ASSIGN_OR_RETURN(const Sender sender, ChannelRepository::GetSender(tx, campaign.sender_id));
      ASSIGN_OR_RETURN(const std::optional<Template> t,
                       TemplateRepository::Find(tx, campaign.channel_id, campaign.template_name));
      AudienceSummary frozen{.matched = 1, .reachable = 1};
      RETURN_IF_ERROR(Blocked(CheckCampaign(campaign, t ? &*t : nullptr, sender, frozen, now)));
      campaign.state = CampaignState::kRunning;
    }
    campaign.pause_reason = "";
    campaign.pause_when_frozen = false;
    RETURN_IF_ERROR(CampaignRepository::Update(tx, campaign));
    tx.Raise(kSignalQueue);
    return AnnounceCampaign(tx, campaign, "campaign.resumed", now);
  });
}

void CampaignService::CancelCampaign(rpc::Call<v1::CancelCampaignRequest, v1::Campaign> call) {
  ChangeCampaign(context_.db, call, [](sql::Transaction& tx, Campaign& campaign, absl::Time now) -> absl::Status {
    RETURN_IF_ERROR(CheckAct(campaign, CampaignAct::kCancel));
    campaign.state = CampaignState::kCancelled;
    campaign.pause_reason = "";
    campaign.ended_at = now;
    RETURN_IF_ERROR(CampaignRepository::Update(tx, campaign));
    RETURN_IF_ERROR(jobs::Cancel(tx, kJobFreeze, campaign.id.ToString()).status());
    RETURN_IF_ERROR(jobs::Enqueue(tx, {.kind = kJobSkip,
                                       .key = campaign.id.ToString(),
                                       .due_at = now,
                                       .payload = absl::StrCat(campaign.id.ToString(), "\nCAMPAIGN_CANCELLED")}));
    return AnnounceCampaign(tx, campaign, "campaign.cancelled", now);
  });
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
