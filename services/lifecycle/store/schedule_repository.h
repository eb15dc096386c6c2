#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "common/sql/transaction.h"

namespace vinculo::lifecycle {

// Which week the timer evaluates next. Stateless; the tenant is the transaction's.
class ScheduleRepository {
 public:
  // The Monday of that week; unset before the first start.
  absl::StatusOr<std::optional<absl::CivilDay>> NextWeek(sql::Transaction& tx) const;
  absl::Status SetNextWeek(sql::Transaction& tx, absl::CivilDay monday) const;
};

}  // namespace vinculo::lifecycle
