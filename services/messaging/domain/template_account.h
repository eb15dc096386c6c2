#pragma once

#include <optional>
#include <vector>

#include "absl/time/time.h"

// What WhatsApp lets an account do to its templates in a given time, as pure rules over what was counted.
namespace vinculo::messaging {

// WhatsApp's figures, as data.
struct ManagementLimits {
  int calls_per_hour = 200;
  int creations_per_hour = 100;
  int percent = 90;             // of each that we use
  int background_percent = 45;  // of each that a sync may use, so that people's acts go first

  int Calls(bool background) const { return calls_per_hour * Percent(background) / 100; }
  int Creations(bool background) const { return creations_per_hour * Percent(background) / 100; }

 private:
  int Percent(bool background) const { return background ? background_percent : percent; }
};

// What a job is about to do.
struct ManagementCost {
  int calls = 1;
  int creations = 0;
  bool background = false;
};

// Calls counted in the bucket that began at `at`.
inline constexpr absl::Duration kCallBucket = absl::Minutes(1);
struct CallBucket {
  absl::Time at;
  int calls = 0;
  int creations = 0;
};
absl::Time CallBucketOf(absl::Time t);

// What the hour that ends at `now` has seen.
ManagementCost CostOfHour(const std::vector<CallBucket>& buckets, absl::Time now);

// nullopt when the cost fits into the hour that ends at `now`; else when it will. `buckets` are those of the last hour
// and before, in any order; a bucket counts until an hour after its end. [M-23]
std::optional<absl::Time> RoomForCalls(const std::vector<CallBucket>& buckets, const ManagementCost& cost,
                                       const ManagementLimits& limits, absl::Time now);

// Edits of an approved translation that WhatsApp took.
struct EditLimits {
  absl::Duration between = absl::Hours(24);
  int per_month = 10;
  absl::Duration month = absl::Hours(30 * 24);
};
// nullopt when one more may be made now; else when. `edits` may be in any order. [M-25]
std::optional<absl::Time> RoomForEdit(const std::vector<absl::Time>& edits, const EditLimits& limits, absl::Time now);

}  // namespace vinculo::messaging
