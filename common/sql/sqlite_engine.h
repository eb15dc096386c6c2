#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "common/sql/answerer.h"
#include "common/sql/commit_listeners.h"
#include "common/sql/database.h"
#include "common/sql/engine.h"
#include "common/sql/engine_metrics.h"
#include "common/sql/file_guard.h"
#include "common/sql/sqlite_connection.h"
#include "common/sql/task_pool.h"
#include "common/sql/write_batch.h"

namespace vinculo::sql {

// SQLite behind the engine's seam. One writer thread owns the only connection that writes and checkpoints: two
// connections that do either at the same instant can lose committed pages in SQLite up to 3.51.2. What waits is run as
// one transaction and committed once with synchronous=FULL; only then is anybody answered.
class SqliteEngine final : public Engine {
 public:
  static absl::StatusOr<std::unique_ptr<Engine>> Open(const std::string& path, const DatabaseOptions& options,
                                                      const std::vector<MigrationSet>& migrations);
  ~SqliteEngine() override;

  void SubmitWrite(std::unique_ptr<Task> task) override;
  absl::Status ReadHere(const Scope& scope, absl::FunctionRef<absl::Status(Transaction&)> body) override;
  void SubmitRead(std::unique_ptr<Task> task) override;
  void AddCommitListener(CommitListener listener) override;
  absl::Status Ready() override;
  absl::Status Backup(const std::string& path) override;
  absl::StatusOr<std::vector<PlanStep>> ExplainPlan(const Query& query) override;
  bool shared() const override { return false; }
  Counters counters() const override;

 private:
  SqliteEngine(std::string path, const DatabaseOptions& options);
  absl::Status Start(const DatabaseOptions& options, const std::vector<MigrationSet>& migrations);
  void WriterLoop();
  // Waits for tasks or, when the log holds frames, for the idle checkpoint; false when closed and empty.
  bool TakeWrites(std::vector<std::unique_ptr<Task>>& batch);
  void MaintainLog(bool idle);
  void CountSyncs();
  // A read connection, with the snapshot it keeps open between reads: as long as nothing was committed since, the next
  // read goes on in it and saves the system calls of taking and giving back SQLite's file locks.
  struct Reader {
    std::unique_ptr<SqliteConnection> connection;
    bool open = false;
    uint64_t as_of = 0;  // commits_ when the snapshot was asked for
  };
  absl::StatusOr<Reader> BorrowReader();
  void ReturnReader(Reader reader);
  absl::Status OpenSnapshot(Reader& reader);
  static void CloseSnapshot(Reader& reader);
  // Not while a checkpoint runs: a snapshot that nobody reads would hold it up, and the log could not begin anew.
  void KeepSnapshots(bool keep);
  void NoteCorruption(const absl::Status& status);

  const std::string path_;
  const Clock* const clock_;
  std::unique_ptr<FileGuard> guard_;
  std::unique_ptr<StatementMetrics> statement_metrics_;
  std::unique_ptr<EngineMetrics> metrics_;
  std::unique_ptr<SqliteConnection> writer_;
  std::unique_ptr<WriteBatch> batch_;
  std::unique_ptr<Answerer> answerer_;

  const size_t writes_max_;
  absl::Mutex mutex_;
  std::deque<std::unique_ptr<Task>> writes_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread writer_thread_;
  std::unique_ptr<TaskPool> reads_;

  absl::Mutex readers_mutex_;
  std::vector<Reader> idle_readers_ ABSL_GUARDED_BY(readers_mutex_);
  bool keep_snapshots_ ABSL_GUARDED_BY(readers_mutex_) = true;

  int log_frames_ = 0;           // in the write-ahead log after the last commit; writer thread only
  int checkpointed_frames_ = 0;  // of those, already copied to the database; writer thread only
  CommitListeners listeners_;
  std::atomic<uint64_t> commits_{0};
  std::atomic<uint64_t> written_{0};
  std::atomic<bool> corrupt_{false};
  std::atomic<uint64_t> syncs_at_start_{0};
  uint64_t syncs_counted_ = 0;  // told to the metric; writer thread only
};

}  // namespace vinculo::sql
