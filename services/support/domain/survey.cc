#include "services/support/domain/survey.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "services/support/domain/errors.h"

namespace vinculo::support {

std::string SurveyAgent(const Conversation& conversation, absl::Span<const HistoryEvent> history) {
  if (!conversation.assignee.empty()) return conversation.assignee;
  std::string last;
  for (const HistoryEvent& event : history) {
    const bool reply = event.kind == EventKind::kMessage && event.to == "PUBLIC" && event.actor.kind == Author::kAgent;
    if (reply) last = event.actor.id;
  }
  return last;
}

absl::StatusOr<Survey> MakeSurvey(Draft& draft, const Step& step, const Uuid& id, std::string token_hash,
                                  std::string agent) {
  Conversation& c = draft.now;
  if (c.state == State::kMerged) return IsMergedError(c.id.ToString(), c.merged_into ? c.merged_into->ToString() : "");
  if (c.state != State::kClosed) return NotClosedError(c.id.ToString());
  if (c.human_replies == 0) return NoHumanReplyError(c.id.ToString());
  if (c.open_survey) return SurveyAlreadySentError(c.id.ToString());
  Survey survey;
  survey.id = id;
  survey.conversation_id = c.id;
  survey.token_hash = std::move(token_hash);
  survey.agent = std::move(agent);
  survey.sent_at = step.at;
  survey.expires_at = step.at + kSurveyLifetime;
  c.open_survey = id;
  HistoryEvent& event = Append(draft, step, EventKind::kSurveySent);
  event.to = survey.agent;
  event.detail = id.ToString();
  return survey;
}

void MarkDelivered(Draft& draft, Survey& survey, const Step& step) {
  if (survey.delivered_at || survey.state == SurveyState::kFailed) return;
  survey.delivered_at = step.at;
  if (survey.state != SurveyState::kRated) survey.state = SurveyState::kDelivered;
  HistoryEvent& event = Append(draft, step, EventKind::kSurveyDelivered);
  event.to = survey.agent;
  event.detail = survey.id.ToString();
}

absl::StatusOr<int32_t> Rate(Draft& draft, Survey& survey, const Step& step, int32_t rating,
                             const std::string& remark) {
  if (rating < 1 || rating > 5) return RatingOutOfRangeError();
  if (survey.rating != 0 && step.at >= ChangeableUntil(survey)) return RatingLockedError(survey.id.ToString());
  if (survey.rating == 0 && step.at >= survey.expires_at) return SurveyExpiredError(survey.id.ToString());
  if (survey.state == SurveyState::kFailed) survey.state = SurveyState::kSent;  // it arrived after all
  MarkDelivered(draft, survey, step);
  const int32_t previous = survey.rating;
  HistoryEvent& event = Append(draft, step, EventKind::kRated);
  event.from = previous == 0 ? "" : absl::StrCat(previous);
  event.to = absl::StrCat(rating);
  event.detail = survey.id.ToString();
  survey.state = SurveyState::kRated;
  survey.rating = rating;
  survey.remark = remark;
  if (!survey.rated_at) survey.rated_at = step.at;
  Conversation& c = draft.now;
  c.rating = rating;
  c.remark = remark;
  c.rated_agent = survey.agent;
  c.rated_at = step.at;
  return previous;
}

absl::Time ChangeableUntil(const Survey& survey) {
  if (!survey.rated_at) return survey.expires_at;
  return survey.remark.empty() ? *survey.rated_at + kRatingChangeable : *survey.rated_at;
}

}  // namespace vinculo::support
