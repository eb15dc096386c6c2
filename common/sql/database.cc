#include "common/sql/database.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/sql/sqlite_engine.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "common_sql_migrations.h"

namespace vinculo::sql {

absl::StatusOr<std::unique_ptr<Database>> Database::Open(DatabaseOptions options) {
  std::vector<MigrationSet> migrations = {{"sql", &engine_schema::Migrations()}};
  for (MigrationSet& set : options.migrations) migrations.push_back(std::move(set));
  absl::string_view path = options.url;
  if (!absl::ConsumePrefix(&path, "sqlite:") || path.empty()) {
    return Error(absl::StatusCode::kInvalidArgument, "STORE_URL",
                 absl::StrCat("'", options.url, "' is not a store; give sqlite:PATH"));
  }
  ASSIGN_OR_RETURN(std::unique_ptr<Engine> engine, SqliteEngine::Open(std::string(path), options, migrations));
  return std::unique_ptr<Database>(new Database(std::move(engine), options.clock));
}

}  // namespace vinculo::sql
