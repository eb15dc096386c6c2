#include "absl/strings/escaping.h"
#include "common/json/json_text.h"
#include "common/status/status_macros.h"
#include "common/store_copy/schema.h"
#include "common/store_copy/store_copy.h"
#include "common/store_copy/table_reader.h"

namespace vinculo::store_copy {
namespace {

nlohmann::json Render(const Cell& cell) {
  switch (cell.kind) {
    case sql::Value::Kind::kInteger:
      return cell.integer;
    case sql::Value::Kind::kReal:
      return cell.real;
    case sql::Value::Kind::kText:
      return cell.bytes;
    case sql::Value::Kind::kBlob:
      return absl::BytesToHexString(cell.bytes);
    case sql::Value::Kind::kNull:
      break;
  }
  return nullptr;
}

absl::Status DumpTable(sql::Transaction& tx, const StoredTable& table, const TableStatements& statements,
                       std::ostream& out) {
  const RunRead run = ReadIn(tx);
  ASSIGN_OR_RETURN(const std::vector<std::string> tenants, ReadTenants(statements, run));
  for (const std::string& tenant : tenants) {
    TableReader reader(table, statements, tenant, run);
    for (;; reader.Advance()) {
      ASSIGN_OR_RETURN(const StoredRow* const row, reader.Peek());
      if (row == nullptr) break;
      nlohmann::json line = {{"table", table.name}, {"row", nlohmann::json::object()}};
      for (size_t i = 0; i < row->size(); ++i) line["row"][table.columns[i].name] = Render((*row)[i]);
      out << DumpJson(line) << "\n";
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status DumpStore(const std::string& url, std::ostream& out) {
  // Each statement is kept until the store is closed, which knows them by their addresses.
  std::vector<TableStatements> statements;
  ASSIGN_OR_RETURN(const std::unique_ptr<sql::Database> store, OpenAsFound(url));
  return store->ReadInline(ToolScope(), [&](sql::Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const std::vector<StoredTable> tables, ReadLayout(tx));
    for (const StoredTable& table : tables) statements.emplace_back(table);
    for (size_t i = 0; i < tables.size(); ++i) RETURN_IF_ERROR(DumpTable(tx, tables[i], statements[i], out));
    return absl::OkStatus();
  });
}

}  // namespace vinculo::store_copy
