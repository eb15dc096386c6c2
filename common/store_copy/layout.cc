#include "common/store_copy/layout.h"

#include <algorithm>
#include <climits>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"

namespace vinculo::store_copy {
namespace {

// (table, column, type, place in the primary key or 0), tables by name, columns in order.
constexpr sql::Query kCatalogue{
    "store_catalogue",
    "SELECT m.name, c.name, c.type, c.pk FROM sqlite_schema AS m JOIN pragma_table_info(m.name) AS c "
    "WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' "
    // a search index follows its documents by itself
    "AND m.name NOT IN (SELECT name FROM pragma_table_list WHERE type IN ('virtual', 'shadow')) "
    "ORDER BY m.name, c.cid",
    "SELECT c.relname::text, a.attname::text, format_type(a.atttypid, NULL)::text, "
    "coalesce(array_position(i.indkey::int2[], a.attnum) + 1, 0)::int8 "
    "FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped "
    "LEFT JOIN pg_index AS i ON i.indrelid = c.oid AND i.indisprimary "
    "WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace "
    "ORDER BY c.relname COLLATE \"C\", a.attnum"};

constexpr char kHistory[] = "schema_history";

sql::Value::Kind KindOf(absl::string_view type) {
  const std::string name = absl::AsciiStrToLower(type);
  if (name == "integer" || name == "bigint") return sql::Value::Kind::kInteger;
  if (name == "real" || name == "double precision") return sql::Value::Kind::kReal;
  return name == "blob" || name == "bytea" ? sql::Value::Kind::kBlob : sql::Value::Kind::kText;
}

struct CatalogueRow {
  std::string table;
  StoredColumn column;
  int key;
};

// Key columns first: how every statement of the copy lists them.
absl::Status Arrange(std::vector<CatalogueRow> columns, std::vector<StoredTable>& tables) {
  const auto place = [](const CatalogueRow& row) { return row.key == 0 ? INT_MAX : row.key; };
  std::stable_sort(columns.begin(), columns.end(),
                   [&](const CatalogueRow& a, const CatalogueRow& b) { return place(a) < place(b); });
  StoredTable table{.name = columns.front().table};
  for (CatalogueRow& row : columns) {
    if (row.key != 0) ++table.key_size;
    table.columns.push_back(std::move(row.column));
  }
  if (table.name == kHistory) return absl::OkStatus();
  if (table.key_size == 0 || table.columns.front().name != "tenant_id") {
    return Error(absl::StatusCode::kFailedPrecondition, "STORE_FOREIGN",
                 absl::StrCat("table ", table.name, " has no primary key that begins with tenant_id"));
  }
  tables.push_back(std::move(table));
  return absl::OkStatus();
}

int CompareCells(const Cell& a, const Cell& b) {
  if (a.kind == sql::Value::Kind::kInteger) return a.integer < b.integer ? -1 : a.integer > b.integer ? 1 : 0;
  if (a.kind == sql::Value::Kind::kReal) return a.real < b.real ? -1 : a.real > b.real ? 1 : 0;
  return a.bytes.compare(b.bytes);
}

}  // namespace

sql::Value Cell::AsValue() const {
  switch (kind) {
    case sql::Value::Kind::kInteger:
      return integer;
    case sql::Value::Kind::kReal:
      return real;
    case sql::Value::Kind::kText:
      return bytes;
    case sql::Value::Kind::kBlob:
      return sql::Blob{bytes};
    case sql::Value::Kind::kNull:
      break;
  }
  return nullptr;
}

absl::StatusOr<std::vector<StoredTable>> ReadLayout(sql::Transaction& tx) {
  std::vector<CatalogueRow> rows;
  RETURN_IF_ERROR(tx.Each(kCatalogue, [&](const sql::Row& row) {
    rows.push_back({row.String(0), {row.String(1), KindOf(row.Text(2))}, static_cast<int>(row.Int(3))});
  }));
  std::vector<StoredTable> tables;
  std::vector<CatalogueRow> columns;
  for (CatalogueRow& row : rows) {
    if (!columns.empty() && columns.front().table != row.table)
      RETURN_IF_ERROR(Arrange(std::exchange(columns, {}), tables));
    columns.push_back(std::move(row));
  }
  if (!columns.empty()) RETURN_IF_ERROR(Arrange(std::move(columns), tables));
  return tables;
}

StoredRow ReadStoredRow(const StoredTable& table, const sql::Row& row) {
  StoredRow cells(table.columns.size());
  for (size_t i = 0; i < cells.size(); ++i) {
    const int column = static_cast<int>(i);
    if (row.IsNull(column)) continue;
    Cell& cell = cells[i];
    cell.kind = table.columns[i].kind;
    if (cell.kind == sql::Value::Kind::kInteger) cell.integer = row.Int(column);
    if (cell.kind == sql::Value::Kind::kReal) cell.real = row.Double(column);
    if (cell.kind == sql::Value::Kind::kText) cell.bytes = row.String(column);
    if (cell.kind == sql::Value::Kind::kBlob) cell.bytes = row.Bytes(column);
  }
  return cells;
}

int CompareKeys(const StoredTable& table, const StoredRow& a, const StoredRow& b) {
  for (size_t i = 0; i < table.key_size; ++i) {
    if (const int order = CompareCells(a[i], b[i]); order != 0) return order;
  }
  return 0;
}

}  // namespace vinculo::store_copy
