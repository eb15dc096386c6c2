#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/engine.h"
#include "common/sql/postgres_connection.h"

namespace vinculo::sql {

// The plan of a statement for any values, with sequential scans allowed only where nothing else is possible: what the
// planner would do with large tables. A step walks when it is such a scan, or reads an index without a condition on it.
// Leaves the session's settings changed.
absl::StatusOr<std::vector<PlanStep>> ExplainPostgres(PostgresConnection& connection, const Query& query);

}  // namespace vinculo::sql
