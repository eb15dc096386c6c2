#include "services/lifecycle/domain/usage.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/calendar/zone.h"
#include "common/status/error.h"

namespace vinculo::lifecycle {

using calendar::Period;
using calendar::PeriodKind;

int64_t DayNumber(absl::CivilDay day) { return day - absl::CivilDay(1970, 1, 1); }
absl::CivilDay DayFromNumber(int64_t number) { return absl::CivilDay(1970, 1, 1) + number; }

bool Ratio::Above(int64_t percent) const {
  return usable() && static_cast<__int128>(completed) * 100 > static_cast<__int128>(percent) * started;
}

bool Ratio::Below(int64_t percent) const {
  return usable() && static_cast<__int128>(completed) * 100 < static_cast<__int128>(percent) * started;
}

Ratio MakeRatio(const UsageCounts& counts, int64_t min_volume) {
  Ratio ratio;
  ratio.started = counts.started;
  ratio.completed = std::min(counts.completed, counts.started);
  ratio.capped = counts.completed > counts.started;
  ratio.state = counts.started == 0           ? RatioState::kNoVolume
                : counts.started < min_volume ? RatioState::kInsufficient
                                              : RatioState::kOk;
  return ratio;
}

absl::StatusOr<bool> JudgeFact(const UsageValues& fact, const std::optional<UsageValues>& present) {
  if (fact.attribution == Attribution::kCohort && fact.counts.completed > fact.counts.started) {
    return Error(absl::StatusCode::kInvalidArgument, "COMPLETED_ABOVE_STARTED",
                 absl::StrCat("completed (", fact.counts.completed, ") cannot exceed started (", fact.counts.started,
                              ") of the same items; a source of totals sets attribution EVENT"));
  }
  if (!present || fact.revision > present->revision) return true;
  const std::string revision = absl::StrCat(present->revision);
  if (fact.revision < present->revision) {
    return Error(absl::StatusCode::kFailedPrecondition, "STALE_REVISION",
                 absl::StrCat("revision ", fact.revision, " is older than the one kept, ", revision),
                 {{"revision", revision}});
  }
  if (fact == *present) return false;
  return Error(
      absl::StatusCode::kFailedPrecondition, "FACT_CONFLICT",
      absl::StrCat("revision ", revision, " is there with other values; send the correction with a higher revision"),
      {{"revision", revision}});
}

absl::CivilDay WeekOf(absl::CivilDay day) { return Period::Containing(PeriodKind::kWeek, day).first_day(); }
absl::CivilDay MonthOf(absl::CivilDay day) { return absl::CivilDay(day.year(), day.month(), 1); }

int64_t WholeWeeksSince(absl::Time since, absl::CivilDay last_week, absl::TimeZone zone) {
  absl::CivilDay first = WeekOf(calendar::LocalDay(since, zone));
  if (calendar::StartOfDay(first, zone) < since) first += 7;
  return std::max<int64_t>(0, (last_week - first) / 7 + (last_week >= first ? 1 : 0));
}

}  // namespace vinculo::lifecycle
