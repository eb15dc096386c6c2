#include "services/messaging/domain/allowed_hours.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/calendar/country_zone.h"
#include "common/calendar/zone.h"

namespace vinculo::messaging {
namespace {

constexpr int32_t kDay = 24 * 3600;
// The clocks that are furthest ahead and behind anywhere.
constexpr absl::Duration kFurthestAhead = absl::Hours(14), kFurthestBehind = absl::Hours(12);

absl::Time At(absl::CivilDay day, int32_t second, absl::TimeZone zone) {
  return calendar::FromLocal(absl::CivilSecond(day) + second, zone);
}

}  // namespace

WeeklyHours Narrow(const WeeklyHours& hours, const WeeklyHours& by) {
  WeeklyHours out;
  for (size_t day = 0; day < out.size(); ++day) {
    for (const calendar::OpenInterval& a : hours[day]) {
      for (const calendar::OpenInterval& b : by[day]) {
        const int32_t open = std::max(a.open, b.open), close = std::min(a.close, b.close);
        if (open < close) out[day].push_back({open, close});
      }
    }
  }
  return out;
}

std::optional<absl::Time> NextAllowed(const WeeklyHours& hours, absl::TimeZone zone, absl::Time t) {
  const absl::CivilDay first = absl::ToCivilDay(t, zone);
  // Eight days: today's hours may be over, and come again in a week.
  for (int ahead = 0; ahead <= 7; ++ahead) {
    const absl::CivilDay day = first + ahead;
    const auto& intervals = hours[static_cast<size_t>(absl::GetWeekday(day))];
    for (const calendar::OpenInterval& i : intervals) {
      const absl::Time open = At(day, i.open, zone), close = At(day, i.close, zone);
      if (t < close && open < close) return std::max(t, open);
    }
  }
  return std::nullopt;
}

bool AlwaysAllowed(const WeeklyHours& hours) {
  return std::all_of(hours.begin(), hours.end(), [](const auto& day) {
    int32_t covered = 0;
    for (const calendar::OpenInterval& i : day) {
      if (i.open <= covered) covered = std::max(covered, i.close);
    }
    return covered == kDay;
  });
}

absl::TimeZone ZoneOf(const Contact& contact, absl::TimeZone tenant) {
  const std::string name =
      contact.time_zone.empty() ? calendar::ZoneOfCountry(contact.country).value_or("") : contact.time_zone;
  if (name.empty()) return tenant;
  const absl::StatusOr<absl::TimeZone> zone = calendar::LoadZone(name);
  return zone.ok() ? *zone : tenant;
}

WeeklyHours HoursOf(const Policy& policy, const Campaign& campaign) {
  return campaign.guards.allowed_hours ? Narrow(policy.allowed_hours, *campaign.guards.allowed_hours)
                                       : policy.allowed_hours;
}

absl::Time StartInstant(const CampaignStart& start, absl::TimeZone tenant, absl::Time now) {
  switch (start.kind) {
    case CampaignStart::Kind::kNow:
      return now;
    case CampaignStart::Kind::kInstant:
      return start.instant;
    case CampaignStart::Kind::kTenantTime:
      return calendar::FromLocal(start.local, tenant);
    case CampaignStart::Kind::kContactTime:
      return absl::FromCivil(start.local, absl::UTCTimeZone()) - kFurthestAhead;
  }
  return now;
}

bool StartIsPast(const CampaignStart& start, absl::TimeZone tenant, absl::Time now) {
  if (start.kind == CampaignStart::Kind::kNow) return false;
  const absl::Time at = StartInstant(start, tenant, now);
  return start.kind == CampaignStart::Kind::kContactTime ? at + kFurthestAhead + kFurthestBehind < now : at < now;
}

ZoneClock::ZoneClock(const Policy& policy, const Campaign& campaign, absl::Time earliest)
    : tenant_(policy.zone()), hours_(HoursOf(policy, campaign)), start_(campaign.start), earliest_(earliest) {}

const ZoneClock::Opening& ZoneClock::Of(const Contact& contact) {
  const std::string& key = contact.time_zone.empty() ? contact.country : contact.time_zone;
  const auto known = openings_.find(key);
  if (known != openings_.end()) return known->second;
  Opening opening{ZoneOf(contact, tenant_), earliest_, std::nullopt};
  if (start_.kind == CampaignStart::Kind::kContactTime)
    opening.any = std::max(earliest_, calendar::FromLocal(start_.local, opening.zone));
  opening.marketing = NextAllowed(hours_, opening.zone, opening.any);
  return openings_.emplace(key, opening).first->second;
}

std::optional<absl::Time> ZoneClock::For(const Contact& contact, Category category) {
  const Opening& opening = Of(contact);
  return category == Category::kMarketing ? opening.marketing : opening.any;
}

}  // namespace vinculo::messaging
