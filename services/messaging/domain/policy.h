#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/calendar/business_calendar.h"
#include "common/calendar/zone.h"

namespace vinculo::messaging {

// Thresholds at which a campaign pauses itself [M-72].
struct Protection {
  int failure_percent = 20;
  int capped_percent = 30;
  int outcomes = 200;
  int opt_out_percent = 3;
  int opt_out_from = 100;
  int unknowns_per_minute = 20;
  absl::Duration silence = absl::Minutes(5);
  friend bool operator==(const Protection&, const Protection&) = default;
};

// Every threshold unset: what a campaign has that changes none.
inline constexpr Protection kUnsetProtection{0, 0, 0, 0, 0, 0, absl::ZeroDuration()};

// Monday first. At least one day is open.
using WeeklyHours = std::array<std::vector<calendar::OpenInterval>, 7>;

// Every day from 09:00 to 21:00 [M-66].
WeeklyHours DefaultHours();

// What a tenant decides once for all its sending; the values here hold for whoever never did.
struct Policy {
  std::string time_zone = calendar::kDefaultZone;
  WeeklyHours allowed_hours = DefaultHours();  // when marketing may begin, by the zone of the contact [M-66]
  int frequency_cap = 3;                       // marketing per contact in the window, 0: no cap [M-68]
  absl::Duration frequency_window = absl::Hours(7 * 24);
  bool utility_needs_grant = false;                     // [M-37]
  std::vector<std::string> barred_countries = {"US"};   // marketing does not go there
  bool confirm_opt_out = true;                          // [M-41]
  std::map<std::string, std::string> opt_out_texts;     // by language
  absl::Duration attribution_window = absl::Hours(24);  // [M-107]
  int unreachable_days = 3;                             // [M-42]
  absl::Duration unreachable_for = absl::Hours(30 * 24);
  Protection protection;
  int64_t revision = 0;  // 0: the defaults, never stored

  // The zone of `time_zone`.
  absl::TimeZone zone() const;
  bool Bars(const std::string& country) const;
  // The confirmation of an opt-out in a contact's language: that language, its base, Spanish, or our own words.
  std::string OptOutText(const std::string& language) const;
};

}  // namespace vinculo::messaging
