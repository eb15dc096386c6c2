#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace vinculo::calendar {

// [L-04]. TERM4 is four months (January-April, May-August, September-December), also called CUATRIMESTRE.
enum class PeriodKind { kDay, kWeek, kMonth, kQuarter, kTerm4, kHalf, kYear };

// "DAY", "WEEK", "MONTH", "QUARTER", "TERM4", "CUATRIMESTRE", "HALF", "YEAR", in either case; nullopt for anything
// else.
std::optional<PeriodKind> ParsePeriodKind(absl::string_view text);
// The upper-case name; TERM4 for kTerm4.
absl::string_view PeriodKindName(PeriodKind kind);
// 1, 3, 4, 6, 12; 0 for days and weeks. Responses state it as `months_per_period`.
int MonthsPerPeriod(PeriodKind kind);

// A half-open span of local days, [first, end).
struct DayRange {
  absl::CivilDay first;
  absl::CivilDay end;

  bool Contains(absl::CivilDay day) const { return first <= day && day < end; }
  int64_t days() const { return end - first; }
  friend bool operator==(const DayRange&, const DayRange&) = default;
};

// A half-open span of instants, [start, end).
struct TimeRange {
  absl::Time start;
  absl::Time end;

  bool Contains(absl::Time t) const { return start <= t && t < end; }
  friend bool operator==(const TimeRange&, const TimeRange&) = default;
};

// One bucket of a kind. A value; ordered by first day within a kind. Boundaries become instants only through a zone
// [L-03].
class Period {
 public:
  // The period of `kind` that holds `day`.
  static Period Containing(PeriodKind kind, absl::CivilDay day);
  // The period of `kind` that holds the local date of `instant` in `zone`.
  static Period Containing(PeriodKind kind, absl::Time instant, absl::TimeZone zone);
  // From a name as Name() writes it; nullopt for anything else (a week 53 that does not exist included).
  static std::optional<Period> FromName(absl::string_view name);

  PeriodKind kind() const { return kind_; }
  absl::CivilDay first_day() const { return first_; }
  absl::CivilDay end_day() const;  // exclusive
  DayRange days() const { return {first_, end_day()}; }

  Period Next() const { return Plus(1); }
  Period Previous() const { return Plus(-1); }
  Period Plus(int64_t n) const;
  // How many periods `this` is after `other`, which is of the same kind.
  int64_t Minus(const Period& other) const;

  // 2024-03-15, 2024-W11 (ISO year and week [L-02]), 2024-03, 2024-Q1, 2024-T1, 2024-H1, 2024.
  std::string Name() const;

  // Boundaries as instants: [Start, End). A week may last 167 or 169 hours.
  absl::Time Start(absl::TimeZone zone) const;
  absl::Time End(absl::TimeZone zone) const;
  TimeRange Instants(absl::TimeZone zone) const { return {Start(zone), End(zone)}; }
  // True when the period is over at `as_of` [L-05].
  bool IsComplete(absl::Time as_of, absl::TimeZone zone) const { return as_of >= End(zone); }

  friend bool operator==(const Period&, const Period&) = default;

 private:
  Period(PeriodKind kind, absl::CivilDay first) : kind_(kind), first_(first) {}
  PeriodKind kind_;
  absl::CivilDay first_;
};

// Every period of `kind` that overlaps [from, to), in order; empty when from >= to. At most `limit`: beyond that
// INVALID_ARGUMENT with reason INVALID_FIELDS and the limit in the message.
absl::StatusOr<std::vector<Period>> PeriodsOver(PeriodKind kind, absl::Time from, absl::Time to, absl::TimeZone zone,
                                                int64_t limit = 1000);

// The last `n` complete periods of `kind` before `as_of`, oldest first [L-05]. n >= 0.
std::vector<Period> LastComplete(PeriodKind kind, int64_t n, absl::Time as_of, absl::TimeZone zone);

// The window L6M [L-62]: from the first day of the month six months before that of `as_of` to the end of `as_of`.
DayRange LastSixMonths(absl::CivilDay as_of);
// The months that window touches, oldest first: always seven, the last usually partial.
std::vector<Period> MonthsOfLastSixMonths(absl::CivilDay as_of);

// What to compare `current` with at `as_of` [L-06]. Both complete: the whole of both. `current` still running: with
// `align_to_elapsed` the same number of elapsed whole local days of both, at most the length of the shorter; otherwise
// FAILED_PRECONDITION `PARTIAL_PERIOD`. A period that has not begun is refused either way.
struct Comparison {
  DayRange current;
  DayRange previous;
};
absl::StatusOr<Comparison> ComparePeriods(const Period& current, const Period& previous, absl::Time as_of,
                                          absl::TimeZone zone, bool align_to_elapsed);

}  // namespace vinculo::calendar
