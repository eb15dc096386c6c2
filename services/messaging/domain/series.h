#pragma once

#include "absl/time/time.h"
#include "common/calendar/period.h"

namespace vinculo::messaging {

// How long a bucket of a series is. These numbers are those of the contract.
enum class SeriesStep { kMinute = 1, kHour = 2, kDay = 3, kWeek = 4, kMonth = 5 };

// The bucket [start, end) that holds the instant. Hours begin on the zone's full hours; days, weeks (from Monday) and
// months are the zone's own [M-120].
calendar::TimeRange SeriesBucketOf(SeriesStep step, absl::Time at, absl::TimeZone zone);

}  // namespace vinculo::messaging
