#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

// The named errors of support. Reasons are API and never renamed.
namespace vinculo::support {

// FAILED_PRECONDITION: the conversation's state does not allow it.
absl::Status NotOpenError(absl::string_view conversation);
absl::Status NotSnoozedError(absl::string_view conversation);
absl::Status AlreadyClosedError(absl::string_view conversation);
absl::Status NotClosedError(absl::string_view conversation);
absl::Status IsMergedError(absl::string_view conversation, absl::string_view into);
absl::Status AgentAbsentError(absl::string_view agent);
absl::Status NoHumanReplyError(absl::string_view conversation);
absl::Status SurveyAlreadySentError(absl::string_view conversation);
absl::Status RatingLockedError(absl::string_view survey);
absl::Status SurveyExpiredError(absl::string_view survey);

// INVALID_ARGUMENT.
absl::Status SnoozeInPastError();
absl::Status RatingOutOfRangeError();
absl::Status UnknownMetricError();

// ABORTED: the customer wrote after what the agent has seen. The ids are in the metadata, comma separated.
absl::Status NewerMessagesError(const std::vector<std::string>& message_ids);

// ALREADY_EXISTS.
absl::Status ConversationExistsError(absl::string_view external_id, absl::string_view id);
absl::Status TagExistsError(absl::string_view display_name, absl::string_view tag);

// NOT_FOUND TAG_NOT_FOUND naming every one of them.
absl::Status TagsNotFoundError(const std::vector<std::string>& tags);

// PERMISSION_DENIED: an agent may change only their own presence.
absl::Status NotYoursError();

}  // namespace vinculo::support
