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
#include "common/sql/postgres_connection.h"
#include "common/sql/task_pool.h"
#include "common/sql/write_batch.h"

namespace vinculo::sql {

// A PostgreSQL server (or what speaks its protocol) behind the engine's seam; other replicas may work on the same
// database. Each writer has a session of its own. A tenant's waiting writes go into one SERIALIZABLE transaction, a
// savepoint each where one fails, and a tenant is with one writer at a time: two would only fight over its event
// counter. A conflict with another replica runs the batch again. A COMMIT is never cancelled; when its outcome is not
// known the answer says so.
class PostgresEngine final : public Engine {
 public:
  static absl::StatusOr<std::unique_ptr<Engine>> Open(const std::string& url, const DatabaseOptions& options,
                                                      const std::vector<MigrationSet>& migrations);
  ~PostgresEngine() override;

  void SubmitWrite(std::unique_ptr<Task> task) override;
  absl::Status ReadHere(const Scope& scope, absl::FunctionRef<absl::Status(Transaction&)> body) override;
  void SubmitRead(std::unique_ptr<Task> task) override;
  void AddCommitListener(CommitListener listener) override;
  absl::Status Ready() override;
  absl::Status Backup(const std::string& path) override;
  absl::StatusOr<std::vector<PlanStep>> ExplainPlan(const Query& query) override;
  bool shared() const override { return true; }
  Counters counters() const override;

 private:
  using Tasks = std::vector<std::unique_ptr<Task>>;
  // A tenant's writes, in the order in which they came.
  struct Line {
    std::deque<std::unique_ptr<Task>> tasks;
    bool taken = false;  // a writer is at it
  };

  PostgresEngine(std::string url, const DatabaseOptions& options);
  absl::Status Start(const DatabaseOptions& options, const std::vector<MigrationSet>& migrations);
  void WriterLoop();
  // Waits for a tenant nobody is at and takes what it has; false when closed and empty.
  bool Take(std::string& tenant, Tasks& batch);
  void GiveBack(const std::string& tenant);
  void Write(std::unique_ptr<PostgresConnection>& connection, Tasks live);
  WriteBatch::Outcome RunOnce(PostgresConnection& connection, const Tasks& tasks, int tries);
  WriteBatch::Outcome Attempt(std::unique_ptr<PostgresConnection>& connection, const Tasks& tasks);
  // Looks whether the server answers, and rings for what other replicas may have committed.
  void WatchLoop();
  absl::StatusOr<std::unique_ptr<PostgresConnection>> Borrow();
  void Return(std::unique_ptr<PostgresConnection> connection);

  const std::string url_;
  const Clock* const clock_;
  const size_t writes_max_;
  std::unique_ptr<StatementMetrics> statement_metrics_;
  std::unique_ptr<EngineMetrics> metrics_;
  CommitListeners listeners_;
  std::unique_ptr<Answerer> answerer_;

  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, Line> lines_ ABSL_GUARDED_BY(mutex_);
  std::deque<std::string> ready_ ABSL_GUARDED_BY(mutex_);  // tenants with a line that nobody is at
  size_t waiting_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> writers_;
  absl::Mutex alone_;  // shared by writers beside each other
  std::thread watch_;

  absl::Mutex readers_mutex_;
  std::vector<std::unique_ptr<PostgresConnection>> idle_readers_ ABSL_GUARDED_BY(readers_mutex_);
  int readers_out_ ABSL_GUARDED_BY(readers_mutex_) = 0;
  int readers_max_ = 0;
  std::unique_ptr<TaskPool> reads_;

  std::atomic<bool> reachable_{true};
  std::atomic<bool> corrupt_{false};
  std::atomic<uint64_t> commits_{0};
  std::atomic<uint64_t> written_{0};
};

}  // namespace vinculo::sql
