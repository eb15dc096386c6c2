#pragma once

#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/sql/migration.h"
#include "common/sql/postgres_connection.h"

namespace vinculo::sql {

// Brings the schema that `search_path` names up to date, in one transaction; replicas that start together wait for each
// other. Errors: FAILED_PRECONDITION STORE_FOREIGN (tables that are not ours), SCHEMA_MISSING, SCHEMA_NEWER,
// MIGRATION_CHANGED.
absl::Status MigratePostgres(PostgresConnection& connection, const std::vector<MigrationSet>& sets, absl::Time now);

}  // namespace vinculo::sql
