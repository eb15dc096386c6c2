#include <gtest/gtest.h>
#include <sqlite3.h>

#include <fstream>

#include "common/sql/database.h"
#include "common/sql/test_database.h"
#include "common/sql/test_schema.h"
#include "common/status/error.h"

namespace vinculo::sql {
namespace {

absl::Status OpenStatus(const std::string& path, std::vector<MigrationSet> sets) {
  DatabaseOptions options;
  options.url = "sqlite:" + path;
  options.migrations = std::move(sets);
  return Database::Open(std::move(options)).status();
}

class Migrations : public testing::Test {
 protected:
  // A store made by an earlier run, closed.
  std::string MakeStore(const std::vector<Migration>& steps) {
    const std::string path = dummy_.path() + "-made";
    EXPECT_TRUE(OpenStatus(path, {{"test", &steps}}).ok());
    return path;
  }
  TestDatabase dummy_;
};

TEST_F(Migrations, AddsOnlyWhatIsMissing) {
  const std::string path = MakeStore(test::kSteps);
  std::vector<Migration> more = test::kSteps;
  more.push_back({2, "more", "CREATE TABLE more (tenant_id TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID"});
  EXPECT_TRUE(OpenStatus(path, {{"test", &more}}).ok());
  EXPECT_TRUE(OpenStatus(path, {{"test", &more}}).ok());
}

TEST_F(Migrations, RefusesANewerStore) {
  std::vector<Migration> more = test::kSteps;
  more.push_back({2, "more", "CREATE TABLE more (tenant_id TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID"});
  const std::string path = MakeStore(more);
  EXPECT_EQ(ErrorReason(OpenStatus(path, {{"test", &test::kSteps}})), "SCHEMA_NEWER");
  EXPECT_EQ(ErrorReason(OpenStatus(path, {{"another_service", &test::kSteps}})), "SCHEMA_NEWER");
}

TEST_F(Migrations, RefusesAnEditedStep) {
  const std::string path = MakeStore(test::kSteps);
  std::vector<Migration> edited = test::kSteps;
  edited[0].text = "CREATE TABLE item (tenant_id TEXT NOT NULL PRIMARY KEY) STRICT";
  EXPECT_EQ(ErrorReason(OpenStatus(path, {{"test", &edited}})), "MIGRATION_CHANGED");
}

TEST_F(Migrations, AFailedStepLeavesNothing) {
  std::vector<Migration> broken = test::kSteps;
  broken.push_back(
      {2, "broken", "CREATE TABLE half (tenant_id TEXT NOT NULL PRIMARY KEY) STRICT; SELECT nonsense FROM nowhere"});
  const std::string path = dummy_.path() + "-broken";
  EXPECT_FALSE(OpenStatus(path, {{"test", &broken}}).ok());
  broken[1].text = "CREATE TABLE half (tenant_id TEXT NOT NULL PRIMARY KEY) STRICT";
  EXPECT_TRUE(OpenStatus(path, {{"test", &broken}}).ok());
}

TEST_F(Migrations, LeavesForeignFilesAlone) {
  const std::string path = dummy_.path() + "-foreign";
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &handle), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(handle, "CREATE TABLE theirs (x)", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(handle);
  EXPECT_EQ(ErrorReason(OpenStatus(path, {})), "STORE_FOREIGN");
  std::ofstream(dummy_.path() + "-text") << std::string(5000, 'x');
  EXPECT_EQ(ErrorReason(OpenStatus(dummy_.path() + "-text", {})), "STORE_CORRUPT");
}

TEST_F(Migrations, OneProcessHoldsAStore) { EXPECT_EQ(ErrorReason(OpenStatus(dummy_.path(), {})), "STORE_IN_USE"); }

TEST_F(Migrations, SaysWhichUrlsItTakes) {
  DatabaseOptions options;
  options.url = "mysql://x";
  EXPECT_EQ(ErrorReason(Database::Open(std::move(options)).status()), "STORE_URL");
}

}  // namespace
}  // namespace vinculo::sql
