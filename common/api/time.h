#pragma once

#include <optional>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/status/error.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace vinculo::api {

// Microseconds. Times outside years 1 to 9999 are clamped to them.
google::protobuf::Timestamp ToTimestamp(absl::Time t);
void SetTimestamp(absl::Time t, google::protobuf::Timestamp* out);
google::protobuf::Duration ToDuration(absl::Duration d);

// A Timestamp in years 1 to 9999 with 0 <= nanos < 1e9, cut to microseconds; else a violation and the Unix epoch.
absl::Time ParseTimestamp(absl::string_view field, const google::protobuf::Timestamp& value, FieldViolations& bad);
// For `has_x() ? &x() : nullptr`; null is unset.
std::optional<absl::Time> ParseOptionalTimestamp(absl::string_view field, const google::protobuf::Timestamp* value,
                                                 FieldViolations& bad);
// A Duration that is well formed (one sign, at most 10,000 years) and within [min, max]; else a violation and `min`.
absl::Duration ParseDuration(absl::string_view field, const google::protobuf::Duration& value, absl::Duration min,
                             absl::Duration max, FieldViolations& bad);

}  // namespace vinculo::api
