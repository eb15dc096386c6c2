#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/status/error.h"

namespace vinculo::calendar {

// The zone of a tenant that never chose one [L-01].
inline constexpr char kDefaultZone[] = "America/Argentina/Buenos_Aires";

// The zone with this IANA name ("America/Bogota", "UTC"). INVALID_ARGUMENT otherwise: reason OFFSET_NOT_ZONE for an
// offset such as "-03:00", "UTC-3" or "Z", which says nothing about clock changes; reason INVALID_FIELDS with a
// violation on `field` for an empty or unknown name. Never reads outside the zone database. Thread-safe; loaded zones
// are cached.
absl::StatusOr<absl::TimeZone> LoadZone(absl::string_view name, absl::string_view field = "time_zone");

// The same for a request's optional zone: empty means `fallback` (the tenant's).
absl::StatusOr<absl::TimeZone> LoadZoneOr(absl::string_view name, absl::TimeZone fallback,
                                          absl::string_view field = "time_zone");

// For parsers that collect: adds a violation and returns UTC when `name` is not a zone (offsets included).
absl::TimeZone ParseZone(absl::string_view field, absl::string_view name, FieldViolations& bad);

// True when LoadZone would accept `name`.
bool IsZone(absl::string_view name);

// The first instant of a local day. Where midnight does not exist it is the instant of the clock change; where it
// exists twice it is the first one. Never falls as `day` rises, also across days of 23 or 25 hours [L-03].
absl::Time StartOfDay(absl::CivilDay day, absl::TimeZone zone);

// The local date of an instant.
absl::CivilDay LocalDay(absl::Time instant, absl::TimeZone zone);

// A local time that may not exist or exist twice as an instant [S-66]: one that does not exist moves forward by the
// length of the gap; one that exists twice takes its first occurrence, or the second when `second` is set.
absl::Time FromLocal(absl::CivilSecond local, absl::TimeZone zone, bool second = false);

// ISO date "2024-03-15"; nullopt for anything else, also for dates that do not exist. Years 0001 to 9999.
std::optional<absl::CivilDay> ParseDate(absl::string_view text);
std::string FormatDate(absl::CivilDay day);

}  // namespace vinculo::calendar
