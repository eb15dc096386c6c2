#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/calendar/period.h"
#include "common/status/error.h"

namespace vinculo::calendar {

// Seconds of the local day, [open, close), 0 <= open < close <= 86400 (24:00). None crosses midnight.
struct OpenInterval {
  int32_t open = 0;
  int32_t close = 0;
  friend bool operator==(const OpenInterval&, const OpenInterval&) = default;
};

// A date, or the same date of every year when `year` is unset, with hours of its own; none means closed all day.
struct Holiday {
  std::optional<int> year;
  int month = 1;
  int day = 1;
  std::vector<OpenInterval> hours;
  friend bool operator==(const Holiday&, const Holiday&) = default;
};

// When somebody is there to answer [S-62]: what a tenant configures, one immutable value per version.
struct BusinessHours {
  std::string zone;                               // IANA
  std::array<std::vector<OpenInterval>, 7> week;  // Monday first; several a day for lunch breaks
  std::vector<Holiday> holidays;                  // a dated one beats a recurring one
  bool fallback_24x7 = false;                     // a calendar that never opens counts as always open [S-67]
  friend bool operator==(const BusinessHours&, const BusinessHours&) = default;
};

// "09:00", "24:00", "09:30:15" as seconds of the day; nullopt for anything else.
std::optional<int32_t> ParseTimeOfDay(absl::string_view text);
std::string FormatTimeOfDay(int32_t second);
// "2024-03-29" or "12-25" as the date part of a holiday; nullopt for anything else (02-29 is a date).
std::optional<Holiday> ParseHolidayDate(absl::string_view text);
std::string FormatHolidayDate(const Holiday& holiday);

// Business time over BusinessHours. A cheap copy (shared state); thread-safe. Sums of open seconds per day are kept and
// grown on demand, so Elapsed and Add cost O(log days) however old the conversation [S-68]. Instants before 1900 or
// from 2200 on count as those bounds.
class BusinessCalendar {
 public:
  // All problems at once: INVALID_ARGUMENT with violations under `zone`, `week[i]`, `holidays[i]` (reason
  // OVERLAPPING_HOURS when overlaps are all that is wrong); then FAILED_PRECONDITION `CALENDAR_EMPTY` for one that
  // never opens, or does not keep opening, without fallback_24x7 [S-67].
  static absl::StatusOr<BusinessCalendar> Create(BusinessHours hours);
  // Open all the time.
  static BusinessCalendar Always(absl::TimeZone zone = absl::UTCTimeZone());

  // Open time in [a, b) without the `pauses` (which may overlap and come in any order); zero when a >= b [S-63].
  absl::Duration Elapsed(absl::Time a, absl::Time b, absl::Span<const TimeRange> pauses = {}) const;
  // The earliest instant t with Elapsed(a, t) >= d; a when d <= 0. When d ends exactly at closing time the result is
  // the closing instant, not the next opening [S-64]. InfiniteFuture when d does not end before the year 2200.
  absl::Time Add(absl::Time a, absl::Duration d) const;

  bool IsOpen(absl::Time t) const;
  // The local day has any open interval [S-69].
  bool IsBusinessDay(absl::CivilDay day) const;
  // `day` itself when it is a business day, else the next one.
  absl::CivilDay BusinessDayOnOrAfter(absl::CivilDay day) const;
  // The n-th business day after `day`; BusinessDayOnOrAfter(day) when n <= 0.
  absl::CivilDay AddBusinessDays(absl::CivilDay day, int64_t n) const;

  absl::TimeZone zone() const;
  const BusinessHours& hours() const;

 private:
  class State;
  explicit BusinessCalendar(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

}  // namespace vinculo::calendar
