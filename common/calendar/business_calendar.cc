#include "common/calendar/business_calendar.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"
#include "common/calendar/zone.h"

namespace vinculo::calendar {
namespace {

constexpr int32_t kDaySeconds = 86400;
constexpr size_t kMaxIntervalsPerDay = 24;
constexpr size_t kMaxHolidays = 2000;
constexpr int64_t kGrowDays = 400;
// Longest time between two 29 Februaries, with a margin: a calendar that does not open in so long never will.
constexpr int64_t kOpensWithinDays = 9 * 366;
const absl::CivilDay kFirstDay(1900, 1, 1);
const absl::CivilDay kEndDay(2200, 1, 1);

// Unix seconds, half open. Clock changes happen at whole seconds.
struct Span {
  int64_t start;
  int64_t end;
};

void SortAndMerge(std::vector<Span>& spans) {
  std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) { return a.start < b.start; });
  size_t kept = 0;
  for (const Span& span : spans) {
    if (kept > 0 && span.start <= spans[kept - 1].end) {
      spans[kept - 1].end = std::max(spans[kept - 1].end, span.end);
    } else {
      spans[kept++] = span;
    }
  }
  spans.resize(kept);
}

// `spans` without what `others` covers; both sorted and merged.
std::vector<Span> Subtract(const std::vector<Span>& spans, const std::vector<Span>& others) {
  if (spans.empty() || others.empty() || others.back().end <= spans.front().start) return spans;
  std::vector<Span> rest;
  for (Span span : spans) {
    for (const Span& other : others) {
      if (other.end <= span.start || other.start >= span.end) continue;
      if (other.start > span.start) rest.push_back({span.start, other.start});
      span.start = std::min(other.end, span.end);
    }
    if (span.start < span.end) rest.push_back(span);
  }
  return rest;
}

int64_t Length(const std::vector<Span>& spans) {
  int64_t sum = 0;
  for (const Span& span : spans) sum += span.end - span.start;
  return sum;
}

bool IsDate(const Holiday& holiday) {
  const absl::CivilDay date(holiday.year.value_or(2000), holiday.month, holiday.day);
  return date.month() == holiday.month && date.day() == holiday.day &&
         (!holiday.year || (*holiday.year >= 1 && *holiday.year <= 9999));
}

// Adds what is wrong with one day's hours to `bad`, overlaps to `overlaps`.
void CheckHours(const std::string& field, std::vector<OpenInterval>& hours, FieldViolations& bad,
                FieldViolations& overlaps) {
  if (hours.size() > kMaxIntervalsPerDay) {
    bad.Add(field, absl::StrCat("holds more than ", kMaxIntervalsPerDay, " intervals"));
    return;
  }
  for (const OpenInterval& interval : hours) {
    if (interval.open < 0 || interval.open >= interval.close || interval.close > kDaySeconds) {
      bad.Add(field, "an interval opens before it closes and lies between 00:00 and 24:00 of one day");
      return;
    }
  }
  std::sort(hours.begin(), hours.end(), [](const OpenInterval& a, const OpenInterval& b) { return a.open < b.open; });
  for (size_t i = 1; i < hours.size(); ++i) {
    if (hours[i].open < hours[i - 1].close) {
      overlaps.Add(field, absl::StrCat(FormatTimeOfDay(hours[i].open), " lies inside the interval that closes at ",
                                       FormatTimeOfDay(hours[i - 1].close)));
      return;
    }
  }
}

absl::Status Validate(BusinessHours& hours) {
  FieldViolations bad;
  FieldViolations overlaps;
  ParseZone("zone", hours.zone, bad);
  for (size_t i = 0; i < hours.week.size(); ++i)
    CheckHours(absl::StrCat("week[", i, "]"), hours.week[i], bad, overlaps);
  if (hours.holidays.size() > kMaxHolidays) bad.Add("holidays", absl::StrCat("holds more than ", kMaxHolidays));
  absl::flat_hash_map<std::string, size_t> seen;
  for (size_t i = 0; i < hours.holidays.size() && i < kMaxHolidays; ++i) {
    const std::string field = absl::StrCat("holidays[", i, "]");
    if (!IsDate(hours.holidays[i])) {
      bad.Add(field, "is not a date");
    } else if (const auto [it, fresh] = seen.emplace(FormatHolidayDate(hours.holidays[i]), i); !fresh) {
      bad.Add(field, absl::StrCat("is the same date as holidays[", it->second, "]"));
    }
    CheckHours(field, hours.holidays[i].hours, bad, overlaps);
  }
  const bool only_overlaps = bad.empty();
  for (const FieldViolation& violation : overlaps.violations()) bad.Add(violation.field, violation.description);
  return bad.ToStatus(only_overlaps ? "OVERLAPPING_HOURS" : "INVALID_FIELDS");
}

}  // namespace

