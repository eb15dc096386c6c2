#include "common/store_copy/schema.h"

#include <map>

#include "common/status/error.h"
#include "common/status/status_macros.h"

namespace vinculo::store_copy {
namespace {

constexpr sql::Query kSteps{
    "store_steps", "SELECT component, number, name, text, postgres FROM schema_history ORDER BY component, number"};
// What Database::Open adds by itself.
constexpr char kEngineComponent[] = "sql";

// A store's schema steps with storage of their own.
struct StoredSteps {
  std::deque<std::string> texts;
  std::map<std::string, std::vector<sql::Migration>> components;

  const char* Keep(std::string text) { return texts.emplace_back(std::move(text)).c_str(); }
};

absl::StatusOr<StoredSteps> ReadSteps(sql::Database& store) {
  return store.ReadInline(ToolScope(), [](sql::Transaction& tx) -> absl::StatusOr<StoredSteps> {
    StoredSteps steps;
    RETURN_IF_ERROR(tx.Each(kSteps, [&](const sql::Row& row) {
      steps.components[row.String(0)].push_back({static_cast<int>(row.Int(1)), steps.Keep(row.String(2)),
                                                 steps.Keep(row.String(3)),
                                                 row.IsNull(4) ? nullptr : steps.Keep(row.String(4))});
    }));
    return steps;
  });
}

}  // namespace

sql::Scope ToolScope() { return sql::Scope::ForTenant(sql::kSystemTenant, "store-copy"); }

absl::StatusOr<std::unique_ptr<sql::Database>> OpenAsFound(const std::string& url) {
  sql::DatabaseOptions options;
  options.url = url;
  options.as_found = true;
  ASSIGN_OR_RETURN(std::unique_ptr<sql::Database> store, sql::Database::Open(std::move(options)));
  const absl::StatusOr<StoredSteps> steps = ReadSteps(*store);
  if (!steps.ok() || steps->components.empty()) {
    return Error(absl::StatusCode::kFailedPrecondition, "STORE_EMPTY", "no service has written to this store yet");
  }
  return store;
}

absl::StatusOr<std::unique_ptr<sql::Database>> OpenLike(sql::Database& source, const std::string& to) {
  ASSIGN_OR_RETURN(const StoredSteps steps, ReadSteps(source));
  sql::DatabaseOptions options;
  options.url = to;
  for (const auto& [component, migrations] : steps.components) {
    if (component != kEngineComponent) options.migrations.push_back({component, &migrations});
  }
  return sql::Database::Open(std::move(options));
}

}  // namespace vinculo::store_copy
