#pragma once

#include "common/status/error.h"
#include "services/messaging/domain/policy.h"
#include "vinculo/messaging/v1/policy.pb.h"

namespace vinculo::messaging {

// The whole policy that a request wants, every violation under `policy`. Keeps `revision` out: that is the etag's.
Policy ParsePolicy(const v1::Policy& in, FieldViolations& bad);
void RenderPolicy(const Policy& in, v1::Policy* out);

// Hours as several entries, each for some days, to a week and back. Overlaps and wrong times are violations under
// `field`.
WeeklyHours ParseHours(const google::protobuf::RepeatedPtrField<v1::AllowedHours>& in, absl::string_view field,
                       FieldViolations& bad);
void RenderHours(const WeeklyHours& in, google::protobuf::RepeatedPtrField<v1::AllowedHours>* out);

// Thresholds over `otherwise`: 0 keeps what is there.
Protection ParseProtection(const v1::Protection& in, absl::string_view field, const Protection& otherwise,
                           FieldViolations& bad);
void RenderProtection(const Protection& in, v1::Protection* out);

}  // namespace vinculo::messaging
