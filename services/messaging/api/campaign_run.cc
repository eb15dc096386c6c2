#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/api/etag.h"
#include "common/api/time.h"
#include "common/jobs/job_queue.h"
#include "common/status/status_macros.h"
#include "services/messaging/announce.h"
#include "services/messaging/api/campaign_preflight.h"
#include "services/messaging/api/campaign_service.h"
#include "services/messaging/api/campaign_view.h"
#include "services/messaging/api/parse.h"
#include "services/messaging/api/render.h"
#include "services/messaging/campaign_protection.h"
#include "services/messaging/job_kinds.h"
#include "services/messaging/retry_rows.h"
#include "services/messaging/settle.h"
#include "services/messaging/store/channel_repository.h"
#include "services/messaging/store/cost_repository.h"
#include "services/messaging/store/message_repository.h"
#include "services/messaging/store/policy_repository.h"
#include "services/messaging/store/template_repository.h"

namespace vinculo::messaging {
namespace {

constexpr int kRetryPage = 500;
// Rows that one call looks at before it leaves the rest to a job.
constexpr int kRetryPages = 20;
constexpr int kMaxRetryReasons = 50;

// The first moment at which anybody may be written to.
absl::Time FirstStart(const Preflight& preflight, const CampaignStart& start, absl::Time now) {
  absl::Time first = std::max(preflight.start, now);
  if (start.kind != CampaignStart::Kind::kContactTime) return first;
  first = absl::InfiniteFuture();
  for (const ZoneGroup& g : preflight.audience.Groups()) first = std::min(first, g.from);
  return first == absl::InfiniteFuture() ? std::max(preflight.start, now) : first;
}

struct ScheduleWanted {
  Uuid id;
  std::optional<int64_t> etag;
  std::optional<CampaignStart> start;  // instead of the campaign's
  absl::Time now;
};

absl::Status CheckSpan(const Campaign& campaign, absl::Time start, absl::Time now) {
  FieldViolations bad;
  if (start > now + kMaxAhead) bad.Add("start", "must lie at most 366 days ahead");
  if (campaign.deadline && *campaign.deadline > start + kMaxDuration)
    bad.Add("campaign.deadline", "must lie at most 30 days after the start");
  return bad.ToStatus();
}

absl::Status CheckQuota(sql::Transaction& tx) {
  ASSIGN_OR_RETURN(const int live, CampaignRepository::CountLive(tx));
  if (live < kMaxLiveCampaigns) return absl::OkStatus();
  return Error(absl::StatusCode::kResourceExhausted, "QUOTA_EXCEEDED",
               absl::StrCat(kMaxLiveCampaigns, " campaigns are scheduled or running; wait until one has ended."));
}

absl::StatusOr<CampaignView> Schedule(sql::Transaction& tx, const ScheduleWanted& want,
                                      const absl::StatusOr<Preflight>& preflight) {
  ASSIGN_OR_RETURN(Campaign campaign, CampaignRepository::Get(tx, want.id));
  RETURN_IF_ERROR(api::CheckRevision("campaign", want.id.ToString(), want.etag, campaign.revision));
  RETURN_IF_ERROR(CheckAct(campaign, CampaignAct::kSchedule));
  RETURN_IF_ERROR(preflight.status());
  RETURN_IF_ERROR(CheckSpan(campaign, preflight->start, want.now));
  RETURN_IF_ERROR(BlockedBy(preflight->findings));
  RETURN_IF_ERROR(CheckQuota(tx));
  if (want.start) campaign.start = *want.start;
  campaign.state = CampaignState::kScheduled;
  campaign.started_at = FirstStart(*preflight, campaign.start, want.now);
  if (want.start) RETURN_IF_ERROR(CampaignRepository::Rewrite(tx, campaign));
  RETURN_IF_ERROR(CampaignRepository::Update(tx, campaign));
  const std::string id = want.id.ToString();
  RETURN_IF_ERROR(jobs::Enqueue(tx, {.kind = kJobFreeze, .key = id, .due_at = *campaign.started_at, .payload = id}));
  RETURN_IF_ERROR(AnnounceCampaign(tx, campaign, "campaign.scheduled", want.now));
  return LoadView(tx, want.id);
}

// What a pause for money waits for: the next message must be affordable at its template's category now.
absl::Status CheckBudget(sql::Transaction& tx, const ContactRepository& contacts, const Campaign& campaign,
                         const Template& t, absl::Time now) {
  if (!campaign.guards.max_cost) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<Recipient> next, CampaignRepository::Due(tx, campaign.id, Never(), 1));
  if (next.empty()) return absl::OkStatus();
  const Translation* translation = t.Find(next[0].language);
  const Category category = translation == nullptr ? next[0].category : translation->category;
  ASSIGN_OR_RETURN(const Contact contact, contacts.Get(tx, next[0].contact_id));
  ASSIGN_OR_RETURN(const std::optional<CostRate> rate,
                   CostRepository::FindRate(tx, contact.country, std::string(CategoryName(category)),
                                            absl::ToCivilDay(now, absl::UTCTimeZone())));
  ASSIGN_OR_RETURN(const CostShares costs, CostRepository::OfCampaign(tx, campaign.id));
  const MaxCost& max = *campaign.guards.max_cost;
  if (Affords(max, UsedOf(costs, max.currency), rate)) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, "PREFLIGHT_BLOCKED",
               rate ? "The next message would pass the campaign's maximal cost: raise guards.max_cost first."
                    : "The next recipient has no rate: add it with PutCostRates first.",
               {{"codes", rate ? "BUDGET" : "C_NO_RATE"}});
}

