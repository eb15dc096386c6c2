#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "services/support/domain/conversation.h"
#include "services/support/domain/types.h"

// Asking customers what they think [S-88..S-91]. Pure.
namespace vinculo::support {

enum class SurveyState { kQueued = 1, kSent, kDelivered, kRated, kFailed };

// How long a rating may change after it was first given, and how long a survey waits for one.
inline constexpr absl::Duration kRatingChangeable = absl::Hours(72);
inline constexpr absl::Duration kSurveyLifetime = absl::Hours(14 * 24);

struct Survey {
  Uuid id;
  Uuid conversation_id;
  std::string token_hash;  // SHA-256 of the token; the token itself is only on its way to the customer
  SurveyState state = SurveyState::kQueued;
  std::string agent;  // whom the rating counts for
  absl::Time sent_at;
  std::optional<absl::Time> delivered_at;
  absl::Time expires_at;
  int32_t rating = 0;  // 0 = none yet
  std::string remark;
  std::optional<absl::Time> rated_at;  // first time
  int64_t revision = 0;
};

// Whom a rating counts for: the assignee when the survey is sent, else the last person who replied before the close
// [S-53].
std::string SurveyAgent(const Conversation& conversation, absl::Span<const HistoryEvent> history);

// Makes the survey of the present close: the conversation is CLOSED, a person has replied, and none was made for this
// close. NOT_CLOSED; IS_MERGED; NO_HUMAN_REPLY; SURVEY_ALREADY_SENT.
absl::StatusOr<Survey> MakeSurvey(Draft& draft, const Step& step, const Uuid& id, std::string token_hash,
                                  std::string agent);

// It has reached the customer. Only the first time counts; a FAILED survey does not come back.
void MarkDelivered(Draft& draft, Survey& survey, const Step& step);

// Takes the customer's rating; a rated survey was delivered. Returns the previous rating, 0 = none.
// RATING_OUT_OF_RANGE; RATING_LOCKED once a remark was given or 72 hours after the first rating; SURVEY_EXPIRED.
absl::StatusOr<int32_t> Rate(Draft& draft, Survey& survey, const Step& step, int32_t rating, const std::string& remark);

// Until when the rating may change; in the past when it is final.
absl::Time ChangeableUntil(const Survey& survey);

}  // namespace vinculo::support
