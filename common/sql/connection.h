#pragma once

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "common/sql/query.h"
#include "common/sql/row.h"
#include "common/sql/value.h"

namespace vinculo::sql {

using RowCallback = absl::FunctionRef<absl::Status(const Row&)>;

// The seam between the engine's users and a driver: one database connection. Used by one thread at a time.
class Connection {
 public:
  virtual ~Connection() = default;
  // Runs one statement with bound values and hands each row to `on_row`; an error from it ends the statement and is
  // returned. `changes`, when not null, receives the number of rows the statement changed. Errors, by name:
  //   ALREADY_EXISTS DUPLICATE_KEY; FAILED_PRECONDITION FOREIGN_KEY; INVALID_ARGUMENT CHECK_FAILED;
  //   RESOURCE_EXHAUSTED STORAGE_FULL; UNAVAILABLE STORE_UNAVAILABLE; DATA_LOSS STORE_CORRUPT; DEADLINE_EXCEEDED;
  //   INTERNAL.
  virtual absl::Status Run(const Query& query, absl::Span<const Value> values, RowCallback on_row,
                           int64_t* changes) = 0;
  // Runs a statement whose rows and count nobody asks for. A driver may send it along with the next one that answers:
  // its error is then that one's, or the commit's. Who wants to know at once uses Run with `changes`.
  virtual absl::Status Exec(const Query& query, absl::Span<const Value> values) = 0;
};

}  // namespace vinculo::sql
