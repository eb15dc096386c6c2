// The part of the desk that asks customers what they think.
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/http/crypto.h"
#include "common/jobs/job_queue.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "services/support/store/desk.h"

namespace vinculo::support {

absl::StatusOr<Desk::MadeSurvey> Desk::Ask(sql::Transaction& tx, Draft& draft, const Step& step) const {
  std::vector<HistoryEvent> history;
  if (draft.now.assignee.empty()) {
    ASSIGN_OR_RETURN(history, conversations_.History(tx, draft.now.id));
    history.insert(history.end(), draft.added.begin(), draft.added.end());
  }
  const std::string token = crypto::Base64UrlEncode(crypto::RandomBytes(24));
  MadeSurvey made;
  ASSIGN_OR_RETURN(made.survey, MakeSurvey(draft, step, Uuid::New(draft.recorded_at), HashToken(token),
                                           SurveyAgent(draft.now, history)));
  if (draft.now.channel == Channel::kWhatsapp) {
    RETURN_IF_ERROR(jobs::Enqueue(tx, {kSurveyJob, made.survey.id.ToString(), draft.recorded_at, token}));
  } else {
    // Whoever reads `csat.sent` delivers the link; there is no other sign of its arrival.
    made.link = absl::StrCat(options_.survey_url, token);
    MarkDelivered(draft, made.survey, step);
  }
  RETURN_IF_ERROR(surveys_.Insert(tx, made.survey));
  return made;
}

absl::StatusOr<Survey> Desk::SendSurvey(sql::Transaction& tx, const Uuid& id, const Step& step, absl::Time now) const {
  ASSIGN_OR_RETURN(const Conversation before, conversations_.Get(tx, id));
  Draft draft(before, now);
  ASSIGN_OR_RETURN(const MadeSurvey made, Ask(tx, draft, step));
  RETURN_IF_ERROR(Save(tx, draft, &before, {.survey = &made.survey, .survey_link = made.link}));
  return made.survey;
}

absl::StatusOr<Survey> Desk::Rate(sql::Transaction& tx, const std::string& token, int32_t rating,
                                  const std::string& remark, const Step& step, absl::Time now) const {
  ASSIGN_OR_RETURN(Survey survey, surveys_.GetByTokenHash(tx, HashToken(token)));
  ASSIGN_OR_RETURN(const Conversation before, conversations_.Get(tx, survey.conversation_id));
  Draft draft(before, now);
  Step by_customer = step;
  by_customer.actor = {Author::kCustomer, before.requester_id};
  RETURN_IF_ERROR(support::Rate(draft, survey, by_customer, rating, remark).status());
  RETURN_IF_ERROR(surveys_.Update(tx, survey));
  RETURN_IF_ERROR(Save(tx, draft, &before, {.survey = &survey}));
  return survey;
}

absl::Status Desk::SurveyWent(sql::Transaction& tx, const Uuid& id, SurveyState state, absl::Time at,
                              absl::Time now) const {
  ASSIGN_OR_RETURN(Survey survey, surveys_.Get(tx, id));
  if (survey.state == SurveyState::kRated || survey.state == SurveyState::kDelivered) return absl::OkStatus();
  if (state != SurveyState::kDelivered) {
    if (survey.state == state) return absl::OkStatus();
    survey.state = state;
    return surveys_.Update(tx, survey);
  }
  if (survey.state == SurveyState::kFailed) survey.state = SurveyState::kSent;  // it arrived after all
  ASSIGN_OR_RETURN(const Conversation before, conversations_.Get(tx, survey.conversation_id));
  Draft draft(before, now);
  MarkDelivered(draft, survey, {at, {Author::kSystem, ""}, Cause::kDelivery});
  RETURN_IF_ERROR(surveys_.Update(tx, survey));
  return Save(tx, draft, &before, {});
}

}  // namespace vinculo::support
