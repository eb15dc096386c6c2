#pragma once

#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "services/messaging/domain/campaign.h"
#include "services/messaging/domain/contact.h"
#include "services/messaging/domain/policy.h"

namespace vinculo::messaging {

// Hours that are open in both [M-66].
WeeklyHours Narrow(const WeeklyHours& hours, const WeeklyHours& by);

// `t` itself when it is allowed, else the next opening: read from the zone's clock, so a day of 23 or 25 hours opens
// when its clock says so. nullopt when no hour is ever allowed.
std::optional<absl::Time> NextAllowed(const WeeklyHours& hours, absl::TimeZone zone, absl::Time t);

// Whether every hour of the week is allowed.
bool AlwaysAllowed(const WeeklyHours& hours);

// The zone of a contact: their own; else the one of the phone's country if it has just one; else the tenant's [M-65].
absl::TimeZone ZoneOf(const Contact& contact, absl::TimeZone tenant);

// When each recipient may be written to, by zone; one for a freeze, a preflight or a commit of intents. Not
// thread-safe.
class ZoneClock {
 public:
  // `earliest` is now, or the campaign's start when that lies ahead.
  ZoneClock(const Policy& policy, const Campaign& campaign, absl::Time earliest);

  struct Opening {
    absl::TimeZone zone;
    absl::Time any;  // transactional content: from the start, in the contact's zone where it says so
    std::optional<absl::Time> marketing;  // within the allowed hours; nullopt: never
  };
  const Opening& Of(const Contact& contact);
  // The same by category.
  std::optional<absl::Time> For(const Contact& contact, Category category);
  const WeeklyHours& hours() const { return hours_; }
  absl::TimeZone tenant() const { return tenant_; }

 private:
  const absl::TimeZone tenant_;
  const WeeklyHours hours_;
  const CampaignStart start_;
  const absl::Time earliest_;
  absl::flat_hash_map<std::string, Opening> openings_;
};

// The hours of a campaign: the tenant's, narrowed by its own.
WeeklyHours HoursOf(const Policy& policy, const Campaign& campaign);

// When a campaign starts, as an instant: `now` when it says nothing. By contact it is when the first zone of all
// reaches the local time.
absl::Time StartInstant(const CampaignStart& start, absl::TimeZone tenant, absl::Time now);

// Whether a start that an author chose lies wholly in the past, for everybody.
bool StartIsPast(const CampaignStart& start, absl::TimeZone tenant, absl::Time now);

}  // namespace vinculo::messaging
