#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "common/sql/batch_connection.h"
#include "common/sql/task.h"

namespace vinculo::sql {

// Runs a batch of writes as one transaction with the isolation of many: an item that fails leaves no trace and costs
// its neighbours nothing. Belongs to the writer thread.
//
// The first pass runs the items without savepoints, since most batches have no failure after a write, and a savepoint
// costs about as much as a small write. An item that fails before it changed anything is simply skipped. When one fails
// after changes, the whole pass is rolled back and repeated with a savepoint around each item.
class WriteBatch final : private TransactionState {
 public:
  // Whether other processes count in the tenants' counters too: then what was read holds for one transaction only.
  enum class Counters { kOwn, kShared };

  WriteBatch(BatchConnection& connection, Counters counters) : connection_(connection), counters_(counters) {}

  struct Outcome {
    std::vector<absl::Status> statuses;  // one for each task, in order
    uint32_t signals = 0;                // raised by the tasks that were committed
    bool committed = false;
    // Another transaction came first, nothing was committed, and the same batch may be run again at once.
    bool conflict = false;

    static Outcome AllFailed(const absl::Status& status, size_t tasks);
  };
  Outcome Run(const std::vector<std::unique_ptr<Task>>& tasks);

 private:
  struct Undo {
    int64_t* counter;
    int64_t before;
    bool first;  // the item was the first of the transaction to ask for this counter
  };
  enum class Pass { kDone, kRepeatWithSavepoints, kRepeatOneByOne, kConflict };

  absl::StatusOr<int64_t> NextSequence(Connection& connection, const std::string& tenant) override;
  void Raise(Signal signal) override { item_signals_ |= signal; }

  Pass RunPlain(const std::vector<std::unique_ptr<Task>>& tasks, Outcome& outcome);
  Pass RunWithSavepoints(const std::vector<std::unique_ptr<Task>>& tasks, Outcome& outcome);
  void RunOneByOne(const std::vector<std::unique_ptr<Task>>& tasks, Outcome& outcome);
  // How to go on after an error of the connection's.
  Pass AfterError() const;
  absl::Status RunItem(Task& task);
  void RevertItem();
  absl::Status SaveSequences();
  absl::Status Commit();
  void Abort();

  BatchConnection& connection_;
  const Counters counters_;
  absl::flat_hash_map<std::string, std::unique_ptr<int64_t>> sequences_;  // as of the transaction in hand
  absl::flat_hash_map<int64_t*, std::string> dirty_;                      // changed in this batch
  std::vector<Undo> undo_;                                                // of the item in hand
  uint32_t item_signals_ = 0;
};

}  // namespace vinculo::sql
