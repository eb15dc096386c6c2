#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/sql/migration.h"
#include "common/sql/sqlite_connection.h"

namespace vinculo::sql {

// Refuses a file that is not ours before anything is written to it. FAILED_PRECONDITION STORE_FOREIGN; DATA_LOSS
// STORE_CORRUPT.
absl::Status CheckSqliteFile(const std::string& path);

// Brings the schema up to date: each missing step in a transaction of its own, recorded with its checksum in
// schema_history. FAILED_PRECONDITION: SCHEMA_NEWER when the file has a step or component that this binary does not
// know, MIGRATION_CHANGED when an applied step's text differs from this binary's.
absl::Status MigrateSqlite(SqliteConnection& connection, const std::vector<MigrationSet>& sets, absl::Time now);

}  // namespace vinculo::sql
