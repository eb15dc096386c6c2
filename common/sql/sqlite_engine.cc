#include "common/sql/sqlite_engine.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/sql/sqlite_migrator.h"
#include "common/sql/sqlite_vfs.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"

namespace vinculo::sql {
namespace {

constexpr size_t kBatchMax = 256;
constexpr int kPageBytes = 4096;
constexpr int kPassiveFrames = 4000;                      // a checkpoint after this many new frames, or when idle
constexpr int kRestartFrames = (32 << 20) / kPageBytes;   // above: make the next writer begin at the log's start
constexpr int kTruncateFrames = (64 << 20) / kPageBytes;  // above: give the space back
constexpr absl::Duration kIdle = absl::Seconds(1);

constexpr Query kBeginRead{"begin_read", "BEGIN"};
constexpr Query kEndRead{"end_read", "COMMIT"};

absl::Status NoRows(const Row&) { return absl::OkStatus(); }

}  // namespace

absl::StatusOr<std::unique_ptr<Engine>> SqliteEngine::Open(const std::string& path, const DatabaseOptions& options,
                                                           const std::vector<MigrationSet>& migrations) {
  std::unique_ptr<SqliteEngine> engine(new SqliteEngine(path, options));
  RETURN_IF_ERROR(engine->Start(options, migrations));
  return engine;
}

SqliteEngine::SqliteEngine(std::string path, const DatabaseOptions& options)
    : path_(std::move(path)), clock_(options.clock), writes_max_(options.write_queue_max) {
  if (options.registry != nullptr) {
    statement_metrics_ = std::make_unique<StatementMetrics>(*options.registry);
    metrics_ = std::make_unique<EngineMetrics>(*options.registry);
  }
}

absl::Status SqliteEngine::Start(const DatabaseOptions& options, const std::vector<MigrationSet>& migrations) {
  ASSIGN_OR_RETURN(guard_, FileGuard::Acquire(path_));
  RETURN_IF_ERROR(CheckSqliteFile(path_));
  ASSIGN_OR_RETURN(writer_, SqliteConnection::Open(path_, SqliteConnection::Mode::kWriter, statement_metrics_.get()));
  if (!options.as_found) RETURN_IF_ERROR(MigrateSqlite(*writer_, migrations, clock_->Now()));
  sqlite3_wal_hook(
      writer_->handle(),
      [](void* self, sqlite3*, const char*, int frames) {
        static_cast<SqliteEngine*>(self)->log_frames_ = frames;
        return SQLITE_OK;
      },
      this);
  batch_ = std::make_unique<WriteBatch>(*writer_, WriteBatch::Counters::kOwn);
  syncs_at_start_ = GetVfsCounters().syncs.load();
  answerer_ = std::make_unique<Answerer>([this](uint32_t signals) { listeners_.Tell(signals); });
  writer_thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "sql-writer");
    WriterLoop();
  });
  reads_ = std::make_unique<TaskPool>(
      options.read_threads, options.read_queue_max, clock_,
      [this](const Scope& scope, absl::FunctionRef<absl::Status(Transaction&)> body) { return ReadHere(scope, body); });
  return absl::OkStatus();
}

SqliteEngine::~SqliteEngine() {
  reads_.reset();
  {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
  }
  if (writer_thread_.joinable()) writer_thread_.join();
  answerer_.reset();
  {
    absl::MutexLock lock(&readers_mutex_);
    idle_readers_.clear();
  }
  if (writer_ != nullptr)
    sqlite3_wal_checkpoint_v2(writer_->handle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
}

void SqliteEngine::SubmitWrite(std::unique_ptr<Task> task) {
  absl::Status refused;
  {
    absl::MutexLock lock(&mutex_);
    if (!closed_ && writes_.size() < writes_max_) {
      writes_.push_back(std::move(task));
      return;
    }
    refused = closed_ ? ClosingError() : OverloadedError();
  }
  if (metrics_ != nullptr) metrics_->writes_refused.Increment();
  task->Finish(std::move(refused));
}

void SqliteEngine::SubmitRead(std::unique_ptr<Task> task) { reads_->Push(std::move(task)); }
void SqliteEngine::AddCommitListener(CommitListener listener) { listeners_.Add(std::move(listener)); }

bool SqliteEngine::TakeWrites(std::vector<std::unique_ptr<Task>>& batch) {
  absl::MutexLock lock(&mutex_);
  const auto ready = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return closed_ || !writes_.empty(); };
  mutex_.AwaitWithTimeout(absl::Condition(&ready),
                          log_frames_ > checkpointed_frames_ ? kIdle : absl::InfiniteDuration());
  while (!writes_.empty() && batch.size() < kBatchMax) {
    batch.push_back(std::move(writes_.front()));
    writes_.pop_front();
  }
  if (metrics_ != nullptr) metrics_->queue_length.Set(static_cast<double>(writes_.size()));
  return !(closed_ && batch.empty());
}

