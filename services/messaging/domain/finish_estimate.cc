#include "services/messaging/domain/finish_estimate.h"

#include <algorithm>

#include "services/messaging/domain/allowed_hours.h"

namespace vinculo::messaging {
namespace {

constexpr absl::Duration kReachDay = absl::Hours(24);
// An estimate that takes longer says "never".
constexpr int kMaxSteps = 20'000;

// The end of the hours that are open at `t`; each hour looks at most a day ahead.
absl::Time ClosesAt(const WeeklyHours& hours, absl::TimeZone zone, absl::Time t) {
  absl::Time end = t;
  const absl::CivilDay day = absl::ToCivilDay(t, zone);
  for (const calendar::OpenInterval& i : hours[static_cast<size_t>(absl::GetWeekday(day))]) {
    const absl::Time open = calendar::FromLocal(absl::CivilSecond(day) + i.open, zone);
    const absl::Time close = calendar::FromLocal(absl::CivilSecond(day) + i.close, zone);
    if (open <= t && t < close) end = close;
  }
  return end;
}

class Simulation {
 public:
  Simulation(std::vector<ZoneGroup> groups, const WeeklyHours& hours, const Pace& pace, absl::Time start)
      : groups_(std::move(groups)), hours_(hours), pace_(pace), now_(start), reach_until_(start + kReachDay) {
    reach_ = pace.reach_now;
  }

  FinishEstimate Run(std::optional<absl::Time> deadline) {
    FinishEstimate out;
    for (int step = 0; step < kMaxSteps; ++step) {
      std::erase_if(groups_, [](const ZoneGroup& g) { return g.people <= 0; });
      if (groups_.empty()) {
        out.finish = now_;
        break;
      }
      if (deadline && now_ >= *deadline && !counted_) Count(out);
      if (!Step(deadline && !counted_ ? *deadline : absl::InfiniteFuture())) break;
    }
    if (!out.finish && deadline && !counted_) Count(out);
    out.days_of_reach = days_;
    return out;
  }

 private:
  void Count(FinishEstimate& out) {
    counted_ = true;
    for (const ZoneGroup& g : groups_) out.after_deadline += g.people;
  }

  std::optional<absl::Time> OpensAt(const ZoneGroup& g) const {
    const absl::Time from = std::max(now_, g.from);
    return g.marketing ? NextAllowed(hours_, g.zone, from) : from;
  }

  // Up to the next moment at which anything changes; false when nothing ever opens.
  bool Step(absl::Time until) {
    if (reach_ && *reach_ <= 0) return NextReachDay();
    std::optional<absl::Time> opens;
    int64_t open_people = 0;
    for (const ZoneGroup& g : groups_) {
      const std::optional<absl::Time> at = OpensAt(g);
      if (!at) continue;
      if (*at <= now_) {
        open_people += g.people;
        if (g.marketing) until = std::min(until, ClosesAt(hours_, g.zone, now_));
      } else if (!opens || *at < *opens) {
        opens = at;
      }
    }
    if (opens) until = std::min(until, *opens);
    if (open_people == 0) return opens || until < absl::InfiniteFuture() ? Advance(until) : false;
    if (reach_) until = std::min(until, reach_until_);
    Send(open_people, until);
    return true;
  }

  bool Advance(absl::Time to) {
    now_ = to;
    while (reach_ && now_ >= reach_until_) RenewReach();
    return true;
  }

  bool NextReachDay() {
    if (pace_.reach_per_day.value_or(0) <= 0) return false;
    now_ = std::max(now_, reach_until_);
    RenewReach();
    ++days_;
    return true;
  }

  void RenewReach() {
    reach_ = pace_.reach_per_day;
    reach_until_ += kReachDay;
  }

  void Send(int64_t open_people, absl::Time until) {
    int64_t n = open_people;
    if (reach_) n = std::min(n, *reach_);
    if (until < absl::InfiniteFuture())
      n = std::min(n, std::max<int64_t>(1, absl::ToInt64Microseconds(until - now_) * pace_.per_second / 1'000'000));
    int64_t left = n;
    for (ZoneGroup& g : groups_) {
      const std::optional<absl::Time> at = OpensAt(g);
      if (!at || *at > now_) continue;
      const int64_t take = std::min(left, g.people);
      g.people -= take;
      left -= take;
    }
    if (reach_) *reach_ -= n;
    const absl::Time after = now_ + absl::Microseconds(n * 1'000'000 / pace_.per_second);
    // What is left of an interval too short for one more is passed over.
    const bool cut =
        until < absl::InfiniteFuture() && until - after < absl::Microseconds(1'000'000 / pace_.per_second + 1);
    Advance(n < open_people && cut ? until : after);
  }

  std::vector<ZoneGroup> groups_;
  const WeeklyHours& hours_;
  const Pace& pace_;
  absl::Time now_;
  std::optional<int64_t> reach_;
  absl::Time reach_until_;
  int days_ = 1;
  bool counted_ = false;
};

}  // namespace

FinishEstimate EstimateFinish(std::vector<ZoneGroup> groups, const WeeklyHours& hours, const Pace& pace,
                              absl::Time start, std::optional<absl::Time> deadline) {
  return Simulation(std::move(groups), hours, pace, start).Run(deadline);
}

int BulkPace(int throughput, int campaign_rate) {
  const int whole = std::max(1, throughput - std::max(1, throughput / 20));
  const int bulk = std::max(1, whole - whole / 10);
  return campaign_rate > 0 ? std::min(bulk, campaign_rate) : bulk;
}

}  // namespace vinculo::messaging
