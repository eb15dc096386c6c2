#include "common/sql/sqlite_statistics.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/status/status_macros.h"

namespace vinculo::sql {
namespace {

constexpr int kRows = 10'000'000;
constexpr int kSharing[] = {1'000'000, 1000, 50, 10, 5};  // rows that agree in the first 1, 2, ... columns

// An index of a table WITHOUT ROWID that is its key goes by the table's name.
constexpr Query kIndexes{
    "index_list",
    "SELECT m.name, CASE WHEN l.origin = 'pk' AND m.sql LIKE '%WITHOUT ROWID%' THEN m.name ELSE l.name END, "
    "l.\"unique\", "
    "(SELECT COUNT(*) FROM pragma_index_info(l.name)) FROM sqlite_schema AS m JOIN pragma_index_list(m.name) AS l "
    "WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'"};
constexpr Query kInsert{"statistics_insert", "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)"};

struct Index {
  std::string table;
  std::string name;
  bool unique = false;
  int columns = 0;
};

absl::Status Ignore(const Row&) { return absl::OkStatus(); }

}  // namespace

std::string StatisticsOf(int columns, bool unique) {
  constexpr int kKnown = sizeof(kSharing) / sizeof(kSharing[0]);
  std::string text = absl::StrCat(kRows);
  for (int i = 0; i < columns; ++i) {
    absl::StrAppend(&text, " ", unique && i == columns - 1 ? 1 : kSharing[std::min(i, kKnown - 1)]);
  }
  return text;
}

absl::Status WriteStatistics(SqliteConnection& connection) {
  std::vector<Index> indexes;
  RETURN_IF_ERROR(connection.Run(
      kIndexes, {},
      [&](const Row& row) {
        indexes.push_back({row.String(0), row.String(1), row.Bool(2), static_cast<int>(row.Int(3))});
        return absl::OkStatus();
      },
      nullptr));
  // Analysing a table of a few rows is how sqlite_stat1 comes into being.
  RETURN_IF_ERROR(connection.RunScript("BEGIN IMMEDIATE; ANALYZE schema_history; DELETE FROM sqlite_stat1"));
  absl::Status status;
  for (const Index& index : indexes) {
    if (!status.ok()) break;
    status =
        connection.Run(kInsert, {index.table, index.name, StatisticsOf(index.columns, index.unique)}, Ignore, nullptr);
  }
  if (status.ok()) status = connection.RunScript("COMMIT; ANALYZE sqlite_schema");
  if (!status.ok()) connection.Rollback();
  return status;
}

}  // namespace vinculo::sql
