#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "common/jobs/job_queue.h"
#include "common/status/status_macros.h"
#include "services/messaging/announce.h"
#include "services/messaging/campaign_protection.h"
#include "services/messaging/job_kinds.h"
#include "services/messaging/settle.h"
#include "services/messaging/store/message_repository.h"
#include "services/messaging/work/campaign_recipient.h"
#include "services/messaging/work/intent_commit.h"

namespace vinculo::messaging {
namespace {

constexpr int kPages = 8;  // of rows passed over, in one commit

class CampaignLane {
 public:
  explicit CampaignLane(IntentCommit& commit) : c_(commit) {}

  absl::Status Take() {
    ASSIGN_OR_RETURN(std::vector<Campaign> running, CampaignRepository::Running(c_.tx, c_.request.sender_id));
    c_.batch.running_campaigns = !running.empty();
    if (running.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(policy_, c_.LoadPolicy());
    const auto turn = std::find_if(running.begin(), running.end(),
                                   [&](const Campaign& c) { return c.id > c_.request.last_campaign; });
    std::rotate(running.begin(), turn, running.end());
    for (Campaign& campaign : running) {
      if (campaign.rate_per_second > 0) c_.batch.campaign_rates[campaign.id] = campaign.rate_per_second;
      RETURN_IF_ERROR(TakeCampaign(campaign, std::min(c_.BulkLeft(), FreeOf(campaign))));
    }
    return absl::OkStatus();
  }

 private:
  // How many may begin at the campaign's own rate, of which a holder knows nothing before its first commit.
  int FreeOf(const Campaign& campaign) const {
    if (campaign.rate_per_second == 0) return std::numeric_limits<int>::max();
    const auto known = c_.request.campaign_free.find(campaign.id);
    return known == c_.request.campaign_free.end() ? campaign.rate_per_second : known->second;
  }

  absl::Status TakeCampaign(Campaign& campaign, int limit) {
    if (campaign.deadline && c_.request.now >= *campaign.deadline) return PassDeadline(campaign);
    int64_t slice = limit;
    if (campaign.canary_phase == CanaryPhase::kSlice || campaign.canary_phase == CanaryPhase::kWaiting) {
      ASSIGN_OR_RETURN(slice, CanaryLeft(campaign));
      if (campaign.state != CampaignState::kRunning) return absl::OkStatus();
      if (slice == 0) return WaitForCanary(campaign);
    }
    limit = static_cast<int>(std::min<int64_t>(limit, slice));
    return limit > 0 ? TakeRows(campaign, limit) : absl::OkStatus();
  }

  absl::Status TakeRows(Campaign& campaign, int limit) {
    CampaignRecipients recipients(c_, campaign, *policy_);
    int taken = 0;
    for (int page = 0; page < kPages && taken < limit; ++page) {
      const int asked = limit - taken;
      // One message per pair: whoever got a campaign's within the last six seconds waits.
      ASSIGN_OR_RETURN(std::vector<DueRecipient> due,
                       LimitRepository::Due(c_.tx, c_.scope, campaign.id, c_.request.now, c_.Begun(kPairCost), asked));
      if (due.empty() && page == 0) return FinishOrWait(campaign);
      bool waits = false;
      for (DueRecipient& one : due) {
        ASSIGN_OR_RETURN(const CampaignRecipients::Taken what, recipients.Take(one));
        if (campaign.state != CampaignState::kRunning) return absl::OkStatus();
        taken += what == CampaignRecipients::Taken::kBegun ? 1 : 0;
        waits = waits || what == CampaignRecipients::Taken::kWaitsForReach;
      }
      if (taken > 0) c_.batch.last_campaign = campaign.id;
      if (waits) return WaitForReach(campaign);
      if (static_cast<int>(due.size()) < asked) return Wait(campaign, {});
    }
    c_.batch.more = true;
    return Wait(campaign, taken == limit ? CampaignWait{"RATE", std::nullopt} : CampaignWait());
  }

  // Rows that are left at the deadline are skipped, page by page.
  absl::Status PassDeadline(Campaign& campaign) {
    ASSIGN_OR_RETURN(const auto next, CampaignRepository::NextDue(c_.tx, campaign.id));
    if (!next) return FinishOrWait(campaign);
    return jobs::Enqueue(c_.tx, {.kind = kJobSkip,
                                 .key = campaign.id.ToString(),
                                 .due_at = c_.request.now,
                                 .payload = absl::StrCat(campaign.id.ToString(), "\nDEADLINE")});
  }

  // How many of the first slice may still begin; 0 while what comes of them is awaited. Passes on to the rest, or
  // pauses.
  absl::StatusOr<int64_t> CanaryLeft(Campaign& campaign) {
    constexpr int64_t kAll = kMaxAudience;
    const absl::Time now = c_.request.now;
    if (campaign.canary_phase == CanaryPhase::kWaiting && now < *campaign.canary_until) return 0;
    RETURN_IF_ERROR(c_.deltas.Flush(c_.tx));
    ASSIGN_OR_RETURN(const RecipientCounts counts, CampaignRepository::Counts(c_.tx, campaign.id));
    const Funnel funnel = MakeFunnel(counts);
    if (!campaign.guards.canary) {
      campaign.canary_phase = CanaryPhase::kPassed;
    } else if (campaign.canary_phase == CanaryPhase::kSlice) {
      const int64_t left = campaign.canary_size - funnel.attempted;
      if (left > 0) return left;
      campaign.canary_phase = CanaryPhase::kWaiting;
      campaign.canary_until = now + campaign.guards.canary->wait;
    } else {
      campaign.canary_phase = CanaryPhase::kPassed;
      ASSIGN_OR_RETURN(const bool passed, CanaryPassed(c_.tx, campaign, funnel, *policy_));
      if (!passed) {
        RETURN_IF_ERROR(CampaignRepository::Update(c_.tx, campaign));
        campaign.state = CampaignState::kPaused;
        RETURN_IF_ERROR(AutoPause(c_.tx, campaign.id, "CANARY_FAILED", now));
        return 0;
      }
    }
    RETURN_IF_ERROR(CampaignRepository::Update(c_.tx, campaign));
    return campaign.canary_phase == CanaryPhase::kPassed ? kAll : 0;
  }

  absl::Status WaitForCanary(Campaign& campaign) {
    ASSIGN_OR_RETURN(const auto next, CampaignRepository::NextDue(c_.tx, campaign.id));
    if (!next) return FinishOrWait(campaign);
    c_.WakeAt(campaign.canary_until);
    return Wait(campaign, {"CANARY", campaign.canary_until});
  }

  absl::Status WaitForReach(Campaign& campaign) {
    ASSIGN_OR_RETURN(const absl::Time free, c_.ReachFreeAt());
    c_.WakeAt(free);
    return Wait(campaign, {"REACH", free});
  }

  // Why the next row waits: for another attempt, a moment after another message to the same person, or an opening.
  absl::string_view ReasonOf(const CampaignRepository::NextRow& next) const {
    if (next.tried) return "PROVIDER";
    return next.not_before <= c_.request.now + kPairCost ? "RATE" : "HOURS";
  }

  absl::Status FinishOrWait(Campaign& campaign) {
    ASSIGN_OR_RETURN(const auto next, CampaignRepository::NextDue(c_.tx, campaign.id));
    if (next) {
      c_.WakeAt(next->not_before);
      return Wait(campaign, {std::string(ReasonOf(*next)), next->not_before});
    }
    RETURN_IF_ERROR(c_.deltas.Flush(c_.tx));
    ASSIGN_OR_RETURN(const RecipientCounts counts, CampaignRepository::Counts(c_.tx, campaign.id));
    const Funnel funnel = MakeFunnel(counts);
    bool waiting = funnel.of(RecipientState::kQueued) != 0 || funnel.of(RecipientState::kSending) != 0;
    if (!waiting && funnel.of(RecipientState::kUnknown) != 0) {
      ASSIGN_OR_RETURN(waiting, MessageRepository::UnknownWaiting(c_.tx, c_.request.sender_id, campaign.id, Never()));
    }
    if (waiting) return Wait(campaign, {"ANSWERS", std::nullopt});
    campaign.state = CampaignState::kCompleted;
    campaign.ended_at = c_.request.now;
    campaign.wait = {};
    RETURN_IF_ERROR(CampaignRepository::Update(c_.tx, campaign));
    return AnnounceCampaign(c_.tx, campaign, "campaign.completed", c_.request.now);
  }

  absl::Status Wait(Campaign& campaign, CampaignWait wait) {
    if (campaign.wait == wait) return absl::OkStatus();
    campaign.wait = std::move(wait);
    return CampaignRepository::SetWait(c_.tx, campaign);
  }

  IntentCommit& c_;
  const Policy* policy_ = nullptr;
};

}  // namespace

absl::Status TakeCampaigns(IntentCommit& commit) { return CampaignLane(commit).Take(); }

}  // namespace vinculo::messaging
