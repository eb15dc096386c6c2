#include "common/api/time.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"

namespace vinculo::api {
namespace {

constexpr int64_t kMinSeconds = -62135596800;  // 0001-01-01T00:00:00Z
constexpr int64_t kMaxSeconds = 253402300799;  // 9999-12-31T23:59:59Z
constexpr int64_t kMaxDurationSeconds = 315576000000;
constexpr int64_t kMicros = 1000000;

}  // namespace

google::protobuf::Timestamp ToTimestamp(absl::Time t) {
  google::protobuf::Timestamp out;
  SetTimestamp(t, &out);
  return out;
}

void SetTimestamp(absl::Time t, google::protobuf::Timestamp* out) {
  const int64_t micros = absl::ToUnixMicros(std::clamp(
      t, absl::FromUnixSeconds(kMinSeconds), absl::FromUnixSeconds(kMaxSeconds) + absl::Microseconds(kMicros - 1)));
  int64_t seconds = micros / kMicros;
  int64_t rest = micros % kMicros;
  if (rest < 0) {
    rest += kMicros;
    --seconds;
  }
  out->set_seconds(seconds);
  out->set_nanos(static_cast<int32_t>(rest * 1000));
}

google::protobuf::Duration ToDuration(absl::Duration d) {
  const absl::Duration bound = absl::Seconds(kMaxDurationSeconds);
  d = std::clamp(d, -bound, bound);
  google::protobuf::Duration out;
  out.set_seconds(absl::IDivDuration(d, absl::Seconds(1), &d));
  out.set_nanos(static_cast<int32_t>(absl::IDivDuration(d, absl::Nanoseconds(1), &d)));
  return out;
}

absl::Time ParseTimestamp(absl::string_view field, const google::protobuf::Timestamp& value, FieldViolations& bad) {
  if (value.seconds() < kMinSeconds || value.seconds() > kMaxSeconds || value.nanos() < 0 ||
      value.nanos() > 999999999) {
    bad.Add(std::string(field), "is not a time between the years 1 and 9999");
    return absl::UnixEpoch();
  }
  return absl::FromUnixMicros(value.seconds() * kMicros + value.nanos() / 1000);
}

std::optional<absl::Time> ParseOptionalTimestamp(absl::string_view field, const google::protobuf::Timestamp* value,
                                                 FieldViolations& bad) {
  if (value == nullptr) return std::nullopt;
  return ParseTimestamp(field, *value, bad);
}

absl::Duration ParseDuration(absl::string_view field, const google::protobuf::Duration& value, absl::Duration min,
                             absl::Duration max, FieldViolations& bad) {
  const bool one_sign = value.seconds() == 0 || value.nanos() == 0 || (value.seconds() < 0) == (value.nanos() < 0);
  const bool in_bounds = value.seconds() >= -kMaxDurationSeconds && value.seconds() <= kMaxDurationSeconds &&
                         value.nanos() >= -999999999 && value.nanos() <= 999999999;
  if (!one_sign || !in_bounds) {
    bad.Add(std::string(field), "is not a duration");
    return min;
  }
  const absl::Duration duration = absl::Seconds(value.seconds()) + absl::Nanoseconds(value.nanos());
  if (duration < min || duration > max) {
    bad.Add(std::string(field),
            absl::StrCat("must lie between ", absl::FormatDuration(min), " and ", absl::FormatDuration(max)));
    return min;
  }
  return duration;
}

}  // namespace vinculo::api