void SqliteEngine::WriterLoop() {
  std::vector<std::unique_ptr<Task>> batch;
  std::vector<std::unique_ptr<Task>> live;
  while (TakeWrites(batch)) {
    const absl::Time now = clock_->Now();
    for (auto& task : batch) {
      if (task->scope().Abandoned(now)) {
        task->Finish(AbandonedError(task->scope(), now));
      } else {
        live.push_back(std::move(task));
      }
    }
    if (!live.empty()) {
      const auto start = std::chrono::steady_clock::now();
      WriteBatch::Outcome outcome = batch_->Run(live);
      if (outcome.committed) {
        commits_.fetch_add(1, std::memory_order_release);
        written_.fetch_add(live.size(), std::memory_order_relaxed);
        if (metrics_ != nullptr) metrics_->writes.Increment(static_cast<double>(live.size()));
      }
      if (metrics_ != nullptr) {
        metrics_->batch_size.Observe(static_cast<double>(live.size()));
        metrics_->commit_seconds.Observe(
            std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
      }
      for (const absl::Status& status : outcome.statuses) NoteCorruption(status);
      answerer_->Tell({std::move(live), std::move(outcome.statuses), outcome.signals});
    }
    MaintainLog(/*idle=*/batch.empty());
    CountSyncs();
    batch.clear();
    live.clear();
  }
}

void SqliteEngine::CountSyncs() {
  const uint64_t made = GetVfsCounters().syncs.load() - syncs_at_start_.load();
  if (metrics_ != nullptr) metrics_->syncs.Increment(static_cast<double>(made - syncs_counted_));
  syncs_counted_ = made;
}

void SqliteEngine::MaintainLog(bool idle) {
  if (log_frames_ < checkpointed_frames_) checkpointed_frames_ = 0;  // the log began anew
  const int fresh = log_frames_ - checkpointed_frames_;
  if (fresh < kPassiveFrames && !(idle && fresh > 0)) return;
  const int mode = log_frames_ > kTruncateFrames  ? SQLITE_CHECKPOINT_TRUNCATE
                   : log_frames_ > kRestartFrames ? SQLITE_CHECKPOINT_RESTART
                                                  : SQLITE_CHECKPOINT_PASSIVE;
  KeepSnapshots(false);
  int in_log = 0;
  int copied = 0;
  if (mode != SQLITE_CHECKPOINT_PASSIVE)
    sqlite3_busy_timeout(writer_->handle(), 100);  // a reader may hold it up: not for long
  const auto start = std::chrono::steady_clock::now();
  const int code = sqlite3_wal_checkpoint_v2(writer_->handle(), nullptr, mode, &in_log, &copied);
  if (mode != SQLITE_CHECKPOINT_PASSIVE) sqlite3_busy_timeout(writer_->handle(), 2000);
  KeepSnapshots(true);
  if (code == SQLITE_OK) {
    log_frames_ = in_log;
    checkpointed_frames_ = copied;
  } else {
    checkpointed_frames_ = log_frames_;  // try again after as many frames as before
  }
  if (metrics_ != nullptr) {
    metrics_->checkpoint_seconds.Observe(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    metrics_->wal_bytes.Set(static_cast<double>(log_frames_) * kPageBytes);
    if (code == SQLITE_BUSY || copied < in_log) metrics_->checkpoints_busy.Increment();
  }
}

absl::StatusOr<SqliteEngine::Reader> SqliteEngine::BorrowReader() {
  {
    absl::MutexLock lock(&readers_mutex_);
    if (!idle_readers_.empty()) {
      Reader reader = std::move(idle_readers_.back());
      idle_readers_.pop_back();
      return reader;
    }
  }
  Reader reader;
  ASSIGN_OR_RETURN(reader.connection,
                   SqliteConnection::Open(path_, SqliteConnection::Mode::kReader, statement_metrics_.get()));
  return reader;
}

void SqliteEngine::ReturnReader(Reader reader) {
  absl::MutexLock lock(&readers_mutex_);
  if (!keep_snapshots_) CloseSnapshot(reader);
  idle_readers_.push_back(std::move(reader));
}

absl::Status SqliteEngine::OpenSnapshot(Reader& reader) {
  const uint64_t now = commits_.load(std::memory_order_acquire);
  if (reader.open && reader.as_of == now) return absl::OkStatus();
  CloseSnapshot(reader);
  RETURN_IF_ERROR(reader.connection->Run(kBeginRead, {}, NoRows, nullptr));
  reader.open = true;
  reader.as_of = now;
  return absl::OkStatus();
}

void SqliteEngine::CloseSnapshot(Reader& reader) {
  if (reader.open) reader.connection->Run(kEndRead, {}, NoRows, nullptr).IgnoreError();
  reader.open = false;
}

void SqliteEngine::KeepSnapshots(bool keep) {
  absl::MutexLock lock(&readers_mutex_);
  keep_snapshots_ = keep;
  if (keep) return;
  for (Reader& reader : idle_readers_) CloseSnapshot(reader);
}

absl::Status SqliteEngine::ReadHere(const Scope& scope, absl::FunctionRef<absl::Status(Transaction&)> body) {
  ASSIGN_OR_RETURN(Reader reader, BorrowReader());
  reader.connection->LimitTo(scope, clock_->Now());
  absl::Status status = OpenSnapshot(reader);
  if (status.ok()) {
    Transaction tx(*reader.connection, scope, nullptr);
    status = body(tx);
    if (!status.ok()) CloseSnapshot(reader);
  }
  NoteCorruption(status);
  ReturnReader(std::move(reader));
  return status;
}

void SqliteEngine::NoteCorruption(const absl::Status& status) {
  if (absl::IsDataLoss(status)) corrupt_ = true;
}

absl::Status SqliteEngine::Ready() {
  if (corrupt_) return Error(absl::StatusCode::kDataLoss, "STORE_CORRUPT", "the store is damaged; restore a backup");
  absl::MutexLock lock(&mutex_);
  return closed_ ? ClosingError() : absl::OkStatus();
}

absl::Status SqliteEngine::Backup(const std::string& path) {
  const std::string temporary = path + ".partial";
  unlink(temporary.c_str());
  ASSIGN_OR_RETURN(std::unique_ptr<SqliteConnection> reader,
                   SqliteConnection::Open(path_, SqliteConnection::Mode::kReader, statement_metrics_.get()));
  static constexpr Query kVacuumInto{"backup", "VACUUM INTO ?"};
  RETURN_IF_ERROR(reader->RunScript("PRAGMA query_only=OFF"));
  sqlite3_limit(reader->handle(), SQLITE_LIMIT_ATTACHED, 1);  // the copy is attached while it is written
  const Value values[] = {temporary};
  RETURN_IF_ERROR(reader->Run(kVacuumInto, values, NoRows, nullptr));
  reader.reset();
  {
    ASSIGN_OR_RETURN(auto copy, SqliteConnection::Open(temporary, SqliteConnection::Mode::kWriter, nullptr));
    static constexpr Query kCheck{"integrity_check", "PRAGMA integrity_check"};
    RETURN_IF_ERROR(copy->Run(
        kCheck, {},
        [](const Row& row) {
          return row.Text(0) == "ok"
                     ? absl::OkStatus()
                     : Error(absl::StatusCode::kDataLoss, "BACKUP_CORRUPT", "the copy failed its integrity check");
        },
        nullptr));
  }
  const int fd = open(temporary.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = fd >= 0 && fsync(fd) == 0;
  if (fd >= 0) close(fd);
  if (!synced || rename(temporary.c_str(), path.c_str()) != 0) {
    return Error(absl::StatusCode::kUnavailable, "BACKUP_FAILED", absl::StrCat("cannot finish ", path));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<PlanStep>> SqliteEngine::ExplainPlan(const Query& query) {
  ASSIGN_OR_RETURN(Reader borrowed, BorrowReader());
  sqlite3* const handle = borrowed.connection->handle();
  std::vector<PlanStep> steps;
  sqlite3_stmt* statement = nullptr;
  const std::string text = absl::StrCat("EXPLAIN QUERY PLAN ", query.text);
  const int code = sqlite3_prepare_v2(handle, text.c_str(), -1, &statement, nullptr);
  if (code != SQLITE_OK) return absl::InternalError(absl::StrCat(query.name, ": ", sqlite3_errmsg(handle)));
  while (sqlite3_step(statement) == SQLITE_ROW) {
    const absl::string_view step = reinterpret_cast<const char*>(sqlite3_column_text(statement, 3));
    // A virtual table is asked through an index of its own where the plan names one (M: a full-text match).
    const bool scan = absl::StartsWith(step, "SCAN ") && !absl::StrContains(step, "CONSTANT ROW") &&
                      !absl::StrContains(step, "VIRTUAL TABLE INDEX 0:M");
    steps.push_back({std::string(step), scan || absl::StrContains(step, "AUTOMATIC")});
  }
  sqlite3_finalize(statement);
  ReturnReader(std::move(borrowed));
  return steps;
}

Engine::Counters SqliteEngine::counters() const {
  return {commits_.load(), written_.load(), GetVfsCounters().syncs.load() - syncs_at_start_.load()};
}

}  // namespace vinculo::sql
