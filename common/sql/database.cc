#include "common/sql/database.h"

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "common/sql/postgres_engine.h"
#include "common/sql/sqlite_engine.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "common_sql_migrations.h"

namespace vinculo::sql {
namespace {

constexpr char kSqlite[] = "sqlite:";

bool IsSqlite(absl::string_view url) { return absl::StartsWith(url, kSqlite) && url != kSqlite; }
bool IsPostgres(absl::string_view url) {
  return absl::StartsWith(url, "postgres://") || absl::StartsWith(url, "postgresql://");
}

absl::StatusOr<std::unique_ptr<Engine>> OpenEngine(const DatabaseOptions& options,
                                                   const std::vector<MigrationSet>& migrations) {
  const std::string& url = options.url;
  if (IsSqlite(url)) return SqliteEngine::Open(std::string(absl::StripPrefix(url, kSqlite)), options, migrations);
  if (IsPostgres(url)) return PostgresEngine::Open(url, options, migrations);
  // Never the text itself: it may hold a password.
  return Error(absl::StatusCode::kInvalidArgument, "STORE_URL", "a store is sqlite:PATH or postgres://HOST/DATABASE");
}

}  // namespace

bool Database::Takes(absl::string_view url) { return IsSqlite(url) || IsPostgres(url); }

absl::StatusOr<std::unique_ptr<Database>> Database::Open(DatabaseOptions options) {
  std::vector<MigrationSet> migrations = {{"sql", &engine_schema::Migrations()}};
  for (MigrationSet& set : options.migrations) migrations.push_back(std::move(set));
  ASSIGN_OR_RETURN(std::unique_ptr<Engine> engine, OpenEngine(options, migrations));
  return std::unique_ptr<Database>(new Database(std::move(engine), options.clock));
}

}  // namespace vinculo::sql
