#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "services/messaging/domain/policy.h"

namespace vinculo::messaging {

// People who share a clock, for an estimate.
struct ZoneGroup {
  absl::TimeZone zone;
  absl::Time from;  // not before
  bool marketing = true;
  int64_t people = 0;
};

// What bounds a campaign.
struct Pace {
  int per_second = 1;
  std::optional<int64_t> reach_now;      // new people who may still be written to today; unset: unlimited
  std::optional<int64_t> reach_per_day;  // and in each further 24 hours
};

struct FinishEstimate {
  std::optional<absl::Time> finish;  // unset when it never ends
  int days_of_reach = 1;             // how many days' reach it takes
  int64_t after_deadline = 0;        // people whose turn would come after the deadline
};

// When the last person would be written to if nothing else were sent: at the pace, within the allowed hours of each
// zone for marketing, and the day's reach [M-62].
FinishEstimate EstimateFinish(std::vector<ZoneGroup> groups, const WeeklyHours& hours, const Pace& pace,
                              absl::Time start, std::optional<absl::Time> deadline);

// Bulk requests per second of a sender with this throughput on its own: less what inbound and transactional messages
// may take of it.
int BulkPace(int throughput, int campaign_rate);

}  // namespace vinculo::messaging