// What the hours yield, day by day. cumulative_[i] is the open time of the days base_ .. base_+i-1, each without what
// the day before already covers, so that the sums count every open second once.
class BusinessCalendar::State {
 public:
  State(BusinessHours hours, absl::TimeZone zone) : hours_(std::move(hours)), zone_(zone) {
    for (const Holiday& holiday : hours_.holidays) {
      if (holiday.year) {
        dated_[absl::CivilDay(*holiday.year, holiday.month, holiday.day)] = &holiday.hours;
      } else {
        recurring_[holiday.month * 100 + holiday.day] = &holiday.hours;
      }
    }
    always_ = hours_.fallback_24x7 && !KeepsOpening();
    cumulative_.push_back(0);
  }

  const std::vector<OpenInterval>& HoursOf(absl::CivilDay day) const {
    static const std::vector<OpenInterval>* const kAllDay = new std::vector<OpenInterval>{{0, kDaySeconds}};
    if (always_) return *kAllDay;
    if (const auto it = dated_.find(day); it != dated_.end()) return *it->second;
    if (const auto it = recurring_.find(day.month() * 100 + day.day()); it != recurring_.end()) return *it->second;
    return hours_.week[static_cast<int>(absl::GetWeekday(day))];
  }

  bool KeepsOpening() const {
    absl::CivilDay day(2000, 1, 1);
    for (const auto& [date, unused] : dated_) day = std::max(day, date + 1);
    for (int64_t i = 0; i < kOpensWithinDays; ++i) {
      if (!HoursOf(day + i).empty()) return true;
    }
    return false;
  }

  // The open instants of a local day, sorted, overlaps counted once [S-66].
  std::vector<Span> Raw(absl::CivilDay day) const {
    std::vector<Span> spans;
    for (const OpenInterval& interval : HoursOf(day)) {
      const absl::CivilSecond midnight(day);
      const Span span{absl::ToUnixSeconds(FromLocal(midnight + interval.open, zone_)),
                      absl::ToUnixSeconds(FromLocal(midnight + interval.close, zone_, /*second=*/true))};
      if (span.start < span.end) spans.push_back(span);
    }
    SortAndMerge(spans);
    return spans;
  }

  // The open instants of `day` and its neighbours in order of time, each second once.
  std::vector<Span> Around(absl::CivilDay day) const {
    std::vector<Span> all;
    std::vector<Span> before = Raw(day - 2);
    for (absl::CivilDay d = day - 1; d <= day + 1; ++d) {
      std::vector<Span> raw = Raw(d);
      for (const Span& span : Subtract(raw, before)) all.push_back(span);
      before = std::move(raw);
    }
    std::sort(all.begin(), all.end(), [](const Span& a, const Span& b) { return a.start < b.start; });
    return all;
  }

  // Makes sure that the sums reach over [from, to].
  void Cover(absl::CivilDay from, absl::CivilDay to) {
    {
      absl::ReaderMutexLock lock(&mutex_);
      if (from >= base_ && to < base_ + days()) return;
    }
    absl::MutexLock lock(&mutex_);
    if (days() == 0) base_ = from - kGrowDays;
    if (from < base_) {
      std::vector<int64_t> sums = Sums(from - kGrowDays, base_);
      const int64_t offset = sums.back();
      sums.pop_back();
      for (int64_t sum : cumulative_) sums.push_back(sum + offset);
      base_ = from - kGrowDays;
      cumulative_ = std::move(sums);
    }
    if (const absl::CivilDay end = base_ + days(); to >= end) {
      const std::vector<int64_t> sums = Sums(end, to + kGrowDays);
      const int64_t offset = cumulative_.back();
      for (size_t i = 1; i < sums.size(); ++i) cumulative_.push_back(sums[i] + offset);
    }
  }

