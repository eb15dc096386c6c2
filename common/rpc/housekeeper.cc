#include "common/rpc/housekeeper.h"

#include "common/events/event_log.h"
#include "common/log/log.h"
#include "common/sql/replay_log.h"

namespace vinculo::rpc {
namespace {

// Rows deleted in one transaction: a write waits behind it for a few milliseconds at most.
constexpr int kStep = 500;

}  // namespace

Housekeeper::Housekeeper(sql::Database& database, std::vector<std::string> tenants, absl::Duration interval)
    : database_(database), tenants_(std::move(tenants)), thread_([this, interval] { Run(interval); }) {}

Housekeeper::~Housekeeper() {
  {
    absl::MutexLock lock(&mutex_);
    stop_ = true;
  }
  thread_.join();
}

bool Housekeeper::stopped() {
  absl::MutexLock lock(&mutex_);
  return stop_;
}

void Housekeeper::Sweep() {
  const absl::Time now = database_.clock().Now();
  for (const std::string& tenant : tenants_) {
    const sql::Scope scope = sql::Scope::ForTenant(tenant, "housekeeper");
    absl::StatusOr<int64_t> events = kStep;
    while (!stopped() && events.ok() && *events >= kStep) {
      events = database_.WriteAndWait(
          scope, [now](sql::Transaction& tx) { return events::Sweep(tx, now - events::kRetention, kStep); });
    }
    absl::StatusOr<std::string> cursor = std::string();
    do {
      cursor = database_.WriteAndWait(scope, [now, from = *cursor](sql::Transaction& tx) {
        return sql::SweepReplies(tx, from, now - sql::kReplayRetention, kStep);
      });
    } while (!stopped() && cursor.ok() && !cursor->empty());
    if (!events.ok()) log::Warning("events could not be swept", {{"tenant", tenant}, {"status", events.status()}});
    if (!cursor.ok()) log::Warning("replies could not be swept", {{"tenant", tenant}, {"status", cursor.status()}});
  }
}

void Housekeeper::Run(absl::Duration interval) {
  while (true) {
    {
      absl::MutexLock lock(&mutex_);
      if (mutex_.AwaitWithTimeout(absl::Condition(&stop_), interval)) return;
    }
    Sweep();
  }
}

}  // namespace vinculo::rpc
