#include "common/jobs/job_runner.h"

#include <pthread.h>

#include <algorithm>
#include <map>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "common/status/status_macros.h"

namespace vinculo::jobs {
namespace {

// How late a job may run when nothing wakes the runner: the resolution of timers.
constexpr absl::Duration kTick = absl::Seconds(1);

}  // namespace

class JobRunner::Impl {
 public:
  explicit Impl(sql::Database& database) : database_(database) {}

  void Register(const std::string& kind, KindOptions options, Handler handler) {
    Kind& added = kinds_[kind];
    added.name = kind;
    added.options = options;
    added.handler = std::move(handler);
  }

  void Start() {
    if (!database_.engine().shared()) ReleaseLeasesOfTheDead();
    thread_ = std::thread([this] {
      pthread_setname_np(pthread_self(), "jobs");
      Loop();
    });
  }

  void Stop() {
    {
      absl::MutexLock lock(&mutex_);
      stopping_ = true;
      poked_ = true;
    }
    if (thread_.joinable()) thread_.join();
    absl::MutexLock lock(&mutex_);
    // A claim that was under way when the thread ended: its jobs' leases lapse and they run after the restart.
    const auto idle = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return in_progress_ == static_cast<int>(ready_.size());
    };
    mutex_.Await(absl::Condition(&idle));
  }

  void Poke() {
    absl::MutexLock lock(&mutex_);
    poked_ = true;
  }

 private:
  struct Kind {
    std::string name;
    KindOptions options;
    Handler handler;
    int running = 0;
    bool claiming = false;
  };

  // A store that only one process can open has no other holders: whoever claimed a job before this start is gone. When
  // the store does not take it now, the leases run out by themselves.
  void ReleaseLeasesOfTheDead() {
    const absl::Time now = database_.clock().Now();
    (void)database_.WriteAndWait(scope_, [this, now](sql::Transaction& tx) {
      for (const auto& [name, kind] : kinds_) RETURN_IF_ERROR(ReleaseLeases(tx, name, now, kind.options.lease));
      return absl::OkStatus();
    });
  }

  void Loop() {
    for (;;) {
      RunReady();
      for (auto& [name, kind] : kinds_) ClaimSome(kind);
      absl::MutexLock lock(&mutex_);
      const auto poked = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return poked_; };
      mutex_.AwaitWithTimeout(absl::Condition(&poked), kTick);
      poked_ = false;
      if (stopping_ && ready_.empty()) return;
    }
  }

  // Looks first, through a reader: an idle runner writes nothing.
  bool Due(const Kind& kind, absl::Time now) {
    const auto next = database_.ReadInline(scope_, [&](sql::Transaction& tx) { return NextDue(tx, kind.name); });
    return next.ok() && next->has_value() && **next <= now;
  }

  void ClaimSome(Kind& kind) {
    const absl::Time now = database_.clock().Now();
    int room = 0;
    {
      absl::MutexLock lock(&mutex_);
      if (stopping_ || kind.claiming || kind.running >= kind.options.concurrency) return;
      room = kind.options.concurrency - kind.running;
    }
    if (!Due(kind, now)) return;
    {
      absl::MutexLock lock(&mutex_);
      kind.claiming = true;
      ++in_progress_;
    }
    database_.Write(
        scope_,
        [&kind, now, room](sql::Transaction& tx) { return Claim(tx, kind.name, now, kind.options.lease, room); },
        [this, &kind](absl::StatusOr<std::vector<Job>> jobs) {
          absl::MutexLock lock(&mutex_);
          kind.claiming = false;
          --in_progress_;
          if (!jobs.ok() || jobs->empty()) return;
          kind.running += static_cast<int>(jobs->size());
          in_progress_ += static_cast<int>(jobs->size());
          for (Job& job : *jobs) ready_.push_back({&kind, std::move(job)});
          poked_ = true;
        });
  }

  void RunReady() {
    std::vector<std::pair<Kind*, Job>> batch;
    {
      absl::MutexLock lock(&mutex_);
      batch.swap(ready_);
    }
    for (auto& [kind, job] : batch) {
      kind->handler(std::move(job), [this, kind = kind] {
        absl::MutexLock lock(&mutex_);
        --kind->running;
        --in_progress_;
        poked_ = true;
      });
    }
  }

  sql::Database& database_;
  const sql::Scope scope_ = sql::Scope::ForTenant(sql::kSystemTenant, "jobs");
  std::map<std::string, Kind> kinds_;  // fixed after Start
  std::thread thread_;
  absl::Mutex mutex_;
  std::vector<std::pair<Kind*, Job>> ready_ ABSL_GUARDED_BY(mutex_);
  bool poked_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  int in_progress_ ABSL_GUARDED_BY(mutex_) = 0;
};

JobRunner::JobRunner(sql::Database& database) : impl_(std::make_shared<Impl>(database)) {
  // The database outlives the runner and goes on telling of commits.
  database.AddCommitListener([impl = std::weak_ptr<Impl>(impl_)](uint32_t signals) {
    if ((signals & sql::kSignalJobs) == 0) return;
    if (const std::shared_ptr<Impl> alive = impl.lock()) alive->Poke();
  });
}
JobRunner::~JobRunner() { impl_->Stop(); }
void JobRunner::Register(const std::string& kind, KindOptions options, Handler handler) {
  impl_->Register(kind, options, std::move(handler));
}
void JobRunner::Start() { impl_->Start(); }
void JobRunner::Stop() { impl_->Stop(); }
void JobRunner::Poke() { impl_->Poke(); }

}  // namespace vinculo::jobs
