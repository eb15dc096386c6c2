#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/synchronization/notification.h"
#include "common/sql/engine.h"
#include "common/sql/migration.h"
#include "common/time/clock.h"

namespace prometheus {
class Registry;
}

namespace vinculo::sql {

struct DatabaseOptions {
  // `sqlite:PATH`, or a `postgres://` URI as libpq takes it (several hosts, TLS, search_path in `options`). The scheme
  // chooses the driver.
  std::string url;
  // In the order in which they are applied, the engine's own tables before them. A service passes {"events",
  // &events::Migrations()}, {"jobs", &jobs::Migrations()} and its own.
  std::vector<MigrationSet> migrations;
  // The schema is taken as it is, and `migrations` are left out: for tools that read any service's store.
  bool as_found = false;
  const Clock* clock = SystemClock::Get();
  // Not owned; null: no metrics.
  prometheus::Registry* registry = nullptr;
  // Threads (and connections) for lists, reports and searches.
  int read_threads = 2;
  // Sessions that write beside each other, each with a tenant of its own; for servers, since a file has one writer.
  int write_sessions = 4;
  // Writes that may wait; more are refused.
  int write_queue_max = 4096;
  int read_queue_max = 1024;
};

// A service's store. Opened once, thread-safe, outlives every call that uses it.
class Database {
 public:
  // Opens or creates the store and brings its schema up to date. Errors: INVALID_ARGUMENT (url), FAILED_PRECONDITION
  // STORE_IN_USE (another process holds it), STORE_FOREIGN (not ours), SCHEMA_NEWER (made by a newer binary),
  // MIGRATION_CHANGED (a released step was edited), NETWORK_FILE_SYSTEM; DATA_LOSS STORE_CORRUPT.
  static absl::StatusOr<std::unique_ptr<Database>> Open(DatabaseOptions options);
  // Whether there is a driver for such a URL.
  static bool Takes(absl::string_view url);

  // Runs `body(Transaction&) -> StatusOr<T> | Status` in the next group commit, then `completion`: once, after the
  // commit is durable or with the error; no thread waits in between. `body` may run again and must have no effect
  // outside the transaction. `completion` takes a StatusOr<T> (or Status), or is a TransactionalCompletion; it runs on
  // the engine's thread and returns at once. A scope past its deadline or cancelled is dropped unrun
  // (DEADLINE_EXCEEDED, CANCELLED).
  template <class Body, class Completion>
  void Write(Scope scope, Body body, Completion completion) {
    engine_->SubmitWrite(
        std::make_unique<BoundTask<Body, Completion>>(std::move(scope), std::move(body), std::move(completion)));
  }

  // Runs `body` on this thread in a read snapshot. For primary-key look-ups on threads that serve calls.
  template <class Body>
  auto ReadInline(const Scope& scope, Body&& body) -> std::invoke_result_t<Body&, Transaction&> {
    using Result = std::invoke_result_t<Body&, Transaction&>;
    Result result = absl::UnknownError("not run");
    const absl::Status status = engine_->ReadHere(scope, [&](Transaction& tx) {
      result = body(tx);
      if constexpr (std::is_same_v<Result, absl::Status>) {
        return result;
      } else {
        return result.status();
      }
    });
    if (!status.ok()) return status;
    return result;
  }

  // Runs `body` on the read pool, then `completion` there. For what walks: lists, reports, searches.
  template <class Body, class Completion>
  void ReadOnPool(Scope scope, Body body, Completion completion) {
    engine_->SubmitRead(
        std::make_unique<BoundTask<Body, Completion>>(std::move(scope), std::move(body), std::move(completion)));
  }

  // Write, waiting for the outcome. For start-up and tests: never on a thread that serves calls or on the engine's.
  template <class Body>
  auto WriteAndWait(Scope scope, Body body) -> std::invoke_result_t<Body&, Transaction&> {
    using Result = std::invoke_result_t<Body&, Transaction&>;
    Result result = absl::UnknownError("not run");
    absl::Notification done;
    Write(std::move(scope), std::move(body), [&](Result outcome) {
      result = std::move(outcome);
      done.Notify();
    });
    done.WaitForNotification();
    return result;
  }

  // Told after every durable commit that raised a signal. Add before the first write.
  void AddCommitListener(CommitListener listener) { engine_->AddCommitListener(std::move(listener)); }
  absl::Status Ready() { return engine_->Ready(); }
  absl::Status Backup(const std::string& path) { return engine_->Backup(path); }
  Engine& engine() { return *engine_; }
  const Clock& clock() const { return *clock_; }

 private:
  Database(std::unique_ptr<Engine> engine, const Clock* clock) : engine_(std::move(engine)), clock_(clock) {}

  std::unique_ptr<Engine> engine_;
  const Clock* clock_;
};

}  // namespace vinculo::sql
