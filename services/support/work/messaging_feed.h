#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/sql/transaction.h"
#include "services/support/store/desk.h"
#include "vinculo/events/v1/event_feed.pb.h"

namespace vinculo::support {

// Labels on messages that we send through messaging: which of ours a later event tells of.
inline constexpr char kMessageLabel[] = "support_message";
inline constexpr char kSurveyLabel[] = "support_survey";
// What the rows of a survey's menu begin with; then the token, ':' and the rating.
inline constexpr char kRatingPrefix[] = "csat:";

// What support follows of messaging.
std::vector<std::string> MessagingEventTypes();

// Applies one event of messaging's feed. `message.received` with route SUPPORT opens or continues a conversation, or
// rates when it picks a row of a survey; an instruction about consent joins a conversation that is going on and opens
// none. `message.*` of our own messages moves their delivery. Events about what we do not know have no effect.
absl::Status ApplyMessagingEvent(const Desk& desk, sql::Transaction& tx, const events::v1::Event& event,
                                 absl::Time now);

}  // namespace vinculo::support
