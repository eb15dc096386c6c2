#pragma once

#include <libpq-fe.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/sql/batch_connection.h"
#include "common/sql/statement_metrics.h"

namespace vinculo::sql {

// One session with a PostgreSQL server, in libpq's pipeline mode: a statement whose answer nobody waits for (Exec,
// BEGIN, COMMIT of a read) travels with the next one, so a transaction costs one round trip for each statement that
// answers. One thread at a time. After an error of the network `broken()` is true and the session is good for nothing
// more.
class PostgresConnection final : public BatchConnection {
 public:
  // `conninfo` is libpq's: a postgres:// URI or key=value pairs; several hosts are tried until one takes writes.
  // `metrics` may be null. Errors: UNAVAILABLE STORE_UNAVAILABLE, with the server's reason.
  static absl::StatusOr<std::unique_ptr<PostgresConnection>> Open(const std::string& conninfo,
                                                                  StatementMetrics* metrics);
  ~PostgresConnection() override;

  absl::Status Run(const Query& query, absl::Span<const Value> values, RowCallback on_row, int64_t* changes) override;
  absl::Status Exec(const Query& query, absl::Span<const Value> values) override;
  // Several statements at once, without values, outside a pipeline: settings and migrations.
  absl::Status RunScript(const std::string& script);

  // SERIALIZABLE, read-write.
  absl::Status Begin() override;
  absl::Status Commit() override;
  void Rollback() override;
  absl::Status UndoItem() override;
  State state() const override { return state_; }
  absl::Status Settle() override;
  int64_t changes_made() const override { return changes_made_; }

  // One snapshot, read-only; statements end after `limit` with DEADLINE_EXCEEDED. EndRead does not wait.
  absl::Status BeginRead(absl::Duration limit);
  void EndRead();

  // Whether the server answers.
  absl::Status Ping();
  bool broken() const { return PQstatus(handle_) != CONNECTION_OK; }
  PGconn* handle() { return handle_; }

 private:
  struct Prepared {
    std::string name;
    std::vector<Oid> types;  // of its parameters
    prometheus::Histogram* seconds = nullptr;
  };
  struct Freed {
    void operator()(PGresult* result) const { PQclear(result); }
  };
  using Result = std::unique_ptr<PGresult, Freed>;

  PostgresConnection(PGconn* handle, StatementMetrics* metrics) : handle_(handle), metrics_(metrics) {}
  absl::StatusOr<const Prepared*> Prepare(const Query& query, absl::Span<const Value> values);
  absl::Status Send(const Query& query, absl::Span<const Value> values);
  // Ends the pipeline: every statement sent is answered, and after an error the session takes statements again.
  absl::Status Sync();
  // The answers of everything sent before, whose rows nobody looks at.
  absl::Status TakeWaiting();
  Result Take();
  absl::Status StatusOf(const PGresult* result, const char* statement);
  // What a result or the session itself says went wrong.
  absl::Status Fail(const PGresult* result, const char* statement);
  absl::Status Lost();

  PGconn* handle_;
  StatementMetrics* metrics_;
  absl::flat_hash_map<const char*, std::unique_ptr<Prepared>> prepared_;
  int statements_named_ = 0;          // also those whose preparation failed: the server may have them
  std::deque<const Query*> waiting_;  // sent, not answered; null stands for a sync
  State state_ = State::kOpen;
  int64_t changes_made_ = 0;
};

// The named error for an SQLSTATE, told in words that carry no SQL and no data.
absl::Status PostgresError(absl::string_view sqlstate, const char* statement_name);

}  // namespace vinculo::sql
