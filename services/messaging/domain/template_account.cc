#include "services/messaging/domain/template_account.h"

#include <algorithm>

namespace vinculo::messaging {
namespace {

constexpr absl::Duration kHour = absl::Hours(1);

// A bucket counts until an hour after its end.
bool Counts(const CallBucket& b, absl::Time now) { return b.at + kCallBucket + kHour > now; }

// When enough of `count(bucket)` has left the hour for `more` to fit under `limit`.
template <class Count>
absl::Time RoomAt(std::vector<CallBucket> buckets, int more, int limit, absl::Time now, Count count) {
  std::sort(buckets.begin(), buckets.end(), [](const CallBucket& a, const CallBucket& b) { return a.at < b.at; });
  int used = 0;
  for (const CallBucket& b : buckets) {
    if (Counts(b, now)) used += count(b);
  }
  absl::Time at = now;
  for (const CallBucket& b : buckets) {
    if (used + more <= limit) break;
    if (!Counts(b, now)) continue;
    used -= count(b);
    at = b.at + kCallBucket + kHour;
  }
  // It does not fit into an hour at all: limits may change.
  return used + more > limit ? std::max(at, now + kHour) : at;
}

}  // namespace

absl::Time CallBucketOf(absl::Time t) { return absl::UnixEpoch() + absl::Floor(t - absl::UnixEpoch(), kCallBucket); }

ManagementCost CostOfHour(const std::vector<CallBucket>& buckets, absl::Time now) {
  ManagementCost cost{.calls = 0};
  for (const CallBucket& b : buckets) {
    if (!Counts(b, now)) continue;
    cost.calls += b.calls;
    cost.creations += b.creations;
  }
  return cost;
}

std::optional<absl::Time> RoomForCalls(const std::vector<CallBucket>& buckets, const ManagementCost& cost,
                                       const ManagementLimits& limits, absl::Time now) {
  const absl::Time at = std::max(
      RoomAt(buckets, cost.calls, limits.Calls(cost.background), now, [](const CallBucket& b) { return b.calls; }),
      RoomAt(buckets, cost.creations, limits.Creations(cost.background), now,
             [](const CallBucket& b) { return b.creations; }));
  if (at <= now) return std::nullopt;
  return at;
}

std::optional<absl::Time> RoomForEdit(const std::vector<absl::Time>& edits, const EditLimits& limits, absl::Time now) {
  std::vector<absl::Time> recent;
  for (const absl::Time e : edits) {
    if (e + limits.month > now) recent.push_back(e);
  }
  if (recent.empty()) return std::nullopt;
  std::sort(recent.begin(), recent.end());
  absl::Time free = recent.back() + limits.between;
  const int over = static_cast<int>(recent.size()) - limits.per_month;
  if (over >= 0) free = std::max(free, recent[static_cast<size_t>(over)] + limits.month);
  if (free <= now) return std::nullopt;
  return free;
}

}  // namespace vinculo::messaging
