#include <gtest/gtest.h>

#include "common/sql/database.h"
#include "common/sql/test_schema.h"
#include "common/sql/test_store.h"
#include "common/status/error.h"

namespace vinculo::sql {
namespace {

absl::Status OpenStatus(const std::string& url, std::vector<MigrationSet> sets) {
  DatabaseOptions options;
  options.url = url;
  options.migrations = std::move(sets);
  return Database::Open(std::move(options)).status();
}

class Migrations : public testing::Test {
 protected:
  // A store made by an earlier run, closed.
  void MakeStore(const std::vector<Migration>& steps) { EXPECT_EQ(OpenWith(steps), absl::OkStatus()); }
  absl::Status OpenWith(const std::vector<Migration>& steps) { return OpenStatus(store_.url(), {{"test", &steps}}); }
  const TestStore store_;
};

TEST_F(Migrations, AddsOnlyWhatIsMissing) {
  MakeStore(test::kSteps);
  std::vector<Migration> more = test::kSteps;
  more.push_back({2, "more", "CREATE TABLE more (tenant_id TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID"});
  EXPECT_TRUE(OpenWith(more).ok());
  EXPECT_TRUE(OpenWith(more).ok());
}

TEST_F(Migrations, RefusesANewerStore) {
  std::vector<Migration> more = test::kSteps;
  more.push_back({2, "more", "CREATE TABLE more (tenant_id TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID"});
  MakeStore(more);
  EXPECT_EQ(ErrorReason(OpenWith(test::kSteps)), "SCHEMA_NEWER");
  EXPECT_EQ(ErrorReason(OpenStatus(store_.url(), {{"another_service", &test::kSteps}})), "SCHEMA_NEWER");
}

TEST_F(Migrations, RefusesAnEditedStep) {
  MakeStore(test::kSteps);
  std::vector<Migration> edited = test::kSteps;
  edited[0].text = "CREATE TABLE item (tenant_id TEXT NOT NULL PRIMARY KEY) STRICT";
  EXPECT_EQ(ErrorReason(OpenWith(edited)), "MIGRATION_CHANGED");
}

TEST_F(Migrations, AFailedStepLeavesNothing) {
  std::vector<Migration> broken = test::kSteps;
  broken.push_back(
      {2, "broken", "CREATE TABLE half (tenant_id TEXT NOT NULL PRIMARY KEY) STRICT; SELECT nonsense FROM nowhere"});
  EXPECT_FALSE(OpenWith(broken).ok());
  broken[1].text = "CREATE TABLE half (tenant_id TEXT NOT NULL PRIMARY KEY) STRICT";
  EXPECT_TRUE(OpenWith(broken).ok());
}

TEST_F(Migrations, SaysWhichUrlsItTakes) {
  DatabaseOptions options;
  options.url = "mysql://x";
  EXPECT_EQ(ErrorReason(Database::Open(std::move(options)).status()), "STORE_URL");
}

}  // namespace
}  // namespace vinculo::sql
