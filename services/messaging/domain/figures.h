#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "services/messaging/domain/campaign.h"
#include "services/messaging/domain/cost.h"
#include "services/messaging/domain/message.h"

namespace vinculo::messaging {

// What reports count about messages. Stored as these numbers; never renumbered.
enum class Figure {
  kAccepted = 1,   // WhatsApp took it
  kSent = 2,       // WhatsApp reported it as sent
  kDelivered = 3,  // it arrived
  kRead = 4,       // it was read
  kFailed = 5,     // `detail` is the reason
  kExpired = 6,    // not delivered in time
  kReplied = 7,    // the person answered the campaign
  kOptedOut = 8    // the person opted out in answer to the campaign
};

// Who asked for a message. Stored as these numbers; never renumbered.
enum class Source { kCampaign = 1, kNotification = 2 };
inline Source SourceOf(const Message& m) { return m.campaign_id ? Source::kCampaign : Source::kNotification; }

// Why a message failed, as the ledger and the funnel say it: `PROVIDER_131026`, `LATER_131049`, `QUEUE_EXPIRED`; ""
// unless FAILED.
std::string FailureReason(const Message& message);

// One thing that counts, at its own time [M-120].
struct FigureAt {
  Figure figure = Figure::kAccepted;
  std::string detail;
  absl::Time at;
  friend bool operator==(const FigureAt&, const FigureAt&) = default;
};

// Everything that a message counts for by itself: a pure function of what is known about it, so that counters which
// follow it equal a count over the rows, whatever the order of webhooks [M-125]. Tests and what staff write on the
// phone app count for nothing.
std::vector<FigureAt> FiguresOf(const Message& message);

// Sums over messages of one kind, by figure and detail.
using FigureCounts = std::map<std::pair<Figure, std::string>, int64_t>;

// What was counted of the messages of one source.
struct MessageCounts {
  FigureCounts figures;
  CostShares costs;
};
using CountsBySource = std::map<Source, MessageCounts>;

// The figures of a set of messages, as reports show them.
struct MessageTotals {
  int64_t attempted = 0;  // accepted_ever + refused
  int64_t accepted_ever = 0;
  int64_t delivered_ever = 0;
  int64_t read = 0;
  int64_t failed = 0;
  int64_t refused = 0;
  int64_t failed_later = 0;
  int64_t expired = 0;
  int64_t repliers = 0;
  int64_t opt_outs = 0;
  std::map<std::string, int64_t> failed_by_reason;
};
MessageTotals TotalsOf(const FigureCounts& counts);

}  // namespace vinculo::messaging
