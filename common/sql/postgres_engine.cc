#include "common/sql/postgres_engine.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/sql/postgres_migrator.h"
#include "common/sql/postgres_plan.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"

namespace vinculo::sql {
namespace {

constexpr size_t kBatchMax = 256;
constexpr int kConflictTries = 20;
// The server calls a conflict what touches the same page of an index: while tables are small, everything does. A batch
// that lost so often keeps this process's other writers away.
constexpr int kTriesBesideOthers = 2;
constexpr absl::Duration kConflictPause = absl::Milliseconds(1);
constexpr absl::Duration kConflictPauseMax = absl::Milliseconds(64);
// How soon a replica sees what another has committed: jobs, and events for those who watch the feed.
constexpr absl::Duration kGlance = absl::Milliseconds(200);
constexpr int kGlancesPerPing = 5;

absl::Status BusyError() {
  return ErrorWithDetails(absl::StatusCode::kUnavailable, "others keep changing the same rows; try again",
                          {.reason = "STORE_CONTENDED", .retry_after = absl::Milliseconds(200)});
}

// Twice as long each time, and never the same for two replicas.
void PauseAfterConflict(int tries) {
  thread_local absl::InsecureBitGen random;
  const absl::Duration longest = std::min(kConflictPause * (int64_t{1} << std::min(tries, 10)), kConflictPauseMax);
  absl::SleepFor(longest * absl::Uniform(random, 0.5, 1.0));
}

bool NothingCommitted(const WriteBatch::Outcome& outcome) {
  return std::none_of(outcome.statuses.begin(), outcome.statuses.end(), [](const absl::Status& status) {
    return status.ok() || ErrorReason(status) == "COMMIT_UNKNOWN";
  });
}

}  // namespace

absl::StatusOr<std::unique_ptr<Engine>> PostgresEngine::Open(const std::string& url, const DatabaseOptions& options,
                                                             const std::vector<MigrationSet>& migrations) {
  std::unique_ptr<PostgresEngine> engine(new PostgresEngine(url, options));
  RETURN_IF_ERROR(engine->Start(options, migrations));
  return engine;
}

PostgresEngine::PostgresEngine(std::string url, const DatabaseOptions& options)
    : url_(std::move(url)), clock_(options.clock), writes_max_(options.write_queue_max) {
  if (options.registry != nullptr) {
    statement_metrics_ = std::make_unique<StatementMetrics>(*options.registry);
    metrics_ = std::make_unique<EngineMetrics>(*options.registry);
  }
}

absl::Status PostgresEngine::Start(const DatabaseOptions& options, const std::vector<MigrationSet>& migrations) {
  readers_max_ = std::max(4, 2 * options.read_threads);
  ASSIGN_OR_RETURN(std::unique_ptr<PostgresConnection> first, PostgresConnection::Open(url_, statement_metrics_.get()));
  if (!options.as_found) RETURN_IF_ERROR(MigratePostgres(*first, migrations, clock_->Now()));
  {
    absl::MutexLock lock(&readers_mutex_);
    idle_readers_.push_back(std::move(first));
  }
  answerer_ = std::make_unique<Answerer>([this](uint32_t signals) { listeners_.Tell(signals); });
  reads_ = std::make_unique<TaskPool>(
      options.read_threads, options.read_queue_max, clock_,
      [this](const Scope& scope, absl::FunctionRef<absl::Status(Transaction&)> body) { return ReadHere(scope, body); });
  for (int i = 0; i < options.write_sessions; ++i) {
    writers_.emplace_back([this] {
      pthread_setname_np(pthread_self(), "sql-writer");
      WriterLoop();
    });
  }
  watch_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "sql-watch");
    WatchLoop();
  });
  return absl::OkStatus();
}

PostgresEngine::~PostgresEngine() {
  reads_.reset();
  {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
  }
  for (std::thread& writer : writers_) writer.join();
  if (watch_.joinable()) watch_.join();
}