  // Open time of all days before `day`, counted from the base; the base only cancels out in differences under one lock.
  int64_t Before(absl::CivilDay day) const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return cumulative_[day - base_]; }

  // Open time before `t`. The local day of `t` and its neighbours are covered.
  absl::Duration OpenBefore(absl::Time t) const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    const absl::CivilDay day = LocalDay(t, zone_);
    absl::Duration open = absl::Seconds(Before(day - 1));
    for (const Span& span : Around(day)) {
      const absl::Time start = absl::FromUnixSeconds(span.start);
      if (start < t) open += std::min(t, absl::FromUnixSeconds(span.end)) - start;
    }
    return open;
  }

  absl::Duration Elapsed(absl::Time a, absl::Time b) {
    if (a >= b) return absl::ZeroDuration();
    Cover(LocalDay(a, zone_) - 2, LocalDay(b, zone_) + 2);
    absl::ReaderMutexLock lock(&mutex_);
    return OpenBefore(b) - OpenBefore(a);
  }

  absl::Time Add(absl::Time a, absl::Duration d) {
    const absl::CivilDay first = LocalDay(a, zone_);
    absl::CivilDay last = first + 2;
    for (int64_t step = kGrowDays;; step *= 2) {
      Cover(first - 2, last);
      absl::ReaderMutexLock lock(&mutex_);
      const absl::Duration target = OpenBefore(a) + d;
      if (absl::Seconds(cumulative_.back()) >= target) return Reach(target);
      if (last >= kEndDay) return absl::InfiniteFuture();
      last = std::min(last + step, kEndDay);
    }
  }

  // The earliest instant before which `target` open time lies. The sums reach it.
  absl::Time Reach(absl::Duration target) const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    const auto it = std::lower_bound(cumulative_.begin(), cumulative_.end(), target,
                                     [](int64_t sum, absl::Duration wanted) { return absl::Seconds(sum) < wanted; });
    const absl::CivilDay day = base_ + ((it - cumulative_.begin()) - 1);
    absl::Duration open = absl::Seconds(Before(day - 1));
    for (const Span& span : Around(day)) {
      const absl::Duration length = absl::Seconds(span.end - span.start);
      if (open + length >= target) return absl::FromUnixSeconds(span.start) + (target - open);
      open += length;
    }
    return absl::InfiniteFuture();
  }

  const BusinessHours& hours() const { return hours_; }
  absl::TimeZone zone() const { return zone_; }

 private:
  int64_t days() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return static_cast<int64_t>(cumulative_.size()) - 1; }

  // Running sums over [from, to), beginning with 0.
  std::vector<int64_t> Sums(absl::CivilDay from, absl::CivilDay to) const {
    std::vector<int64_t> sums{0};
    sums.reserve(to - from + 1);
    std::vector<Span> before = Raw(from - 1);
    for (absl::CivilDay day = from; day < to; ++day) {
      std::vector<Span> raw = Raw(day);
      sums.push_back(sums.back() + Length(Subtract(raw, before)));
      before = std::move(raw);
    }
    return sums;
  }

  const BusinessHours hours_;
  const absl::TimeZone zone_;
  absl::flat_hash_map<absl::CivilDay, const std::vector<OpenInterval>*> dated_;
  absl::flat_hash_map<int, const std::vector<OpenInterval>*> recurring_;
  bool always_ = false;
  absl::Mutex mutex_;
  absl::CivilDay base_ ABSL_GUARDED_BY(mutex_);
  std::vector<int64_t> cumulative_ ABSL_GUARDED_BY(mutex_);
};

absl::StatusOr<BusinessCalendar> BusinessCalendar::Create(BusinessHours hours) {
  if (absl::Status status = Validate(hours); !status.ok()) return status;
  const absl::StatusOr<absl::TimeZone> zone = LoadZone(hours.zone, "zone");
  if (!zone.ok()) return zone.status();
  const bool fallback = hours.fallback_24x7;
  auto state = std::make_shared<State>(std::move(hours), *zone);
  if (!fallback && !state->KeepsOpening()) {
    return Error(absl::StatusCode::kFailedPrecondition, "CALENDAR_EMPTY",
                 "the calendar never opens; give at least one weekday hours, or set fallback_24x7");
  }
  return BusinessCalendar(std::move(state));
}