// The cause of the pause must be gone [M-72].
absl::Status CheckCause(sql::Transaction& tx, const ContactRepository& contacts, const Campaign& campaign,
                        absl::Time now) {
  ASSIGN_OR_RETURN(const Sender sender, ChannelRepository::GetSender(tx, campaign.sender_id));
  ASSIGN_OR_RETURN(const Policy policy, PolicyRepository::Get(tx));
  ASSIGN_OR_RETURN(const std::optional<Template> t,
                   TemplateRepository::Find(tx, campaign.channel_id, campaign.template_name));
  RETURN_IF_ERROR(BlockedBy(CheckStart({.campaign = campaign,
                                        .message_template = t ? &*t : nullptr,
                                        .sender = sender,
                                        .policy = policy,
                                        .now = now,
                                        .start = now})));
  // Another category has other rates.
  const bool money = campaign.pause_reason == "BUDGET" || campaign.pause_reason == "TEMPLATE_CATEGORY";
  return money && t ? CheckBudget(tx, contacts, campaign, *t, now) : absl::OkStatus();
}

struct ResumeWanted {
  Uuid id;
  absl::Time now;
  absl::Status preflight;  // of a campaign whose audience is not frozen yet
};

absl::StatusOr<CampaignView> Resume(sql::Transaction& tx, const ContactRepository& contacts, const ResumeWanted& want) {
  ASSIGN_OR_RETURN(Campaign campaign, CampaignRepository::Get(tx, want.id));
  RETURN_IF_ERROR(CheckAct(campaign, CampaignAct::kResume));
  if (campaign.state == CampaignState::kPaused && campaign.frozen) {
    RETURN_IF_ERROR(CheckCause(tx, contacts, campaign, want.now));
    RETURN_IF_ERROR(ResetPulse(tx, campaign.id));
    campaign.state = CampaignState::kRunning;
  } else if (campaign.state == CampaignState::kPaused) {
    RETURN_IF_ERROR(want.preflight);
    campaign.state = CampaignState::kScheduled;
    const std::string id = campaign.id.ToString();
    RETURN_IF_ERROR(jobs::Enqueue(tx, {.kind = kJobFreeze, .key = id, .due_at = want.now, .payload = id}));
  }
  campaign.pause_reason = "";
  campaign.pause_when_frozen = false;
  RETURN_IF_ERROR(CampaignRepository::Update(tx, campaign));
  tx.Raise(kSignalQueue);
  RETURN_IF_ERROR(AnnounceCampaign(tx, campaign, "campaign.resumed", want.now));
  return LoadView(tx, want.id);
}

