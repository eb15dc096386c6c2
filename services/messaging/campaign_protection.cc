#include "services/messaging/campaign_protection.h"

#include "common/status/status_macros.h"
#include "services/messaging/settle.h"
#include "services/messaging/store/campaign_repository.h"
#include "services/messaging/store/policy_repository.h"
#include "services/messaging/store/pulse_repository.h"

namespace vinculo::messaging {
namespace {

absl::Status Judge(sql::Transaction& tx, const Uuid& id, const CountDeltas::Found& found, const Policy& policy,
                   absl::Time now) {
  ASSIGN_OR_RETURN(const Campaign campaign, CampaignRepository::Get(tx, id));
  const bool running = campaign.state == CampaignState::kRunning;
  // What was on its way at the cancel and is to be tried again is passed over too.
  if (campaign.state == CampaignState::kCancelled && found.queued_again) return EnqueueCancelSkip(tx, id, now);
  if (found.outcomes.empty() && found.unknowns == 0 && !found.opt_outs) return absl::OkStatus();
  if (!running && campaign.state != CampaignState::kPaused) return absl::OkStatus();
  const Protection protection = ProtectionOf(policy, campaign.guards);
  ASSIGN_OR_RETURN(Pulse pulse, PulseRepository::Get(tx, id));
  pulse.Add(found.outcomes, protection);
  if (found.unknowns > 0) pulse.AddUnknowns(found.unknowns, protection, now);
  RETURN_IF_ERROR(PulseRepository::Put(tx, id, pulse));
  if (!running) return absl::OkStatus();
  Funnel funnel;
  if (found.opt_outs) {
    ASSIGN_OR_RETURN(const RecipientCounts counts, CampaignRepository::Counts(tx, id));
    funnel = MakeFunnel(counts);
  }
  const absl::string_view why = PulseVerdict(pulse, funnel, protection);
  return why.empty() ? absl::OkStatus() : AutoPause(tx, id, std::string(why), now);
}

}  // namespace

absl::Status CloseBatch(sql::Transaction& tx, CountDeltas& deltas, absl::Time now) {
  RETURN_IF_ERROR(deltas.Flush(tx));
  if (deltas.found().empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Policy policy, PolicyRepository::Get(tx));
  for (const auto& [campaign, found] : deltas.found()) RETURN_IF_ERROR(Judge(tx, campaign, found, policy, now));
  return absl::OkStatus();
}

absl::Status ResetPulse(sql::Transaction& tx, const Uuid& campaign) {
  ASSIGN_OR_RETURN(const RecipientCounts counts, CampaignRepository::Counts(tx, campaign));
  const Funnel funnel = MakeFunnel(counts);
  return PulseRepository::Put(
      tx, campaign, {.base_opt_outs = funnel.of(RecipientState::kOptOut), .base_delivered = funnel.delivered_ever});
}

absl::StatusOr<bool> CanaryPassed(sql::Transaction& tx, const Campaign& campaign, const Funnel& funnel,
                                  const Policy& policy) {
  ASSIGN_OR_RETURN(const Pulse pulse, PulseRepository::Get(tx, campaign.id));
  return CanaryVerdict(pulse, funnel, ProtectionOf(policy, campaign.guards)).empty();
}

}  // namespace vinculo::messaging
