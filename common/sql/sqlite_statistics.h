#pragma once

#include <string>

#include "absl/status/status.h"
#include "common/sql/sqlite_connection.h"

namespace vinculo::sql {

// Tells SQLite's planner what our tables look like once they are large, the same for every store: ten million rows, of
// which a tenant has very many, and each further column of a key narrows them down. Without it the planner guesses that
// ten rows have a tenant_id, and walks a whole tenant where an index would find the row. The rows go into sqlite_stat1,
// as SQLite's manual on stable plans proposes; ANALYZE must not be run on a store, or its plans would change with its
// data.
absl::Status WriteStatistics(SqliteConnection& connection);

// What sqlite_stat1 says of an index with so many columns: rows, then how many share the first one, the first two ...
std::string StatisticsOf(int columns, bool unique);

}  // namespace vinculo::sql
