#include "common/sql/sqlite_migrator.h"

#include <sys/stat.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/sql/schema_history.h"
#include "common/sql/sqlite_statistics.h"
#include "common/sql/sqlite_vfs.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"

namespace vinculo::sql {
namespace {

constexpr int64_t kApplicationId = 0x564e434c;  // "VNCL"

constexpr Query kApplication{"application_id", "PRAGMA application_id"};
constexpr Query kStatistics{"statistics_count", "SELECT count(*) FROM sqlite_schema WHERE name = 'sqlite_stat1'"};
constexpr Query kTables{"table_count", "SELECT count(*) FROM sqlite_schema"};
absl::StatusOr<int64_t> ReadInteger(SqliteConnection& connection, const Query& query) {
  int64_t value = 0;
  RETURN_IF_ERROR(connection.Run(
      query, {},
      [&](const Row& row) {
        value = row.Int(0);
        return absl::OkStatus();
      },
      nullptr));
  return value;
}

absl::Status ApplyStep(SqliteConnection& connection, const std::string& component, const Migration& step, int version,
                       absl::Time now) {
  RETURN_IF_ERROR(connection.RunScript("BEGIN IMMEDIATE"));
  absl::Status status = connection.RunScript(step.text);
  if (status.ok()) status = RecordSchemaStep(connection, component, step, now);
  if (status.ok()) status = connection.RunScript(absl::StrCat("PRAGMA user_version=", version, "; COMMIT"));
  if (status.ok()) return status;
  connection.Rollback();
  return SchemaStepError(status, component, step);
}

}  // namespace

absl::Status CheckSqliteFile(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0 || info.st_size == 0) return absl::OkStatus();
  sqlite3* handle = nullptr;
  // Plain read-write: a file with a log left by a crash cannot be read otherwise.
  const int opened =
      sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE, SqliteVfsName());
  int64_t application = 0;
  int64_t tables = 0;
  int code = opened;
  for (auto [query, out] : {std::pair{&kApplication, &application}, std::pair{&kTables, &tables}}) {
    sqlite3_stmt* statement = nullptr;
    if (code == SQLITE_OK) code = sqlite3_prepare_v2(handle, query->text, -1, &statement, nullptr);
    if (code == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW) *out = sqlite3_column_int64(statement, 0);
    if (statement != nullptr) code = sqlite3_finalize(statement);
  }
  sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_close_v2(handle);
  if (code != SQLITE_OK) return SqliteError(code, "check_file");
  if (application == kApplicationId || (application == 0 && tables == 0)) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, "STORE_FOREIGN",
               absl::StrCat(path, " is a SQLite file, but not one of this suite; it was left untouched"));
}

absl::Status MigrateSqlite(SqliteConnection& connection, const std::vector<MigrationSet>& sets, absl::Time now) {
  ASSIGN_OR_RETURN(const int64_t application, ReadInteger(connection, kApplication));
  if (application == 0) RETURN_IF_ERROR(connection.RunScript(absl::StrCat("PRAGMA application_id=", kApplicationId)));
  RETURN_IF_ERROR(connection.RunScript(kSchemaHistoryTable));
  ASSIGN_OR_RETURN(const AppliedSteps applied, ReadSchemaHistory(connection));
  RETURN_IF_ERROR(CheckSchemaHistory(applied, sets));
  int version = static_cast<int>(applied.size());
  for (const MigrationSet& set : sets) {
    for (const Migration& step : *set.steps) {
      if (applied.contains({set.component, step.number})) continue;
      RETURN_IF_ERROR(ApplyStep(connection, set.component, step, ++version, now));
    }
  }
  ASSIGN_OR_RETURN(const int64_t statistics, ReadInteger(connection, kStatistics));
  if (statistics > 0 && version == static_cast<int>(applied.size())) return absl::OkStatus();
  return WriteStatistics(connection);
}

}  // namespace vinculo::sql
