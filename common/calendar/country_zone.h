#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace vinculo::calendar {

// The zone of a country that has just one: "AR" -> "America/Argentina/Buenos_Aires". Zones that show the same clock
// count as one, so Argentina's twelve are; nullopt for countries with several clocks ("BR", "US") and for unknown
// codes. From ICU's tables, read on the first call. Thread-safe.
std::optional<std::string> ZoneOfCountry(absl::string_view iso_country);

}  // namespace vinculo::calendar
