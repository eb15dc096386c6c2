#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/calendar/period.h"

namespace vinculo::lifecycle {

// Days since 1970-01-01, the stored form of local dates and of the first day of weeks and months.
int64_t DayNumber(absl::CivilDay day);
absl::CivilDay DayFromNumber(int64_t number);

// Completed and started, summed as counts; a ratio is made of them at the last moment [L-07].
struct UsageCounts {
  int64_t started = 0;
  int64_t completed = 0;

  UsageCounts& operator+=(const UsageCounts& other) {
    started += other.started;
    completed += other.completed;
    return *this;
  }
  friend UsageCounts operator-(const UsageCounts& a, const UsageCounts& b) {
    return {a.started - b.started, a.completed - b.completed};
  }
  friend bool operator==(const UsageCounts&, const UsageCounts&) = default;
};

enum class RatioState { kOk, kNoVolume, kInsufficient };

// completed / started over a window, with what it is worth [L-18] [L-19].
struct Ratio {
  int64_t completed = 0;  // capped at started
  int64_t started = 0;
  RatioState state = RatioState::kNoVolume;
  bool capped = false;  // sources of totals reported more completed than started

  bool usable() const { return state == RatioState::kOk; }
  // Exact comparisons on integers, strict; false without usable volume [L-27].
  bool Above(int64_t percent) const;
  bool Below(int64_t percent) const;
  bool AtLeast(int64_t percent) const { return usable() && !Below(percent); }
  bool AtMost(int64_t percent) const { return usable() && !Above(percent); }
};
// `min_volume` >= 1: fewer started items are INSUFFICIENT, none at all NO_VOLUME.
Ratio MakeRatio(const UsageCounts& counts, int64_t min_volume = 1);

// How `completed` is counted. Stored; equals the API's numbers.
enum class Attribution : int { kCohort = 1, kEvent = 2 };

// What one source counted for one module on one local day.
struct UsageValues {
  UsageCounts counts;
  std::optional<int64_t> active_users;
  Attribution attribution = Attribution::kCohort;
  int64_t revision = 0;

  friend bool operator==(const UsageValues&, const UsageValues&) = default;
};

// The bound of every count of a fact: sums over years of days and many sources stay far below 2^63.
inline constexpr int64_t kMaxCount = 1'000'000'000'000;

// Whether a fact is to be written. OK with true: new, or a higher revision; with false: it is there, word for word
// [L-20]. Errors, each with its reason: INVALID_ARGUMENT COMPLETED_ABOVE_STARTED (cohort form only),
// FAILED_PRECONDITION FACT_CONFLICT (same revision, other values) and STALE_REVISION.
absl::StatusOr<bool> JudgeFact(const UsageValues& fact, const std::optional<UsageValues>& present);

// First days of the week and the month that hold a local date.
absl::CivilDay WeekOf(absl::CivilDay day);
absl::CivilDay MonthOf(absl::CivilDay day);

// How many weeks, ending with `last_week` (its Monday), lie wholly at or after `since` in `zone` [L-28]. 0 when there
// is none.
int64_t WholeWeeksSince(absl::Time since, absl::CivilDay last_week, absl::TimeZone zone);

}  // namespace vinculo::lifecycle
