#include "services/messaging/api/queue_room.h"

#include "absl/strings/str_cat.h"
#include "common/status/error.h"
#include "services/messaging/store/message_repository.h"

namespace vinculo::messaging {
namespace {

// Counting costs the more the longer the queue is: at a million, some tens of milliseconds.
constexpr absl::Duration kWhileRoom = absl::Seconds(10), kWhileFull = absl::Seconds(1);

}  // namespace

absl::Status QueueRoom::Take(const std::string& tenant) {
  const absl::Time now = db_.clock().Now();
  bool full = false, count = false;
  int64_t taken_before = 0;
  {
    absl::MutexLock lock(&state_->mutex);
    Waiting& w = state_->tenants[tenant];
    full = w.counted + w.taken >= max_;
    count = !w.counting && now - w.counted_at >= (full ? kWhileFull : kWhileRoom);
    if (count) {
      w.counting = true;
      w.counted_at = now;
    }
    taken_before = w.taken;
    if (!full) ++w.taken;
  }
  if (count) Count(tenant, taken_before);
  if (!full) return absl::OkStatus();
  return ErrorWithDetails(absl::StatusCode::kResourceExhausted,
                          absl::StrCat("At most ", max_, " messages of a tenant wait to be sent; try again later."),
                          {.reason = "QUEUE_FULL", .retry_after = absl::Minutes(1)});
}

void QueueRoom::Count(const std::string& tenant, int64_t taken_before) {
  db_.ReadOnPool(
      sql::Scope::ForTenant(tenant, "queue"), [](sql::Transaction& tx) { return MessageRepository::CountQueued(tx); },
      [state = state_, tenant, taken_before](absl::StatusOr<int64_t> counted) {
        absl::MutexLock lock(&state->mutex);
        Waiting& w = state->tenants[tenant];
        w.counting = false;
        if (!counted.ok()) return;
        w.counted = *counted;
        w.taken -= taken_before;
      });
}

}  // namespace vinculo::messaging
