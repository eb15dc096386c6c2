#include "services/messaging/work/campaign_freeze.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/status/status_macros.h"
#include "services/messaging/announce.h"
#include "services/messaging/domain/preflight.h"
#include "services/messaging/job_kinds.h"
#include "services/messaging/retry_rows.h"
#include "services/messaging/settle.h"
#include "services/messaging/store/audience_walk.h"
#include "services/messaging/store/campaign_repository.h"
#include "services/messaging/store/channel_repository.h"
#include "services/messaging/store/message_repository.h"
#include "services/messaging/store/policy_repository.h"
#include "services/messaging/store/template_repository.h"

namespace vinculo::messaging {
namespace {

constexpr int kFreezePage = 1000;
constexpr int kSkipRows = 500;
constexpr int kRetryPage = 500;

// SCHEDULED -> FREEZING, or PAUSED when something blocks by now.
absl::Status BeginFreeze(sql::Transaction& tx, Campaign& campaign, const Policy& policy, const Template* t,
                         absl::Time now) {
  ASSIGN_OR_RETURN(const Sender sender, ChannelRepository::GetSender(tx, campaign.sender_id));
  campaign.started_at = now;
  const PreflightFacts facts{
      .campaign = campaign, .message_template = t, .sender = sender, .policy = policy, .now = now, .start = now};
  if (HasErrors(CheckStart(facts))) {
    campaign.state = CampaignState::kPaused;
    campaign.pause_reason = "PREFLIGHT";
    RETURN_IF_ERROR(CampaignRepository::Update(tx, campaign));
    return AnnouncePaused(tx, campaign, now);
  }
  campaign.state = CampaignState::kFreezing;
  for (const Translation& translation : t->translations) {
    if (translation.Sendable()) campaign.frozen_places[translation.language] = JoinedPlaces(translation);
  }
  RETURN_IF_ERROR(CampaignRepository::Update(tx, campaign));
  return AnnounceCampaign(tx, campaign, "campaign.started", now);
}

absl::Status FreezeContact(sql::Transaction& tx, const CampaignPlan& plan, ZoneClock& clock, const Contact& contact,
                           const std::map<std::string, std::string>& variables, CountDeltas& deltas, absl::Time now) {
  RecipientPlan recipient = PlanRecipient(plan, contact, variables);
  const bool queued = recipient.excluded.empty();
  Recipient row{.campaign_id = plan.campaign->id,
                .contact_id = contact.id,
                .position = RecipientPosition(plan.campaign->id, contact.id),
                .state = queued ? RecipientState::kQueued : RecipientState::kExcluded,
                .reason = std::move(recipient.excluded),
                .language = std::move(recipient.language),
                .version = recipient.version,
                .category = recipient.category,
                .not_before = queued ? clock.For(contact, recipient.category).value_or(Never()) : now,
                .updated_at = now};
  if (queued) row.params = std::move(recipient.values);
  RETURN_IF_ERROR(CampaignRepository::InsertRecipient(tx, row));
  deltas.Add(row.campaign_id, row.state, row.reason, 1);
  return absl::OkStatus();
}

// The ledger is complete.
absl::Status EndFreeze(sql::Transaction& tx, Campaign& campaign, absl::Time now) {
  campaign.frozen = true;
  if (campaign.guards.canary) {
    ASSIGN_OR_RETURN(const RecipientCounts counts, CampaignRepository::Counts(tx, campaign.id));
    campaign.canary_phase = CanaryPhase::kSlice;
    campaign.canary_size = campaign.guards.canary->SizeOf(MakeFunnel(counts).of(RecipientState::kQueued));
  }
  campaign.state = campaign.pause_when_frozen ? CampaignState::kPaused : CampaignState::kRunning;
  campaign.pause_when_frozen = false;
  RETURN_IF_ERROR(CampaignRepository::Update(tx, campaign));
  if (campaign.deadline) RETURN_IF_ERROR(EnqueueDeadline(tx, campaign));
  tx.Raise(kSignalQueue);
  return campaign.state == CampaignState::kPaused ? AnnouncePaused(tx, campaign, now) : absl::OkStatus();
}

}  // namespace

absl::StatusOr<bool> FreezePage(sql::Transaction& tx, const ContactRepository& contacts, const jobs::Job& job,
                                absl::Time now) {
  ASSIGN_OR_RETURN(Campaign campaign, CampaignRepository::Get(tx, Uuid::Parse(job.payload).value_or(Uuid())));
  ASSIGN_OR_RETURN(const Policy policy, PolicyRepository::Get(tx));
  ASSIGN_OR_RETURN(const std::optional<Template> t,
                   TemplateRepository::Find(tx, campaign.channel_id, campaign.template_name));
  if (campaign.state == CampaignState::kScheduled)
    RETURN_IF_ERROR(BeginFreeze(tx, campaign, policy, t ? &*t : nullptr, now));
  if (campaign.state != CampaignState::kFreezing || !t) {
    RETURN_IF_ERROR(jobs::Complete(tx, job));
    return false;
  }
  const CampaignPlan plan{&campaign, &*t, &policy};
  ZoneClock clock(policy, campaign, now);
  CountDeltas deltas;
  ASSIGN_OR_RETURN(const AudiencePage page,
                   WalkAudience(tx, contacts, campaign.audience, campaign.freeze_cursor, kFreezePage,
                                campaign.started_at.value_or(now),
                                [&](const Contact& c, const std::map<std::string, std::string>& v) {
                                  return FreezeContact(tx, plan, clock, c, v, deltas, now);
                                }));
  RETURN_IF_ERROR(deltas.Flush(tx));
  campaign.freeze_cursor = page.last;
  if (!page.done) {
    RETURN_IF_ERROR(CampaignRepository::Update(tx, campaign));
    return true;
  }
  RETURN_IF_ERROR(EndFreeze(tx, campaign, now));
  RETURN_IF_ERROR(jobs::Complete(tx, job));
  return false;
}

absl::StatusOr<bool> SkipPage(sql::Transaction& tx, const jobs::Job& job, absl::Time now) {
  const std::vector<std::string> parts = absl::StrSplit(job.payload, '\n');
  const Uuid id = Uuid::Parse(parts.at(0)).value_or(Uuid());
  const std::string reason = parts.size() > 1 ? parts[1] : "CAMPAIGN_CANCELLED";
  ASSIGN_OR_RETURN(const Campaign campaign, CampaignRepository::Get(tx, id));
  // A deadline that was moved has a job of its own.
  const bool moved = reason == "DEADLINE" && (!campaign.deadline || now < *campaign.deadline);
  std::vector<Recipient> rows;
  if (!moved) {
    ASSIGN_OR_RETURN(rows, CampaignRepository::Due(tx, id, Never(), kSkipRows));
  }
  CountDeltas deltas;
  for (Recipient& row : rows) {
    RETURN_IF_ERROR(SkipRow(tx, row, reason, deltas, now));
  }
  RETURN_IF_ERROR(deltas.Flush(tx));
  if (static_cast<int>(rows.size()) == kSkipRows) return true;
  RETURN_IF_ERROR(jobs::Complete(tx, job));
  tx.Raise(kSignalQueue);
  return false;
}

absl::StatusOr<bool> RetryNextPage(sql::Transaction& tx, const jobs::Job& job, absl::Time now) {
  ASSIGN_OR_RETURN(RetryWork work, RetryWork::Decode(job.payload));
  ASSIGN_OR_RETURN(Campaign campaign, CampaignRepository::Get(tx, work.campaign_id));
  const bool over = campaign.state == CampaignState::kCancelled || (campaign.deadline && now >= *campaign.deadline);
  RetryResult page{.done = true};
  if (!over) {
    ASSIGN_OR_RETURN(page, RetryPage(tx, work, kRetryPage, now));
    if (page.queued > 0) RETURN_IF_ERROR(RunAgain(tx, campaign, now));
    tx.Raise(kSignalQueue);
  }
  RETURN_IF_ERROR(jobs::Complete(tx, job));
  if (!page.done) {
    RETURN_IF_ERROR(
        jobs::Enqueue(tx, {.kind = kJobRetry, .key = campaign.id.ToString(), .due_at = now, .payload = work.Encode()}));
  }
  return false;
}

}  // namespace vinculo::messaging
