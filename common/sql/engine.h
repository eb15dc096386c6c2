#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "common/sql/task.h"

namespace vinculo::sql {

// Called after each durable commit that raised a signal, on the engine's thread: return at once.
using CommitListener = absl::AnyInvocable<void(uint32_t signals)>;

// One step of a plan, as the driver words it.
struct PlanStep {
  std::string text;
  bool walks = false;  // all rows of a table or index, or an index built on the way
};

// What a driver is: SQLite on one file, or a PostgreSQL server. Thread-safe.
class Engine {
 public:
  virtual ~Engine() = default;
  // Queues a write. When the queue is full the task finishes at once with RESOURCE_EXHAUSTED OVERLOADED.
  virtual void SubmitWrite(std::unique_ptr<Task> task) = 0;
  // Runs a read on the calling thread, in one snapshot.
  virtual absl::Status ReadHere(const Scope& scope, absl::FunctionRef<absl::Status(Transaction&)> body) = 0;
  // Queues a read for the pool; full as above.
  virtual void SubmitRead(std::unique_ptr<Task> task) = 0;
  virtual void AddCommitListener(CommitListener listener) = 0;
  // OK while the store serves; DATA_LOSS after corruption was seen; UNAVAILABLE while closing.
  virtual absl::Status Ready() = 0;
  // A consistent copy at `path`, checked before it appears there.
  virtual absl::Status Backup(const std::string& path) = 0;
  // The plan of a statement. For tests that forbid table scans.
  virtual absl::StatusOr<std::vector<PlanStep>> ExplainPlan(const Query& query) = 0;
  // Other processes may write to the same store.
  virtual bool shared() const = 0;
  // Commits that reached the disk and durable syncs made for them, since the start.
  struct Counters {
    uint64_t commits = 0;
    uint64_t writes = 0;
    uint64_t syncs = 0;
  };
  virtual Counters counters() const = 0;
};

}  // namespace vinculo::sql
