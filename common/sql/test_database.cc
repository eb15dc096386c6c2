#include "common/sql/test_database.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace vinculo::sql {
namespace {

std::string MakeDirectory() {
  struct stat info;
  const bool tmpfs = stat("/dev/shm", &info) == 0 && S_ISDIR(info.st_mode);
  std::string pattern = absl::StrCat(tmpfs ? "/dev/shm" : "/tmp", "/vinculo-test-XXXXXX");
  return mkdtemp(pattern.data()) == nullptr ? "" : pattern;
}

}  // namespace

TestDatabase::TestDatabase(std::string component, const std::vector<Migration>& steps, const Clock* clock)
    : TestDatabase(std::vector<MigrationSet>{{std::move(component), &steps}}, clock) {}

TestDatabase::TestDatabase(std::vector<MigrationSet> sets, const Clock* clock)
    : directory_(MakeDirectory()), path_(directory_ + "/store.db"), sets_(std::move(sets)), clock_(clock) {
  Reopen();
}

TestDatabase::~TestDatabase() {
  database_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

void TestDatabase::Reopen() {
  database_.reset();
  DatabaseOptions options;
  options.url = "sqlite:" + path_;
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
    for (const std::string& step : *plan) {
      const bool walks = absl::StartsWith(step, "SCAN ") && !absl::StrContains(step, "CONSTANT ROW");
      if (walks || absl::StrContains(step, "AUTOMATIC")) absl::StrAppend(&scans, query.name, ": ", step, "\n");
    }
  }
  if (scans.empty()) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "statements that walk a table:\n" << scans;
}

}  // namespace vinculo::sql
