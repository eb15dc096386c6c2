#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/store_copy/layout.h"

namespace vinculo::store_copy {

// The statements about a table that the copy uses. Kept as long as the stores are open.
struct TableStatements {
  explicit TableStatements(const StoredTable& table);

  std::string first, next, put, remove, tenant_after;
  // tenant, limit | tenant, key after tenant, limit | the row | the key | tenant
  sql::Query ReadFirst() const { return {"store_copy_first", first.c_str()}; }
  sql::Query ReadNext() const { return {"store_copy_next", next.c_str()}; }
  sql::Query Put() const { return {"store_copy_put", put.c_str()}; }
  sql::Query Remove() const { return {"store_copy_remove", remove.c_str()}; }
  sql::Query TenantAfter() const { return {"store_copy_tenant", tenant_after.c_str()}; }
};

// Runs a read with values and hands over its rows.
using RunRead = std::function<absl::Status(const sql::Query&, absl::Span<const sql::Value>, sql::RowCallback)>;

RunRead ReadIn(sql::Transaction& tx);  // must outlive what it returns

// Who has rows in the table, in order; by the index, without a walk.
absl::StatusOr<std::vector<std::string>> ReadTenants(const TableStatements& statements, const RunRead& run);

// Walks one tenant's rows of a table in the order of the key, a page at a time.
class TableReader {
 public:
  // All outlive the reader.
  TableReader(const StoredTable& table, const TableStatements& statements, std::string tenant, RunRead run);

  // The row in hand, null after the last.
  absl::StatusOr<const StoredRow*> Peek();
  void Advance() { page_.pop_front(); }

 private:
  absl::Status Fill();

  const StoredTable& table_;
  const TableStatements& statements_;
  const std::string tenant_;
  const RunRead run_;
  std::deque<StoredRow> page_;
  std::optional<StoredRow> last_;
  bool ended_ = false;
};

}  // namespace vinculo::store_copy
