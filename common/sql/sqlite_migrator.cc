#include "common/sql/sqlite_migrator.h"

#include <openssl/sha.h>
#include <sys/stat.h>

#include <map>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/sql/sqlite_vfs.h"
#include "common/sql/transaction.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"

namespace vinculo::sql {
namespace {

constexpr int64_t kApplicationId = 0x564e434c;  // "VNCL"

constexpr char kHistoryTable[] =
    "CREATE TABLE IF NOT EXISTS schema_history (component TEXT NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL,"
    " checksum TEXT NOT NULL, applied_at INTEGER NOT NULL, PRIMARY KEY (component, number)) STRICT, WITHOUT ROWID";

constexpr Query kApplication{"application_id", "PRAGMA application_id"};
constexpr Query kTables{"table_count", "SELECT count(*) FROM sqlite_schema"};
constexpr Query kHistory{"schema_history",
                         "SELECT component, number, checksum FROM schema_history ORDER BY component, number"};
constexpr Query kRecord{"schema_record",
                        "INSERT INTO schema_history(component, number, name, checksum, applied_at) VALUES (?,?,?,?,?)"};

std::string Checksum(const char* text) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text), std::char_traits<char>::length(text), digest);
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest), sizeof(digest)));
}

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

using Applied = std::map<std::pair<std::string, int>, std::string>;

absl::Status CheckKnown(const Applied& applied, const std::vector<MigrationSet>& sets) {
  for (const auto& [step, checksum] : applied) {
    const auto& [component, number] = step;
    const Migration* known = nullptr;
    for (const MigrationSet& set : sets) {
      if (set.component != component) continue;
      for (const Migration& migration : *set.steps) known = migration.number == number ? &migration : known;
    }
    if (known == nullptr) {
      return Error(absl::StatusCode::kFailedPrecondition, "SCHEMA_NEWER",
                   absl::StrCat("the store has schema step ", component, "/", number,
                                ", which this binary does not know; start the newer binary, or the right service"));
    }
    if (checksum != Checksum(known->text)) {
      return Error(absl::StatusCode::kFailedPrecondition, "MIGRATION_CHANGED",
                   absl::StrCat("schema step ", component, "/", number, " was edited after it had been applied"));
    }
  }
  return absl::OkStatus();
}

absl::Status ApplyStep(SqliteConnection& connection, const std::string& component, const Migration& step, int version,
                       absl::Time now) {
  RETURN_IF_ERROR(connection.RunScript("BEGIN IMMEDIATE"));
  absl::Status status = connection.RunScript(step.text);
  if (status.ok()) {
    const std::string checksum = Checksum(step.text);
    const Value values[] = {component, step.number, step.name, checksum, now};
    status = connection.Run(
        kRecord, values, [](const Row&) { return absl::OkStatus(); }, nullptr);
  }
  if (status.ok()) status = connection.RunScript(absl::StrCat("PRAGMA user_version=", version, "; COMMIT"));
  if (status.ok()) return status;
  if (connection.in_transaction()) connection.RunScript("ROLLBACK").IgnoreError();
  return absl::Status(
      status.code(), absl::StrCat("schema step ", component, "/", step.number, " ", step.name, ": ", status.message()));
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
  RETURN_IF_ERROR(connection.RunScript(kHistoryTable));
  Applied applied;
  RETURN_IF_ERROR(connection.Run(
      kHistory, {},
      [&](const Row& row) {
        applied[{row.String(0), static_cast<int>(row.Int(1))}] = row.String(2);
        return absl::OkStatus();
      },
      nullptr));
  RETURN_IF_ERROR(CheckKnown(applied, sets));
  int version = static_cast<int>(applied.size());
  for (const MigrationSet& set : sets) {
    for (const Migration& step : *set.steps) {
      if (applied.contains({set.component, step.number})) continue;
      RETURN_IF_ERROR(ApplyStep(connection, set.component, step, ++version, now));
    }
  }
  return absl::OkStatus();
}

}  // namespace vinculo::sql
