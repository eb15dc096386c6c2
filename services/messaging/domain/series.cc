#include "services/messaging/domain/series.h"

namespace vinculo::messaging {
namespace {

calendar::TimeRange Of(calendar::PeriodKind kind, absl::Time at, absl::TimeZone zone) {
  return calendar::Period::Containing(kind, at, zone).Instants(zone);
}

}  // namespace

calendar::TimeRange SeriesBucketOf(SeriesStep step, absl::Time at, absl::TimeZone zone) {
  switch (step) {
    case SeriesStep::kMinute: {
      const absl::Time start = absl::UnixEpoch() + absl::Floor(at - absl::UnixEpoch(), absl::Minutes(1));
      return {start, start + absl::Minutes(1)};
    }
    case SeriesStep::kHour: {
      // By the offset in force: where clocks change in the middle of an hour, that hour is two buckets.
      const absl::Duration offset = absl::Seconds(zone.At(at).offset);
      const absl::Time start =
          absl::UnixEpoch() + absl::Floor(at - absl::UnixEpoch() + offset, absl::Hours(1)) - offset;
      return {start, start + absl::Hours(1)};
    }
    case SeriesStep::kDay:
      return Of(calendar::PeriodKind::kDay, at, zone);
    case SeriesStep::kWeek:
      return Of(calendar::PeriodKind::kWeek, at, zone);
    case SeriesStep::kMonth:
      return Of(calendar::PeriodKind::kMonth, at, zone);
  }
  return {at, at};
}

}  // namespace vinculo::messaging
