#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/transaction.h"
#include "common/sql/value.h"

namespace vinculo::store_copy {

// A store as its catalogue tells of it, for tools that know no service.
struct StoredColumn {
  std::string name;
  sql::Value::Kind kind;
  friend bool operator==(const StoredColumn&, const StoredColumn&) = default;
};

struct StoredTable {
  std::string name;
  std::vector<StoredColumn> columns;  // those of the primary key first, in its order; tenant_id before all
  size_t key_size = 0;                // how many of them
  friend bool operator==(const StoredTable&, const StoredTable&) = default;
};

// A value of a stored row, with storage of its own.
struct Cell {
  sql::Value::Kind kind = sql::Value::Kind::kNull;
  int64_t integer = 0;
  double real = 0;
  std::string bytes;

  sql::Value AsValue() const;
  friend bool operator==(const Cell&, const Cell&) = default;
};
using StoredRow = std::vector<Cell>;

// All tables of tenants' data by name. FAILED_PRECONDITION STORE_FOREIGN where a table has no primary key that begins
// with tenant_id.
absl::StatusOr<std::vector<StoredTable>> ReadLayout(sql::Transaction& tx);

StoredRow ReadStoredRow(const StoredTable& table, const sql::Row& row);

// Which of two rows comes first in the order of the primary key: negative, zero, positive.
int CompareKeys(const StoredTable& table, const StoredRow& a, const StoredRow& b);

}  // namespace vinculo::store_copy
