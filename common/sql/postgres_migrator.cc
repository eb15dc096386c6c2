#include "common/sql/postgres_migrator.h"

#include "common/sql/postgres_dialect.h"
#include "common/sql/schema_history.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"

namespace vinculo::sql {
namespace {

constexpr Query kLook{"schema_look",
                      "SELECT current_schema(), to_regclass('schema_history') IS NOT NULL, "
                      "(SELECT count(*) FROM pg_tables WHERE schemaname = current_schema())"};

absl::Status CheckPlace(PostgresConnection& connection) {
  bool missing = false;
  bool ours = false;
  int64_t tables = 0;
  RETURN_IF_ERROR(connection.Run(
      kLook, {},
      [&](const Row& row) {
        missing = row.IsNull(0);
        ours = row.Bool(1);
        tables = row.Int(2);
        return absl::OkStatus();
      },
      nullptr));
  if (missing) {
    return Error(absl::StatusCode::kFailedPrecondition, "SCHEMA_MISSING",
                 "the schema that search_path names does not exist; create it, or leave search_path out");
  }
  if (!ours && tables > 0) {
    return Error(absl::StatusCode::kFailedPrecondition, "STORE_FOREIGN",
                 "the schema holds tables that are not this suite's; it was left untouched");
  }
  return absl::OkStatus();
}

absl::Status ApplyMissing(PostgresConnection& connection, const std::vector<MigrationSet>& sets, absl::Time now) {
  RETURN_IF_ERROR(connection.RunScript("LOCK TABLE schema_history IN EXCLUSIVE MODE"));
  ASSIGN_OR_RETURN(const AppliedSteps applied, ReadSchemaHistory(connection));
  RETURN_IF_ERROR(CheckSchemaHistory(applied, sets));
  for (const MigrationSet& set : sets) {
    for (const Migration& step : *set.steps) {
      if (applied.contains({set.component, step.number})) continue;
      absl::Status status = connection.RunScript(PostgresSchema(step.postgres != nullptr ? step.postgres : step.text));
      if (status.ok()) status = RecordSchemaStep(connection, set.component, step, now);
      if (!status.ok()) return SchemaStepError(status, set.component, step);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status MigratePostgres(PostgresConnection& connection, const std::vector<MigrationSet>& sets, absl::Time now) {
  RETURN_IF_ERROR(CheckPlace(connection));
  // Two that create it at the same instant: one of them is told of a duplicate, and finds it there.
  const std::string history = PostgresSchema(kSchemaHistoryTable);
  if (!connection.RunScript(history).ok()) RETURN_IF_ERROR(connection.RunScript(history));
  // Not SERIALIZABLE: what is read after the wait for the lock must be what the holder before has left.
  RETURN_IF_ERROR(connection.RunScript("BEGIN ISOLATION LEVEL READ COMMITTED"));
  absl::Status status = ApplyMissing(connection, sets, now);
  if (status.ok()) return connection.RunScript("COMMIT");
  connection.Rollback();
  return status;
}

}  // namespace vinculo::sql