struct Retried {
  CampaignView view;
  RetryResult result;
};

absl::Status NothingToRetry(const RetryResult& result) {
  std::vector<std::string> why;
  for (const auto& [name, n] : result.passed_over) why.push_back(absl::StrCat(n, " ", name));
  return Error(absl::StatusCode::kFailedPrecondition, "NOTHING_TO_RETRY",
               why.empty() ? "Nobody failed or was skipped for a reason that can be tried again."
                           : absl::StrCat("Nobody can be tried again: ", absl::StrJoin(why, ", "), "."),
               {{"passed_over", absl::StrJoin(why, ",")}});
}

absl::StatusOr<Retried> Retry(sql::Transaction& tx, RetryWork work, absl::Time now) {
  ASSIGN_OR_RETURN(Campaign campaign, CampaignRepository::Get(tx, work.campaign_id));
  RETURN_IF_ERROR(CheckAct(campaign, CampaignAct::kRetry));
  if (campaign.deadline && now >= *campaign.deadline)
    return Error(absl::StatusCode::kFailedPrecondition, "CAMPAIGN_STATE",
                 "The campaign's deadline has passed: move it first, or copy the campaign.");
  Retried out;
  for (int page = 0; page < kRetryPages && !out.result.done; ++page) {
    ASSIGN_OR_RETURN(const RetryResult result, RetryPage(tx, work, kRetryPage, now));
    out.result.queued += result.queued;
    out.result.done = result.done;
    for (const auto& [why, n] : result.passed_over) out.result.passed_over[why] += n;
  }
  if (out.result.queued == 0 && out.result.done) return NothingToRetry(out.result);
  if (out.result.queued > 0) RETURN_IF_ERROR(RunAgain(tx, campaign, now));
  if (!out.result.done)
    RETURN_IF_ERROR(
        jobs::Enqueue(tx, {.kind = kJobRetry, .key = campaign.id.ToString(), .due_at = now, .payload = work.Encode()}));
  tx.Raise(kSignalQueue);
  ASSIGN_OR_RETURN(out.view, LoadView(tx, campaign.id));
  return out;
}

}  // namespace

void CampaignService::ScheduleCampaign(rpc::Call<v1::ScheduleCampaignRequest, v1::Campaign> call) {
  const v1::ScheduleCampaignRequest& request = call.request();
  FieldViolations bad;
  ScheduleWanted want{.id = text::ParseUuid("campaign_id", request.campaign_id(), bad),
                      .etag = api::ParseEtag(request.etag(), bad),
                      .now = call.now()};
  if (request.has_start() && request.has_start_time()) bad.Add("start_time", "is short for start: give one of them");
  if (request.has_start()) want.start = ParseStart(request.start(), "start", bad);
  if (request.has_start_time()) {
    want.start = CampaignStart{.kind = CampaignStart::Kind::kInstant,
                               .instant = api::ParseTimestamp("start_time", request.start_time(), bad)};
  }
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  // The audience is walked on the read pool, since it may be long; the writer only acts on what was found.
  context_.db.ReadOnPool(
      call.scope(),
      [contacts = &context_.contacts, want](sql::Transaction& tx) {
        return RunPreflight(tx, *contacts, want.id, want.start, want.now);
      },
      [this, call, want](absl::StatusOr<Preflight> preflight) {
        const auto found = std::make_shared<absl::StatusOr<Preflight>>(std::move(preflight));
        context_.db.Write(
            call.scope(), [want, found](sql::Transaction& tx) { return Schedule(tx, want, *found); },
            call.Reply(RenderView));
      });
}

void CampaignService::UnscheduleCampaign(rpc::Call<v1::UnscheduleCampaignRequest, v1::Campaign> call) {
  ChangeCampaign(context_.db, call, [](sql::Transaction& tx, Campaign& campaign, absl::Time) -> absl::Status {
    RETURN_IF_ERROR(CheckAct(campaign, CampaignAct::kUnschedule));
    campaign.state = CampaignState::kDraft;
    campaign.started_at = std::nullopt;
    RETURN_IF_ERROR(jobs::Cancel(tx, kJobFreeze, campaign.id.ToString()).status());
    return CampaignRepository::Update(tx, campaign);
  });
}

