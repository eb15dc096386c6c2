#include "services/lifecycle/store/schedule_repository.h"

#include "services/lifecycle/domain/usage.h"
#include "services/lifecycle/store/queries.h"

namespace vinculo::lifecycle {

absl::StatusOr<std::optional<absl::CivilDay>> ScheduleRepository::NextWeek(sql::Transaction& tx) const {
  return tx.Find(
      store::kScheduleGet, [](const sql::Row& r) { return DayFromNumber(r.Int(0)); }, tx.tenant());
}

absl::Status ScheduleRepository::SetNextWeek(sql::Transaction& tx, absl::CivilDay monday) const {
  return tx.Exec(store::kSchedulePut, tx.tenant(), DayNumber(monday));
}

}  // namespace vinculo::lifecycle
