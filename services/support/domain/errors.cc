#include "services/support/domain/errors.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/status/error.h"

namespace vinculo::support {
namespace {

absl::Status State(absl::string_view reason, absl::string_view conversation, absl::string_view message) {
  return Error(absl::StatusCode::kFailedPrecondition, reason, message, {{"conversation", std::string(conversation)}});
}

}  // namespace

absl::Status NotOpenError(absl::string_view conversation) {
  return State("NOT_OPEN", conversation, "The conversation is not open; reopen it first.");
}
absl::Status NotSnoozedError(absl::string_view conversation) {
  return State("NOT_SNOOZED", conversation, "The conversation is not snoozed.");
}
absl::Status AlreadyClosedError(absl::string_view conversation) {
  return State("ALREADY_CLOSED", conversation, "The conversation is closed already.");
}
absl::Status NotClosedError(absl::string_view conversation) {
  return State("NOT_CLOSED", conversation, "The conversation is not closed.");
}
absl::Status IsMergedError(absl::string_view conversation, absl::string_view into) {
  return Error(absl::StatusCode::kFailedPrecondition, "IS_MERGED",
               "The conversation was merged into another; work with that one.",
               {{"conversation", std::string(conversation)}, {"merged_into", std::string(into)}});
}
absl::Status AgentAbsentError(absl::string_view agent) {
  return Error(absl::StatusCode::kFailedPrecondition, "AGENT_ABSENT",
               "The agent is away; set force to assign all the same.", {{"agent", std::string(agent)}});
}
absl::Status NoHumanReplyError(absl::string_view conversation) {
  return State("NO_HUMAN_REPLY", conversation, "Nobody has replied, so there is nothing to rate.");
}
absl::Status SurveyAlreadySentError(absl::string_view conversation) {
  return State("SURVEY_ALREADY_SENT", conversation, "A survey was sent for this close already.");
}
absl::Status RatingLockedError(absl::string_view survey) {
  return Error(absl::StatusCode::kFailedPrecondition, "RATING_LOCKED", "The rating is final and cannot change.",
               {{"survey", std::string(survey)}});
}
absl::Status SurveyExpiredError(absl::string_view survey) {
  return Error(absl::StatusCode::kFailedPrecondition, "SURVEY_EXPIRED", "The survey is over.",
               {{"survey", std::string(survey)}});
}

absl::Status SnoozeInPastError() {
  return Error(absl::StatusCode::kInvalidArgument, "SNOOZE_IN_PAST", "Snooze until a time that is still to come.");
}
absl::Status RatingOutOfRangeError() {
  return Error(absl::StatusCode::kInvalidArgument, "RATING_OUT_OF_RANGE", "A rating is 1, 2, 3, 4 or 5.");
}
absl::Status UnknownMetricError() {
  return Error(absl::StatusCode::kInvalidArgument, "UNKNOWN_METRIC", "Name one of the metrics of this contract.");
}

absl::Status NewerMessagesError(const std::vector<std::string>& message_ids) {
  return Error(absl::StatusCode::kAborted, "NEWER_MESSAGES",
               "There are messages you have not seen; read them, then reply again or set allow_stale.",
               {{"message_ids", absl::StrJoin(message_ids, ",")}});
}

absl::Status ConversationExistsError(absl::string_view external_id, absl::string_view id) {
  return Error(absl::StatusCode::kAlreadyExists, "CONVERSATION_EXISTS", "A conversation with this external_id exists.",
               {{"external_id", std::string(external_id)}, {"conversation", std::string(id)}});
}
absl::Status TagExistsError(absl::string_view display_name, absl::string_view tag) {
  return Error(absl::StatusCode::kAlreadyExists, "TAG_EXISTS", "Another tag has this display name.",
               {{"display_name", std::string(display_name)}, {"tag", std::string(tag)}});
}

absl::Status TagsNotFoundError(const std::vector<std::string>& tags) {
  return Error(absl::StatusCode::kNotFound, "TAG_NOT_FOUND",
               absl::StrCat("The directory has no such tag: ", absl::StrJoin(tags, ", "), "."),
               {{"tags", absl::StrJoin(tags, ",")}});
}

absl::Status NotYoursError() {
  return Error(absl::StatusCode::kPermissionDenied, "NOT_YOURS", "An agent sets only their own presence.");
}

}  // namespace vinculo::support
