#include "common/calendar/country_zone.h"

#include <unicode/strenum.h>
#include <unicode/timezone.h>

#include <memory>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/civil_time.h"
#include "common/calendar/zone.h"

namespace vinculo::calendar {
namespace {

// Two zones show the same clock when they agree twice a month through these years.
constexpr int kFirstYear = 2024, kLastYear = 2030;

bool SameClock(absl::TimeZone a, absl::TimeZone b) {
  for (int year = kFirstYear; year <= kLastYear; ++year) {
    for (int half_month = 0; half_month < 24; ++half_month) {
      const absl::Time t =
          absl::FromCivil(absl::CivilDay(year, half_month / 2 + 1, half_month % 2 * 15 + 1), absl::UTCTimeZone());
      if (a.At(t).offset != b.At(t).offset) return false;
    }
  }
  return true;
}

std::optional<std::string> LookUp(const std::string& country) {
  UErrorCode error = U_ZERO_ERROR;
  const std::unique_ptr<icu::StringEnumeration> ids(
      icu::TimeZone::createTimeZoneIDEnumeration(UCAL_ZONE_TYPE_CANONICAL_LOCATION, country.c_str(), nullptr, error));
  if (U_FAILURE(error) || ids == nullptr) return std::nullopt;
  std::optional<std::string> first;
  absl::TimeZone clock;
  while (const char* id = ids->next(nullptr, error)) {
    const absl::StatusOr<absl::TimeZone> zone = LoadZone(id);
    if (!zone.ok()) continue;
    if (!first) {
      first = id;
      clock = *zone;
    } else if (!SameClock(clock, *zone)) {
      return std::nullopt;
    }
  }
  return first;
}

}  // namespace

std::optional<std::string> ZoneOfCountry(absl::string_view iso_country) {
  static absl::Mutex mutex(absl::kConstInit);
  static auto& known = *new absl::flat_hash_map<std::string, std::optional<std::string>>();
  if (iso_country.size() != 2 || !absl::ascii_isupper(iso_country[0]) || !absl::ascii_isupper(iso_country[1]))
    return std::nullopt;
  const absl::MutexLock lock(&mutex);
  const auto [it, fresh] = known.try_emplace(std::string(iso_country));
  if (fresh) it->second = LookUp(it->first);
  return it->second;
}

}  // namespace vinculo::calendar