void PostgresEngine::SubmitWrite(std::unique_ptr<Task> task) {
  absl::Status refused;
  {
    absl::MutexLock lock(&mutex_);
    if (!closed_ && waiting_ < writes_max_) {
      const std::string& tenant = task->scope().tenant();
      Line& line = lines_[tenant];
      if (!line.taken && line.tasks.empty()) ready_.push_back(tenant);
      line.tasks.push_back(std::move(task));
      ++waiting_;
      return;
    }
    refused = closed_ ? ClosingError() : OverloadedError();
  }
  if (metrics_ != nullptr) metrics_->writes_refused.Increment();
  task->Finish(std::move(refused));
}

bool PostgresEngine::Take(std::string& tenant, Tasks& batch) {
  absl::MutexLock lock(&mutex_);
  const auto something = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return !ready_.empty() || (closed_ && waiting_ == 0);
  };
  mutex_.Await(absl::Condition(&something));
  if (ready_.empty()) return false;
  tenant = std::move(ready_.front());
  ready_.pop_front();
  Line& line = lines_[tenant];
  line.taken = true;
  while (!line.tasks.empty() && batch.size() < kBatchMax) {
    batch.push_back(std::move(line.tasks.front()));
    line.tasks.pop_front();
    --waiting_;
  }
  if (metrics_ != nullptr) metrics_->queue_length.Set(static_cast<double>(waiting_));
  return true;
}

void PostgresEngine::GiveBack(const std::string& tenant) {
  absl::MutexLock lock(&mutex_);
  const auto line = lines_.find(tenant);
  line->second.taken = false;
  if (line->second.tasks.empty()) {
    lines_.erase(line);
  } else {
    ready_.push_back(tenant);
  }
}

void PostgresEngine::WriterLoop() {
  std::unique_ptr<PostgresConnection> connection;
  std::string tenant;
  for (Tasks batch; Take(tenant, batch); batch.clear()) {
    const absl::Time now = clock_->Now();
    Tasks live;
    for (auto& task : batch) {
      if (task->scope().Abandoned(now)) {
        task->Finish(AbandonedError(task->scope(), now));
      } else {
        live.push_back(std::move(task));
      }
    }
    if (!live.empty()) Write(connection, std::move(live));
    GiveBack(tenant);
  }
}

