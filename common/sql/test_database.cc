#include "common/sql/test_database.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace vinculo::sql {

TestDatabase::TestDatabase(std::string component, const std::vector<Migration>& steps, const Clock* clock)
    : TestDatabase(std::vector<MigrationSet>{{std::move(component), &steps}}, clock) {}

TestDatabase::TestDatabase(std::vector<MigrationSet> sets, const Clock* clock) : sets_(std::move(sets)), clock_(clock) {
  Reopen();
}

void TestDatabase::Reopen() {
  database_.reset();
  DatabaseOptions options;
  options.url = url();
  options.migrations = sets_;
  options.clock = clock_;
  absl::StatusOr<std::unique_ptr<Database>> opened = Database::Open(std::move(options));
  if (!opened.ok()) {
    ADD_FAILURE() << opened.status();
    std::abort();
  }
  database_ = *std::move(opened);
}

Scope TestScope(std::string tenant) { return Scope::ForTenant(std::move(tenant), "test"); }

testing::AssertionResult NoTableScans(Database& database, const std::vector<Query>& queries) {
  std::string scans;
  for (const Query& query : queries) {
    const auto plan = database.engine().ExplainPlan(query);
    if (!plan.ok()) {
      absl::StrAppend(&scans, query.name, ": ", plan.status().ToString(), "\n");
      continue;
    }
    for (const PlanStep& step : *plan) {
      if (step.walks) absl::StrAppend(&scans, query.name, ": ", step.text, "\n");
    }
  }
  if (scans.empty()) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "statements that walk a table:\n" << scans;
}

}  // namespace vinculo::sql