BusinessCalendar BusinessCalendar::Always(absl::TimeZone zone) {
  BusinessHours hours;
  hours.zone = zone.name();
  hours.fallback_24x7 = true;
  return BusinessCalendar(std::make_shared<State>(std::move(hours), zone));
}

absl::Duration BusinessCalendar::Elapsed(absl::Time a, absl::Time b, absl::Span<const TimeRange> pauses) const {
  const absl::Time lo = StartOfDay(kFirstDay, absl::UTCTimeZone());
  const absl::Time hi = StartOfDay(kEndDay, absl::UTCTimeZone());
  a = std::clamp(a, lo, hi);
  b = std::clamp(b, lo, hi);
  absl::Duration elapsed = state_->Elapsed(a, b);
  std::vector<TimeRange> sorted(pauses.begin(), pauses.end());
  std::sort(sorted.begin(), sorted.end(), [](const TimeRange& x, const TimeRange& y) { return x.start < y.start; });
  absl::Time covered = a;
  for (const TimeRange& pause : sorted) {
    const absl::Time start = std::max(pause.start, covered);
    const absl::Time end = std::min(pause.end, b);
    elapsed -= state_->Elapsed(start, end);
    covered = std::max(covered, end);
  }
  return elapsed;
}

absl::Time BusinessCalendar::Add(absl::Time a, absl::Duration d) const {
  if (d <= absl::ZeroDuration()) return a;
  const absl::Time lo = StartOfDay(kFirstDay, absl::UTCTimeZone());
  const absl::Time hi = StartOfDay(kEndDay, absl::UTCTimeZone());
  if (a >= hi || d == absl::InfiniteDuration()) return absl::InfiniteFuture();
  return state_->Add(std::max(a, lo), d);
}

bool BusinessCalendar::IsOpen(absl::Time t) const {
  for (const Span& span : state_->Around(LocalDay(t, state_->zone()))) {
    if (absl::FromUnixSeconds(span.start) <= t && t < absl::FromUnixSeconds(span.end)) return true;
  }
  return false;
}

bool BusinessCalendar::IsBusinessDay(absl::CivilDay day) const { return !state_->Raw(day).empty(); }

absl::CivilDay BusinessCalendar::BusinessDayOnOrAfter(absl::CivilDay day) const {
  while (!IsBusinessDay(day)) ++day;
  return day;
}

absl::CivilDay BusinessCalendar::AddBusinessDays(absl::CivilDay day, int64_t n) const {
  if (n <= 0) return BusinessDayOnOrAfter(day);
  for (; n > 0; --n) day = BusinessDayOnOrAfter(day + 1);
  return day;
}

absl::TimeZone BusinessCalendar::zone() const { return state_->zone(); }
const BusinessHours& BusinessCalendar::hours() const { return state_->hours(); }

std::optional<int32_t> ParseTimeOfDay(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, ':');
  if (parts.size() != 2 && parts.size() != 3) return std::nullopt;
  int32_t values[3] = {0, 0, 0};
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].size() != 2 || !absl::ascii_isdigit(parts[i][0]) || !absl::ascii_isdigit(parts[i][1]))
      return std::nullopt;
    values[i] = (parts[i][0] - '0') * 10 + (parts[i][1] - '0');
  }
  const int32_t second = values[0] * 3600 + values[1] * 60 + values[2];
  if (values[1] > 59 || values[2] > 59 || second > kDaySeconds) return std::nullopt;
  return second;
}

std::string FormatTimeOfDay(int32_t second) {
  const std::string text = absl::StrFormat("%02d:%02d", second / 3600, second / 60 % 60);
  return second % 60 == 0 ? text : absl::StrFormat("%s:%02d", text, second % 60);
}

std::optional<Holiday> ParseHolidayDate(absl::string_view text) {
  Holiday holiday;
  const bool dated = text.size() == 10;
  const std::optional<absl::CivilDay> day = ParseDate(dated ? std::string(text) : absl::StrCat("2000-", text));
  if (!day) return std::nullopt;
  if (dated) holiday.year = static_cast<int>(day->year());
  holiday.month = day->month();
  holiday.day = day->day();
  return holiday;
}

std::string FormatHolidayDate(const Holiday& holiday) {
  const std::string date = absl::StrFormat("%02d-%02d", holiday.month, holiday.day);
  return holiday.year ? absl::StrFormat("%04d-%s", *holiday.year, date) : date;
}

}  // namespace vinculo::calendar