void PostgresEngine::Write(std::unique_ptr<PostgresConnection>& connection, Tasks live) {
  const auto start = std::chrono::steady_clock::now();
  WriteBatch::Outcome outcome = Attempt(connection, live);
  if (outcome.committed) {
    commits_.fetch_add(1, std::memory_order_relaxed);
    written_.fetch_add(live.size(), std::memory_order_relaxed);
  }
  if (metrics_ != nullptr) {
    if (outcome.committed) metrics_->writes.Increment(static_cast<double>(live.size()));
    metrics_->batch_size.Observe(static_cast<double>(live.size()));
    metrics_->commit_seconds.Observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  for (const absl::Status& status : outcome.statuses) {
    if (absl::IsDataLoss(status)) corrupt_ = true;
  }
  answerer_->Tell({std::move(live), std::move(outcome.statuses), outcome.signals});
}

WriteBatch::Outcome PostgresEngine::RunOnce(PostgresConnection& connection, const Tasks& tasks, int tries) {
  WriteBatch batch(connection, WriteBatch::Counters::kShared);
  if (tries < kTriesBesideOthers) {
    absl::ReaderMutexLock lock(&alone_);
    return batch.Run(tasks);
  }
  absl::MutexLock lock(&alone_);
  return batch.Run(tasks);
}

WriteBatch::Outcome PostgresEngine::Attempt(std::unique_ptr<PostgresConnection>& connection, const Tasks& tasks) {
  bool fresh = false;
  for (int tries = 0;; ++tries) {
    if (connection == nullptr) {
      auto opened = PostgresConnection::Open(url_, statement_metrics_.get());
      if (!opened.ok()) {
        reachable_ = false;
        return WriteBatch::Outcome::AllFailed(opened.status(), tasks.size());
      }
      connection = *std::move(opened);
      fresh = true;
    }
    WriteBatch::Outcome outcome = RunOnce(*connection, tasks, tries);
    if (connection->broken()) {
      connection.reset();
      // A session that had died while nobody used it: the server may be well.
      if (!fresh && NothingCommitted(outcome)) continue;
      return outcome;
    }
    if (!outcome.conflict) return outcome;
    if (tries == kConflictTries) return WriteBatch::Outcome::AllFailed(BusyError(), tasks.size());
    if (metrics_ != nullptr) metrics_->conflicts.Increment();
    if (tries > 0) PauseAfterConflict(tries);
  }
}

void PostgresEngine::WatchLoop() {
  std::unique_ptr<PostgresConnection> connection;
  for (int glance = 0;; ++glance) {
    {
      absl::MutexLock lock(&mutex_);
      if (mutex_.AwaitWithTimeout(absl::Condition(&closed_), kGlance)) return;
    }
    listeners_.Tell(kSignalEvents | kSignalJobs);
    if (glance % kGlancesPerPing != 0) continue;
    if (connection == nullptr) {
      auto opened = PostgresConnection::Open(url_, nullptr);
      if (opened.ok()) connection = *std::move(opened);
    }
    const bool answered = connection != nullptr && connection->Ping().ok();
    if (!answered) connection.reset();
    reachable_ = answered;
  }
}

absl::StatusOr<std::unique_ptr<PostgresConnection>> PostgresEngine::Borrow() {
  {
    absl::MutexLock lock(&readers_mutex_);
    const auto free = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(readers_mutex_) { return readers_out_ < readers_max_; };
    readers_mutex_.Await(absl::Condition(&free));
    ++readers_out_;
    if (!idle_readers_.empty()) {
      std::unique_ptr<PostgresConnection> idle = std::move(idle_readers_.back());
      idle_readers_.pop_back();
      return idle;
    }
  }
  auto opened = PostgresConnection::Open(url_, statement_metrics_.get());
  if (!opened.ok()) Return(nullptr);
  return opened;
}

void PostgresEngine::Return(std::unique_ptr<PostgresConnection> connection) {
  absl::MutexLock lock(&readers_mutex_);
  --readers_out_;
  if (connection != nullptr && !connection->broken()) idle_readers_.push_back(std::move(connection));
}

absl::Status PostgresEngine::ReadHere(const Scope& scope, absl::FunctionRef<absl::Status(Transaction&)> body) {
  for (bool again = true;; again = false) {
    ASSIGN_OR_RETURN(std::unique_ptr<PostgresConnection> connection, Borrow());
    absl::Status status = connection->BeginRead(scope.deadline - clock_->Now());
    if (status.ok()) {
      Transaction tx(*connection, scope, nullptr);
      status = body(tx);
    }
    connection->EndRead();
    const bool broken = connection->broken();
    Return(std::move(connection));
    if (absl::IsDataLoss(status)) corrupt_ = true;
    if (!broken || !again) return status;
  }
}

void PostgresEngine::SubmitRead(std::unique_ptr<Task> task) { reads_->Push(std::move(task)); }
void PostgresEngine::AddCommitListener(CommitListener listener) { listeners_.Add(std::move(listener)); }

absl::Status PostgresEngine::Ready() {
  if (corrupt_) return Error(absl::StatusCode::kDataLoss, "STORE_CORRUPT", "the store is damaged; restore a backup");
  if (!reachable_)
    return Error(absl::StatusCode::kUnavailable, "STORE_UNAVAILABLE", "the PostgreSQL server does not answer");
  absl::MutexLock lock(&mutex_);
  return closed_ ? ClosingError() : absl::OkStatus();
}

absl::Status PostgresEngine::Backup(const std::string&) {
  return Error(absl::StatusCode::kFailedPrecondition, "BACKUP_ELSEWHERE",
               "a PostgreSQL database is backed up with its own tools: pg_dump, or pgBackRest for points in time");
}

absl::StatusOr<std::vector<PlanStep>> PostgresEngine::ExplainPlan(const Query& query) {
  ASSIGN_OR_RETURN(std::unique_ptr<PostgresConnection> connection, PostgresConnection::Open(url_, nullptr));
  return ExplainPostgres(*connection, query);
}

Engine::Counters PostgresEngine::counters() const { return {commits_.load(), written_.load(), commits_.load()}; }

}  // namespace vinculo::sql
