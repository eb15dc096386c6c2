#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "services/support/domain/types.h"

// What a conversation contributes to the reports: a pure function of its history [S-34..S-56]. Keeping metrics up to
// date and computing them again are the same function, so they cannot disagree.
namespace vinculo::support {

// Numbers up to 99 are those of the contract; what follows is kept for the backlog and for rates.
enum class Metric {
  kFirstResponseTime = 1,
  kResponseTime = 2,
  kSubsequentResponseTime = 3,  // not kept: the response times with ordinal > 0
  kTimeToClose = 4,
  kTimeToFirstClose = 5,
  kActiveTimeToClose = 6,
  kRequesterWait = 7,
  kHandleTime = 8,
  kCsat = 9,            // kept as the rating
  kAverageRating = 10,  // not kept: from kCsat
  kResponseRate = 11,   // not kept: kCsat over kSurveyDelivered
  kNew = 12,
  kClosed = 13,
  kClosedUnique = 14,  // not kept: from kClosed
  kReopened = 15,
  kSnoozed = 16,
  kMerged = 17,
  kUnanswered = 18,  // stands at c0 as long as nobody has replied
  kClosedUnanswered = 19,
  kClamped = 20,
  kBacklogOpen = 21,     // not kept: from the counts
  kBacklogSnoozed = 22,  // not kept
  kBacklog = 23,         // not kept
  kSnoozeBegan = 100,    // OPEN -> SNOOZED
  kSnoozeEnded = 101,    // SNOOZED -> anything
  kSurveyDelivered = 102,
};

// True for those whose value is a duration in microseconds.
bool IsDuration(Metric metric);

// One value or one count. Identified within its conversation by (metric, ordinal).
struct MetricFact {
  Metric metric;
  int32_t ordinal = 0;                   // the how-manieth of its metric in the conversation, from 0
  absl::Time at;                         // what puts it into a bucket: the reply, the close, ...
  std::optional<absl::Time> started_at;  // c0, the customer's first message
  int64_t value = 0;                     // microseconds, or a rating; counts have 0
  std::string agent;                     // whom it counts for; "" = nobody
  std::string team;                      // as of the event, like priority and tags
  Priority priority = Priority::kNormal;
  std::vector<std::string> tags;  // ascending
  bool automatic = false;         // of a close: by a bot or a rule
  friend bool operator==(const MetricFact&, const MetricFact&) = default;
};

// The facts that the history yields, ordered by (metric, ordinal); none when `spam`. `history` is in the order of seq.
// Durations are never negative: clock skew makes them 0 and adds a kClamped. A merged conversation keeps its counts and
// has no durations.
std::vector<MetricFact> ComputeFacts(absl::Span<const HistoryEvent> history, bool spam);

// The state that the history yields; for checks that the stored one is the same.
State StateOf(absl::Span<const HistoryEvent> history);

}  // namespace vinculo::support
