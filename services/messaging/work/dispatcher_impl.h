#pragma once

#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/sql/database.h"
#include "services/messaging/work/dispatch_intents.h"
#include "services/messaging/work/dispatcher.h"
#include "services/messaging/work/holding.h"

namespace vinculo::messaging {

inline constexpr absl::Duration kClaimRetry = absl::Seconds(3);

// The loop over all senders. What each does by itself lies in three sources: dispatcher.cc finds senders and says what
// is next, dispatcher_lease.cc holds them, dispatcher_send.cc sends.
class Dispatcher::Impl : public std::enable_shared_from_this<Dispatcher::Impl> {
 public:
  Impl(sql::Database& database, const ContactRepository& contacts, const DataKey& key, GraphProvider& provider,
       Metrics& metrics, DispatcherOptions options)
      : db_(database),
        contacts_(contacts),
        key_(key),
        provider_(provider),
        metrics_(metrics),
        options_(std::move(options)) {}

  void Start();
  void Stop();
  bool TryReserve(const std::string& tenant, const Uuid& sender);
  void Poke(bool queue) {
    absl::MutexLock lock(&mutex_);
    poked_ = true;
    if (queue) fresh_ = true;
  }

 private:
  using Key = std::pair<std::string, Uuid>;

  // The monotonic clock, in the form in which limits and leases are kept: the wall clock may jump.
  absl::Time Mark() const { return absl::UnixEpoch() + options_.steady->Elapsed(); }
  sql::Scope ScopeOf(const Holding& h) const { return sql::Scope::ForTenant(h.tenant, "dispatcher"); }

  void Loop();
  bool Idle() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Finds senders that were added.
  void Discover(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Adopt(const std::string& tenant, const Sender& sender, const Channel& channel)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Each commit tells the token, so that a new one is used at once, whoever changed it.
  void OpenToken(Holding& h, const std::string& sealed, const std::string& waba_id)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Everything that can be begun for a sender now; `wake` becomes the next moment of interest.
  void Step(Holding& h, absl::Time now, absl::Time& wake) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Whether another process has queued something.
  void Look(Holding& h, absl::Time now, absl::Time& wake) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  void Claim(Holding& h, absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Page by page, until no row of an older token is left.
  void Recover(Holding& h, int64_t token, absl::Time until);
  // Holds it no longer, and tries to again after `wait`.
  void Lose(Holding& h, absl::Duration wait) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Renew(Holding& h, absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Sweep(Holding& h, absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The next holder need not wait for the lease to run out. The loop has ended.
  void Release() ABSL_NO_THREAD_SAFETY_ANALYSIS;

  void ReadInbound(Holding& h, absl::Time now, absl::Time wall) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Commit(Holding& h, absl::Time now, absl::Time wall) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Committed(Holding& h, absl::StatusOr<IntentBatch> batch, absl::Time began);
  void Count(Holding& h, const Intent& intent, absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Send(Holding& h, Intent intent);
  void Answered(Holding& h, std::shared_ptr<const Message> begun, SendOutcome outcome);
  void Record(Holding& h) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  sql::Database& db_;
  const ContactRepository& contacts_;
  const DataKey& key_;
  GraphProvider& provider_;
  Metrics& metrics_;
  const DispatcherOptions options_;

  std::thread thread_;
  absl::Mutex mutex_;
  std::map<Key, std::unique_ptr<Holding>> holdings_ ABSL_GUARDED_BY(mutex_);
  absl::Time rediscover_at_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();  // monotonic, as all times here
  bool discovering_ ABSL_GUARDED_BY(mutex_) = false;
  bool poked_ ABSL_GUARDED_BY(mutex_) = false;
  bool fresh_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::mt19937_64 random_ ABSL_GUARDED_BY(mutex_){std::random_device{}()};
};

}  // namespace vinculo::messaging
