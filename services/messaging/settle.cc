#include "services/messaging/settle.h"

#include "absl/strings/str_cat.h"
#include "common/jobs/job_queue.h"
#include "common/status/status_macros.h"
#include "services/messaging/announce.h"
#include "services/messaging/job_kinds.h"
#include "services/messaging/store/message_repository.h"

namespace vinculo::messaging {

absl::Time Never() { return absl::FromUnixSeconds(253'402'300'799); }  // the end of the year 9999

namespace {

// The price as it is now, where the message's facts about it have changed: a pure function of them and the rates, so
// that statuses may come in any order.
absl::Status Reprice(sql::Transaction& tx, const Message& before, Message& after, CountDeltas& deltas) {
  const std::optional<absl::CivilDay> day = PricedDay(after);
  const bool told = before.billing_category != after.billing_category || before.billable != after.billable;
  if (!told && PricedDay(before) == day) return absl::OkStatus();
  if (day && !after.billable.value_or(true)) {
    after.price = 0;
  } else if (day) {
    ASSIGN_OR_RETURN(const std::optional<CostRate> rate, deltas.Rate(tx, after.country, after.billing_category, *day));
    after.price = std::nullopt;
    if (rate) {
      after.price = rate->micros;
      after.currency = rate->currency;
    }
  }
  return MessageRepository::SetPricing(tx, after);
}

// The message of an attempt that WhatsApp refused before, still queued, goes no more and gives back what it reserved.
absl::Status CancelQueued(sql::Transaction& tx, const Uuid& campaign, const Message& before, CountDeltas& deltas) {
  if (before.state() != MessageState::kQueued) return absl::OkStatus();
  Message after = before;
  after.progress.phase = Phase::kCancelled;
  after.due_at = Never();
  deltas.AddCost(campaign, SharesOf(before), SharesOf(after));
  return MessageRepository::UpdateReported(tx, after);
}

// An earlier round's message turned out to have arrived: the row takes that and sends no more [M-76]. The series takes
// it too, in place of what the row showed.
absl::Status ShowEarlier(sql::Transaction& tx, const Message& arrived, CountDeltas& deltas, absl::Time now) {
  const RecipientState is = RecipientStateOf(arrived.state());
  if (is != RecipientState::kDelivered && is != RecipientState::kRead) return absl::OkStatus();
  ASSIGN_OR_RETURN(std::optional<Recipient> row,
                   CampaignRepository::FindRecipient(tx, *arrived.campaign_id, arrived.recipient()));
  if (!row || row->state == RecipientState::kRead || row->state == is) return absl::OkStatus();
  deltas.Move(row->campaign_id, row->state, row->reason, is, "");
  if (row->message_id) {
    ASSIGN_OR_RETURN(const std::optional<Message> shown, MessageRepository::FindFacts(tx, *row->message_id));
    if (shown) {
      deltas.figures.Show(*shown, false);
      RETURN_IF_ERROR(CancelQueued(tx, row->campaign_id, *shown, deltas));
    }
  }
  deltas.figures.Show(arrived, true);
  row->state = is;
  row->reason = "";
  row->message_id = arrived.id;
  row->updated_at = now;
  return CampaignRepository::UpdateRecipient(tx, *row);
}

// Whether the ledger shows this message.
absl::StatusOr<bool> ShowInLedger(sql::Transaction& tx, const Message& before, const Message& after, bool recounted,
                                  CountDeltas& deltas, absl::Time now) {
  const MessageState was = before.state(), is = after.state();
  const std::string reason_was = FailureReason(before), reason_is = FailureReason(after);
  const bool moved = was != is || reason_was != reason_is;
  if (!moved && !recounted) return false;
  std::pair<RecipientState, std::string> from{RecipientStateOf(was), reason_was};
  if (was == MessageState::kCancelled) {
    // Why the row was skipped its message does not know.
    ASSIGN_OR_RETURN(const std::optional<Recipient> skipped,
                     CampaignRepository::FindRecipient(tx, *after.campaign_id, after.recipient()));
    if (skipped) from.second = skipped->reason;
  }
  const Recipient row{.campaign_id = *after.campaign_id,
                      .contact_id = after.recipient(),
                      .position = RecipientPosition(*after.campaign_id, after.recipient()),
                      .state = RecipientStateOf(is),
                      .reason = reason_is,
                      .tries = after.progress.attempt,
                      .message_id = after.id,
                      .not_before = after.due_at,
                      .updated_at = now};
  ASSIGN_OR_RETURN(const bool shown, CampaignRepository::ShowMessage(tx, row));
  if (!moved) return shown;
  if (!shown) {
    RETURN_IF_ERROR(ShowEarlier(tx, after, deltas, now));
    return false;
  }
  deltas.Move(row.campaign_id, from.first, from.second, row.state, reason_is);
  deltas.Find(row.campaign_id, OutcomeOf(before, after));
  if (is == MessageState::kUnknown) deltas.FindUnknown(row.campaign_id);
  if (is == MessageState::kQueued) deltas.FindQueuedAgain(row.campaign_id);
  return true;
}

}  // namespace

absl::Status Settle(sql::Transaction& tx, const Message& before, Message& after, CountDeltas& deltas, absl::Time now) {
  const bool same_attempt = before.progress.attempt == after.progress.attempt && before.token == after.token;
  const bool reported = same_attempt && before.wamid == after.wamid;
  RETURN_IF_ERROR(reported ? MessageRepository::UpdateReported(tx, after)
                           : MessageRepository::UpdateProgress(tx, after));
  return Follow(tx, before, after, deltas, now);
}

absl::Status Follow(sql::Transaction& tx, const Message& before, Message& after, CountDeltas& deltas, absl::Time now) {
  RETURN_IF_ERROR(Reprice(tx, before, after, deltas));
  const std::vector<FigureAt> figures_were = FiguresOf(before), figures_are = FiguresOf(after);
  bool in_ledger = false;
  if (after.campaign_id) {
    ASSIGN_OR_RETURN(in_ledger, ShowInLedger(tx, before, after, figures_were != figures_are, deltas, now));
    deltas.AddCost(*after.campaign_id, SharesOf(before), SharesOf(after));
  }
  deltas.figures.Change(after, figures_were, figures_are, in_ledger);
  deltas.figures.ChangeCost(before, after);
  return before.state() == after.state() ? absl::OkStatus() : AnnounceMessage(tx, after, now);
}

absl::Status GiveUp(sql::Transaction& tx, const Message& before, absl::string_view reason, CountDeltas& deltas,
                    absl::Time now) {
  Message m = before;
  m.progress.phase = Phase::kGivenUp;
  m.progress.failed_at = now;
  m.progress.error_reason = std::string(reason);
  return Settle(tx, before, m, deltas, now);
}

absl::Status SkipRow(sql::Transaction& tx, Recipient& row, const std::string& reason, CountDeltas& deltas,
                     absl::Time now) {
  row.state = RecipientState::kSkipped;
  row.reason = reason;
  row.updated_at = now;
  RETURN_IF_ERROR(CampaignRepository::UpdateRecipient(tx, row));
  deltas.Move(row.campaign_id, RecipientState::kQueued, "", row.state, row.reason);
  if (!row.message_id) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::optional<Message> before, MessageRepository::FindFacts(tx, *row.message_id));
  return before ? CancelQueued(tx, row.campaign_id, *before, deltas) : absl::OkStatus();
}

absl::Status EnqueueCancelSkip(sql::Transaction& tx, const Uuid& campaign, absl::Time now) {
  const std::string id = campaign.ToString();
  return jobs::Enqueue(
      tx, {.kind = kJobSkip, .key = id, .due_at = now, .payload = absl::StrCat(id, "\nCAMPAIGN_CANCELLED")});
}

absl::Status EnqueueDeadline(sql::Transaction& tx, const Campaign& campaign) {
  const std::string id = campaign.id.ToString();
  return jobs::Enqueue(tx, {.kind = kJobSkip,
                            .key = absl::StrCat(id, "/deadline"),
                            .due_at = *campaign.deadline,
                            .payload = absl::StrCat(id, "\nDEADLINE")});
}

absl::Status AutoPause(sql::Transaction& tx, const Uuid& id, const std::string& reason, absl::Time now) {
  ASSIGN_OR_RETURN(Campaign campaign, CampaignRepository::Get(tx, id));
  if (campaign.state != CampaignState::kRunning) return absl::OkStatus();
  campaign.state = CampaignState::kPaused;
  campaign.pause_reason = reason;
  campaign.wait = {};
  RETURN_IF_ERROR(CampaignRepository::Update(tx, campaign));
  return AnnouncePaused(tx, campaign, now);
}

}  // namespace vinculo::messaging
