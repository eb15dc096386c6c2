#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "common/sql/connection.h"

namespace vinculo::sql {

// A connection that writes: what WriteBatch needs of a driver.
class BatchConnection : public Connection {
 public:
  // How the transaction in hand stands.
  enum class State {
    kOpen,      // goes on
    kFailed,    // an error spoiled it; going back to a savepoint mends it (PostgreSQL)
    kGone,      // the driver has rolled all of it back
    kConflict,  // another transaction came first: everything must be run again
  };

  virtual absl::Status Begin() = 0;
  // Durable when it returns OK. Otherwise nothing was committed, or with UNAVAILABLE COMMIT_UNKNOWN nobody can tell.
  virtual absl::Status Commit() = 0;
  virtual void Rollback() = 0;
  // Back to the savepoint `item`, which is gone then; the transaction is open again.
  virtual absl::Status UndoItem() = 0;
  virtual State state() const = 0;
  // Waits for what Exec has sent ahead; the first error among it.
  virtual absl::Status Settle() = 0;
  // Grows with every statement that may have changed something.
  virtual int64_t changes_made() const = 0;
};

}  // namespace vinculo::sql
