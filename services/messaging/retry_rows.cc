#include "services/messaging/retry_rows.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/status/status_macros.h"
#include "services/messaging/announce.h"
#include "services/messaging/domain/retry.h"
#include "services/messaging/store/campaign_repository.h"
#include "services/messaging/store/message_repository.h"

namespace vinculo::messaging {
namespace {

constexpr std::array kSteps = {RecipientState::kFailed, RecipientState::kSkipped, RecipientState::kUnknown};

absl::Status QueueAgain(sql::Transaction& tx, Recipient& row, CountDeltas& deltas, absl::Time now) {
  deltas.Move(row.campaign_id, row.state, row.reason, RecipientState::kQueued, "");
  if (IsCapped(row.reason)) ++row.capped_retries;
  if (!row.first_message_id) row.first_message_id = row.message_id;
  ++row.round;
  row.not_before = row.updated_at = now;
  return CampaignRepository::Requeue(tx, row);
}

// The series of a campaign counts what its ledger shows, and these it shows no longer.
absl::Status HideMessages(sql::Transaction& tx, const std::vector<Uuid>& ids, CountDeltas& deltas) {
  ASSIGN_OR_RETURN(const std::vector<Message> messages, MessageRepository::FindAllFacts(tx, ids));
  for (const Message& m : messages) deltas.figures.Show(m, false);
  return absl::OkStatus();
}

}  // namespace

std::string RetryWork::Encode() const {
  return absl::StrJoin({campaign_id.ToString(), absl::StrJoin(reasons, ","), absl::StrCat(include_unknown ? 1 : 0),
                        absl::StrCat(step), after.ToString()},
                       "\n");
}

absl::StatusOr<RetryWork> RetryWork::Decode(absl::string_view text) {
  const std::vector<std::string> parts = absl::StrSplit(text, '\n');
  RetryWork work;
  if (parts.size() != 5 || !absl::SimpleAtoi(parts[3], &work.step))
    return absl::DataLossError("a retry job without its five lines");
  work.campaign_id = Uuid::Parse(parts[0]).value_or(Uuid());
  for (const absl::string_view reason : absl::StrSplit(parts[1], ',', absl::SkipEmpty()))
    work.reasons.insert(std::string(reason));
  work.include_unknown = parts[2] == "1";
  work.after = Uuid::Parse(parts[4]).value_or(Uuid());
  return work;
}

absl::StatusOr<RetryResult> RetryPage(sql::Transaction& tx, RetryWork& work, int limit, absl::Time now) {
  RetryResult out;
  CountDeltas deltas;
  ASSIGN_OR_RETURN(std::vector<Recipient> rows,
                   CampaignRepository::Retryable(tx, work.campaign_id, kSteps[work.step], work.after, limit));
  std::vector<Uuid> hidden;
  for (Recipient& row : rows) {
    work.after = row.contact_id;
    if (!work.reasons.empty() && !work.reasons.contains(row.reason) && row.state != RecipientState::kUnknown) continue;
    const RetryVerdict verdict =
        JudgeRetry({row.state, row.reason, row.round, row.capped_retries, row.updated_at}, work.include_unknown, now);
    if (verdict == RetryVerdict::kYes) {
      if (row.message_id) hidden.push_back(*row.message_id);
      RETURN_IF_ERROR(QueueAgain(tx, row, deltas, now));
      ++out.queued;
    } else if (verdict != RetryVerdict::kNotMeant) {
      ++out.passed_over[std::string(RetryVerdictName(verdict))];
    }
  }
  if (static_cast<int>(rows.size()) < limit) {
    ++work.step;
    work.after = Uuid();
  }
  out.done = work.step >= static_cast<int>(kSteps.size());
  RETURN_IF_ERROR(HideMessages(tx, hidden, deltas));
  RETURN_IF_ERROR(deltas.Flush(tx));
  return out;
}

absl::Status RunAgain(sql::Transaction& tx, Campaign& campaign, absl::Time now) {
  if (campaign.state != CampaignState::kCompleted) return absl::OkStatus();
  campaign.state = CampaignState::kRunning;
  campaign.ended_at = std::nullopt;
  RETURN_IF_ERROR(CampaignRepository::Update(tx, campaign));
  return AnnounceCampaign(tx, campaign, "campaign.resumed", now);
}

}  // namespace vinculo::messaging
