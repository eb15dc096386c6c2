#include "common/calendar/period.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/calendar/zone.h"
#include "common/status/error.h"

namespace vinculo::calendar {
namespace {

absl::CivilDay FirstDay(PeriodKind kind, absl::CivilDay day) {
  if (kind == PeriodKind::kDay) return day;
  if (kind == PeriodKind::kWeek) return absl::PrevWeekday(day + 1, absl::Weekday::monday);
  const int months = MonthsPerPeriod(kind);
  return absl::CivilDay(day.year(), (day.month() - 1) / months * months + 1, 1);
}

// "2024-W11": the ISO year of a week is that of its Thursday.
std::string WeekName(absl::CivilDay monday) {
  const absl::CivilDay thursday = monday + 3;
  return absl::StrFormat("%04d-W%02d", thursday.year(), (absl::GetYearDay(thursday) - 1) / 7 + 1);
}

// The day that a name may stand for; the caller checks that it names that period.
std::optional<std::pair<PeriodKind, absl::CivilDay>> Guess(absl::string_view name) {
  int year = 0;
  if (name.size() < 4 || !absl::SimpleAtoi(name.substr(0, 4), &year) || year < 1) return std::nullopt;
  if (name.size() == 4) return {{PeriodKind::kYear, absl::CivilDay(year, 1, 1)}};
  if (name.size() == 10) {
    const std::optional<absl::CivilDay> day = ParseDate(name);
    if (!day) return std::nullopt;
    return {{PeriodKind::kDay, *day}};
  }
  int number = 0;
  const bool lettered = name.size() > 5 && absl::ascii_isalpha(name[5]);
  if (name[4] != '-' || !absl::SimpleAtoi(name.substr(lettered ? 6 : 5), &number) || number < 1 || number > 53) {
    return std::nullopt;
  }
  if (!lettered) return {{PeriodKind::kMonth, absl::CivilDay(year, number, 1)}};
  switch (name[5]) {
    case 'W':  // 4 January is always in week 1
      return {{PeriodKind::kWeek, FirstDay(PeriodKind::kWeek, absl::CivilDay(year, 1, 4)) + 7 * (number - 1)}};
    case 'Q':
      return {{PeriodKind::kQuarter, absl::CivilDay(year, number * 3 - 2, 1)}};
    case 'T':
      return {{PeriodKind::kTerm4, absl::CivilDay(year, number * 4 - 3, 1)}};
    case 'H':
      return {{PeriodKind::kHalf, absl::CivilDay(year, number * 6 - 5, 1)}};
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<PeriodKind> ParsePeriodKind(absl::string_view text) {
  const std::string upper = absl::AsciiStrToUpper(text);
  if (upper == "CUATRIMESTRE") return PeriodKind::kTerm4;
  for (PeriodKind kind : {PeriodKind::kDay, PeriodKind::kWeek, PeriodKind::kMonth, PeriodKind::kQuarter,
                          PeriodKind::kTerm4, PeriodKind::kHalf, PeriodKind::kYear}) {
    if (upper == PeriodKindName(kind)) return kind;
  }
  return std::nullopt;
}

absl::string_view PeriodKindName(PeriodKind kind) {
  switch (kind) {
    case PeriodKind::kDay:
      return "DAY";
    case PeriodKind::kWeek:
      return "WEEK";
    case PeriodKind::kMonth:
      return "MONTH";
    case PeriodKind::kQuarter:
      return "QUARTER";
    case PeriodKind::kTerm4:
      return "TERM4";
    case PeriodKind::kHalf:
      return "HALF";
    case PeriodKind::kYear:
      return "YEAR";
  }
  return "";
}

int MonthsPerPeriod(PeriodKind kind) {
  switch (kind) {
    case PeriodKind::kMonth:
      return 1;
    case PeriodKind::kQuarter:
      return 3;
    case PeriodKind::kTerm4:
      return 4;
    case PeriodKind::kHalf:
      return 6;
    case PeriodKind::kYear:
      return 12;
    default:
      return 0;
  }
}

Period Period::Containing(PeriodKind kind, absl::CivilDay day) { return Period(kind, FirstDay(kind, day)); }

Period Period::Containing(PeriodKind kind, absl::Time instant, absl::TimeZone zone) {
  return Containing(kind, LocalDay(instant, zone));
}

std::optional<Period> Period::FromName(absl::string_view name) {
  const auto guess = Guess(name);
  if (!guess) return std::nullopt;
  const Period period = Containing(guess->first, guess->second);
  if (period.Name() != name) return std::nullopt;
  return period;
}

absl::CivilDay Period::end_day() const { return Next().first_; }

Period Period::Plus(int64_t n) const {
  if (kind_ == PeriodKind::kDay) return Period(kind_, first_ + n);
  if (kind_ == PeriodKind::kWeek) return Period(kind_, first_ + 7 * n);
  return Period(kind_, absl::CivilDay(absl::CivilMonth(first_) + n * MonthsPerPeriod(kind_)));
}

int64_t Period::Minus(const Period& other) const {
  if (kind_ == PeriodKind::kDay) return first_ - other.first_;
  if (kind_ == PeriodKind::kWeek) return (first_ - other.first_) / 7;
  return (absl::CivilMonth(first_) - absl::CivilMonth(other.first_)) / MonthsPerPeriod(kind_);
}

std::string Period::Name() const {
  const int number = MonthsPerPeriod(kind_) == 0 ? 0 : (first_.month() - 1) / MonthsPerPeriod(kind_) + 1;
  switch (kind_) {
    case PeriodKind::kDay:
      return FormatDate(first_);
    case PeriodKind::kWeek:
      return WeekName(first_);
    case PeriodKind::kMonth:
      return absl::StrFormat("%04d-%02d", first_.year(), number);
    case PeriodKind::kQuarter:
      return absl::StrFormat("%04d-Q%d", first_.year(), number);
    case PeriodKind::kTerm4:
      return absl::StrFormat("%04d-T%d", first_.year(), number);
    case PeriodKind::kHalf:
      return absl::StrFormat("%04d-H%d", first_.year(), number);
    case PeriodKind::kYear:
      return absl::StrFormat("%04d", first_.year());
  }
  return "";
}

absl::Time Period::Start(absl::TimeZone zone) const { return StartOfDay(first_, zone); }
absl::Time Period::End(absl::TimeZone zone) const { return StartOfDay(end_day(), zone); }

absl::StatusOr<std::vector<Period>> PeriodsOver(PeriodKind kind, absl::Time from, absl::Time to, absl::TimeZone zone,
                                                int64_t limit) {
  std::vector<Period> periods;
  if (from >= to) return periods;
  Period period = Period::Containing(kind, from, zone);
  for (; period.Start(zone) < to; period = period.Next()) {
    if (static_cast<int64_t>(periods.size()) == limit) {
      return Error(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS",
                   absl::StrCat("the range holds more than ", limit, " periods of kind ", PeriodKindName(kind),
                                "; ask for a shorter range or a longer period"));
    }
    if (period.End(zone) > from) periods.push_back(period);
  }
  return periods;
}

std::vector<Period> LastComplete(PeriodKind kind, int64_t n, absl::Time as_of, absl::TimeZone zone) {
  Period after = Period::Containing(kind, as_of, zone);
  while (after.IsComplete(as_of, zone)) after = after.Next();
  std::vector<Period> periods;
  for (int64_t i = n; i >= 1; --i) periods.push_back(after.Plus(-i));
  return periods;
}

DayRange LastSixMonths(absl::CivilDay as_of) { return {absl::CivilDay(absl::CivilMonth(as_of) - 6), as_of + 1}; }

std::vector<Period> MonthsOfLastSixMonths(absl::CivilDay as_of) {
  std::vector<Period> months;
  for (int i = -6; i <= 0; ++i) months.push_back(Period::Containing(PeriodKind::kMonth, as_of).Plus(i));
  return months;
}

absl::StatusOr<Comparison> ComparePeriods(const Period& current, const Period& previous, absl::Time as_of,
                                          absl::TimeZone zone, bool align_to_elapsed) {
  Comparison result{current.days(), previous.days()};
  if (current.IsComplete(as_of, zone) && previous.IsComplete(as_of, zone)) return result;
  const bool begun = as_of >= current.Start(zone) && as_of >= previous.Start(zone);
  if (!align_to_elapsed || !begun) {
    const Period& partial = current.IsComplete(as_of, zone) ? previous : current;
    return Error(absl::StatusCode::kFailedPrecondition, "PARTIAL_PERIOD",
                 absl::StrCat("period ", partial.Name(),
                              begun ? " is not over; set align_to_elapsed to compare the days elapsed so far"
                                    : " has not begun"),
                 {{"period", partial.Name()}});
  }
  const absl::CivilDay today = LocalDay(as_of, zone);
  const auto elapsed = [today](const DayRange& range) { return std::min<int64_t>(range.days(), today - range.first); };
  const int64_t days = std::min(elapsed(result.current), elapsed(result.previous));
  result.current.end = result.current.first + days;
  result.previous.end = result.previous.first + days;
  return result;
}

}  // namespace vinculo::calendar
