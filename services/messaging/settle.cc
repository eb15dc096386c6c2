#include "services/messaging/settle.h"

#include "absl/strings/str_cat.h"
#include "common/status/status_macros.h"
#include "services/messaging/announce.h"
#include "services/messaging/store/message_repository.h"

namespace vinculo::messaging {

absl::Time Never() { return absl::FromUnixSeconds(253'402'300'799); }  // the end of the year 9999

std::string FailureReason(const Message& m) {
  if (m.state() != MessageState::kFailed) return "";
  const Phase phase = m.progress.phase;
  if (phase == Phase::kRefused) return absl::StrCat("PROVIDER_", m.progress.error_code);
  if (phase == Phase::kGivenUp) return m.progress.error_reason;
  return absl::StrCat(kFailedLater, m.progress.error_code);
}

absl::Status Settle(sql::Transaction& tx, const Message& before, const Message& after, CountDeltas& deltas,
                    absl::Time now) {
  const bool same_attempt = before.progress.attempt == after.progress.attempt && before.token == after.token;
  const bool reported = same_attempt && before.wamid == after.wamid;
  RETURN_IF_ERROR(reported ? MessageRepository::UpdateReported(tx, after)
                           : MessageRepository::UpdateProgress(tx, after));
  const MessageState was = before.state(), is = after.state();
  if (after.campaign_id) {
    const std::string reason_was = FailureReason(before), reason_is = FailureReason(after);
    Recipient row{.campaign_id = *after.campaign_id,
                  .contact_id = after.recipient(),
                  .state = RecipientStateOf(is),
                  .reason = reason_is,
                  .tries = after.progress.attempt,
                  .message_id = after.id,
                  .not_before = after.due_at,
                  .updated_at = now};
    if (was != is || reason_was != reason_is) {
      ASSIGN_OR_RETURN(const bool shown, CampaignRepository::ShowMessage(tx, row));
      if (shown) deltas.Move(row.campaign_id, RecipientStateOf(was), reason_was, row.state, reason_is);
    }
  }
  return was == is ? absl::OkStatus() : AnnounceMessage(tx, after, now);
}

absl::Status AutoPause(sql::Transaction& tx, const Uuid& id, const std::string& reason, absl::Time now) {
  ASSIGN_OR_RETURN(Campaign campaign, CampaignRepository::Get(tx, id));
  if (campaign.state != CampaignState::kRunning) return absl::OkStatus();
  campaign.state = CampaignState::kPaused;
  campaign.pause_reason = reason;
  RETURN_IF_ERROR(CampaignRepository::Update(tx, campaign));
  return AnnouncePaused(tx, campaign, now);
}

}  // namespace vinculo::messaging
