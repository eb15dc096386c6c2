#include "common/calendar/zone.h"

#include <sys/stat.h>

#include <cstdlib>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"

namespace vinculo::calendar {
namespace {

constexpr size_t kMaxZoneName = 64;

bool LooksLikeOffset(absl::string_view name) {
  if (name == "Z" || name == "z") return true;
  for (absl::string_view prefix : {"Fixed/", "UTC", "GMT", "utc", "gmt"}) absl::ConsumePrefix(&name, prefix);
  return name.size() >= 2 && (name[0] == '+' || name[0] == '-') && absl::ascii_isdigit(name[1]);
}

// The loader also opens absolute paths, and remembers every name it ever failed on; so only names that can be zones and
// are in the database reach it.
bool IsInDatabase(absl::string_view name) {
  if (name == "UTC") return true;
  if (name.empty() || name.size() > kMaxZoneName) return false;
  for (absl::string_view part : absl::StrSplit(name, '/')) {
    if (part.empty() || !absl::ascii_isalpha(part[0])) return false;
    for (char c : part) {
      if (!absl::ascii_isalnum(c) && c != '_' && c != '-' && c != '+') return false;
    }
  }
  if (absl::StartsWith(name, "posix") || absl::StartsWith(name, "right/") || name == "localtime" || name == "Factory") {
    return false;
  }
  const char* dir = std::getenv("TZDIR");
  struct stat info;
  const std::string path = absl::StrCat(dir != nullptr ? dir : "/usr/share/zoneinfo", "/", name);
  return stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

enum class Verdict { kOk, kOffset, kUnknown };

Verdict Load(absl::string_view name, absl::TimeZone& zone) {
  if (LooksLikeOffset(name)) return Verdict::kOffset;
  if (!IsInDatabase(name) || !absl::LoadTimeZone(name, &zone)) return Verdict::kUnknown;
  return Verdict::kOk;
}

constexpr char kOffsetText[] =
    "is an offset, which is ambiguous across a clock change; use a zone name such as America/Argentina/Buenos_Aires";

std::string UnknownText(absl::string_view name) {
  if (name.empty()) return "is required: an IANA zone name such as America/Argentina/Buenos_Aires";
  return "is not an IANA zone name such as America/Argentina/Buenos_Aires";
}

}  // namespace

absl::StatusOr<absl::TimeZone> LoadZone(absl::string_view name, absl::string_view field) {
  absl::TimeZone zone;
  switch (Load(name, zone)) {
    case Verdict::kOk:
      return zone;
    case Verdict::kOffset: {
      FieldViolations bad;
      bad.Add(std::string(field), kOffsetText);
      return bad.ToStatus("OFFSET_NOT_ZONE");
    }
    case Verdict::kUnknown:
      break;
  }
  FieldViolations bad;
  bad.Add(std::string(field), UnknownText(name));
  return bad.ToStatus();
}

absl::StatusOr<absl::TimeZone> LoadZoneOr(absl::string_view name, absl::TimeZone fallback, absl::string_view field) {
  if (name.empty()) return fallback;
  return LoadZone(name, field);
}

absl::TimeZone ParseZone(absl::string_view field, absl::string_view name, FieldViolations& bad) {
  absl::TimeZone zone;
  switch (Load(name, zone)) {
    case Verdict::kOk:
      return zone;
    case Verdict::kOffset:
      bad.Add(std::string(field), kOffsetText);
      break;
    case Verdict::kUnknown:
      bad.Add(std::string(field), UnknownText(name));
  }
  return absl::UTCTimeZone();
}

bool IsZone(absl::string_view name) {
  absl::TimeZone zone;
  return Load(name, zone) == Verdict::kOk;
}

absl::Time StartOfDay(absl::CivilDay day, absl::TimeZone zone) {
  const absl::TimeZone::TimeInfo info = zone.At(absl::CivilSecond(day));
  return info.kind == absl::TimeZone::TimeInfo::SKIPPED ? info.trans : info.pre;
}

absl::CivilDay LocalDay(absl::Time instant, absl::TimeZone zone) { return absl::ToCivilDay(instant, zone); }

absl::Time FromLocal(absl::CivilSecond local, absl::TimeZone zone, bool second) {
  const absl::TimeZone::TimeInfo info = zone.At(local);
  return info.kind == absl::TimeZone::TimeInfo::REPEATED && second ? info.post : info.pre;
}

std::optional<absl::CivilDay> ParseDate(absl::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  for (size_t i = 0; i < text.size(); ++i) {
    if (i != 4 && i != 7 && !absl::ascii_isdigit(text[i])) return std::nullopt;
  }
  int year = 0, month = 0, day = 0;
  if (!absl::SimpleAtoi(text.substr(0, 4), &year) || !absl::SimpleAtoi(text.substr(5, 2), &month) ||
      !absl::SimpleAtoi(text.substr(8, 2), &day)) {
    return std::nullopt;
  }
  const absl::CivilDay date(year, month, day);
  if (year < 1 || date.month() != month || date.day() != day) return std::nullopt;
  return date;
}

std::string FormatDate(absl::CivilDay day) {
  return absl::StrFormat("%04d-%02d-%02d", day.year(), day.month(), day.day());
}

}  // namespace vinculo::calendar