void CampaignService::PauseCampaign(rpc::Call<v1::PauseCampaignRequest, v1::Campaign> call) {
  ChangeCampaign(context_.db, call, [](sql::Transaction& tx, Campaign& campaign, absl::Time now) -> absl::Status {
    RETURN_IF_ERROR(CheckAct(campaign, CampaignAct::kPause));
    campaign.pause_reason = "BY_USER";
    campaign.wait = {};
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
  FieldViolations bad;
  const Uuid id = text::ParseUuid("campaign_id", call.request().campaign_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const auto check = [id, contacts = &context_.contacts,
                      now = call.now()](sql::Transaction& tx) -> absl::StatusOr<bool> {
    ASSIGN_OR_RETURN(const Campaign campaign, CampaignRepository::Get(tx, id));
    if (campaign.state != CampaignState::kPaused || campaign.frozen) return true;
    ASSIGN_OR_RETURN(const Preflight preflight, RunPreflight(tx, *contacts, id, std::nullopt, now));
    RETURN_IF_ERROR(BlockedBy(preflight.findings));
    return true;
  };
  context_.db.ReadOnPool(call.scope(), check, [this, call, id](const absl::StatusOr<bool>& checked) {
    const ResumeWanted want{id, call.now(), checked.status()};
    context_.db.Write(
        call.scope(),
        [want, contacts = &context_.contacts](sql::Transaction& tx) { return Resume(tx, *contacts, want); },
        call.Reply(RenderView));
  });
}

void CampaignService::CancelCampaign(rpc::Call<v1::CancelCampaignRequest, v1::Campaign> call) {
  ChangeCampaign(context_.db, call, [](sql::Transaction& tx, Campaign& campaign, absl::Time now) -> absl::Status {
    RETURN_IF_ERROR(CheckAct(campaign, CampaignAct::kCancel));
    campaign.state = CampaignState::kCancelled;
    campaign.pause_reason = "";
    campaign.wait = {};
    campaign.ended_at = now;
    RETURN_IF_ERROR(CampaignRepository::Update(tx, campaign));
    const std::string id = campaign.id.ToString();
    for (const char* kind : {kJobFreeze, kJobRetry}) RETURN_IF_ERROR(jobs::Cancel(tx, kind, id).status());
    RETURN_IF_ERROR(EnqueueCancelSkip(tx, campaign.id, now));
    return AnnounceCampaign(tx, campaign, "campaign.cancelled", now);
  });
}

void CampaignService::RetryRecipients(rpc::Call<v1::RetryRecipientsRequest, v1::RetryRecipientsResponse> call) {
  const v1::RetryRecipientsRequest& request = call.request();
  FieldViolations bad;
  RetryWork work{.campaign_id = text::ParseUuid("campaign_id", request.campaign_id(), bad),
                 .include_unknown = request.include_unknown()};
  text::CheckCount("reasons", request.reasons_size(), kMaxRetryReasons, bad);
  for (int i = 0; i < request.reasons_size() && i < kMaxRetryReasons; ++i) {
    const std::string& reason = request.reasons(i);
    const bool word = !reason.empty() && reason.size() <= 64 &&
                      reason.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == std::string::npos;
    if (!word) bad.Add(text::Indexed("reasons", i), "must be a reason as the report names it, such as PROVIDER_131049");
    work.reasons.insert(reason);
  }
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.Write(
      call.scope(), [work, now = call.now()](sql::Transaction& tx) { return Retry(tx, work, now); },
      call.Reply([](const Retried& retried, v1::RetryRecipientsResponse* out) {
        RenderView(retried.view, out->mutable_campaign());
        out->set_queued(retried.result.queued);
        for (const auto& [why, n] : retried.result.passed_over) {
          v1::ReasonCount* added = out->add_passed_over();
          added->set_reason(why);
          added->set_count(n);
        }
      }));
}

}  // namespace vinculo::messaging
