#pragma once

#include <sqlite3.h>

#include <atomic>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/sql/batch_connection.h"
#include "common/sql/scope.h"
#include "common/sql/statement_metrics.h"

namespace vinculo::sql {

// One SQLite handle with its prepared statements. One thread at a time.
class SqliteConnection final : public BatchConnection {
 public:
  enum class Mode { kWriter, kReader };

  // Opens the file with every setting of its mode. The writer creates the file and turns on WAL. `metrics` may be null.
  static absl::StatusOr<std::unique_ptr<SqliteConnection>> Open(const std::string& path, Mode mode,
                                                                StatementMetrics* metrics);
  ~SqliteConnection() override;

  absl::Status Run(const Query& query, absl::Span<const Value> values, RowCallback on_row, int64_t* changes) override;
  absl::Status Exec(const Query& query, absl::Span<const Value> values) override;

  absl::Status Begin() override;
  // An I/O error ends the process: after a failed sync nobody can tell what the disk holds, and a restart recovers from
  // the log.
  absl::Status Commit() override;
  void Rollback() override;
  absl::Status UndoItem() override;
  State state() const override { return in_transaction() ? State::kOpen : State::kGone; }
  absl::Status Settle() override { return absl::OkStatus(); }
  int64_t changes_made() const override { return sqlite3_total_changes64(handle_); }

  // Several statements at once, without values: settings and migrations.
  absl::Status RunScript(const std::string& script);

  // Bounds the statements that follow: they end with DEADLINE_EXCEEDED or CANCELLED when the scope is abandoned. `now`
  // is the time on the clock that set its deadline.
  void LimitTo(const Scope& scope, absl::Time now);

  bool in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }
  sqlite3* handle() { return handle_; }

 private:
  struct Prepared {
    sqlite3_stmt* statement = nullptr;
    prometheus::Histogram* seconds = nullptr;
    bool busy = false;  // being walked further up the stack
  };

  SqliteConnection(sqlite3* handle, StatementMetrics* metrics) : handle_(handle), metrics_(metrics) {}
  absl::Status Configure(Mode mode);
  absl::StatusOr<Prepared*> Prepare(const Query& query);
  absl::Status Walk(sqlite3_stmt* statement, const Query& query, absl::Span<const Value> values, RowCallback on_row);
  static int OnProgress(void* self);

  sqlite3* handle_;
  StatementMetrics* metrics_;
  absl::flat_hash_map<const char*, std::unique_ptr<Prepared>> prepared_;
  absl::Time deadline_ = absl::InfiniteFuture();
  std::shared_ptr<const std::atomic<bool>> cancelled_;
};

// The named error for a SQLite result code (extended), told in words that carry no SQL and no data.
absl::Status SqliteError(int extended_code, const char* statement_name);

}  // namespace vinculo::sql
