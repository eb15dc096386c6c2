// What is particular to a store that is a file: copies, files that are not ours, one process at a time.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "common/sql/database.h"
#include "common/sql/test_database.h"
#include "common/sql/test_schema.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"

namespace vinculo::sql {
namespace {

absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& url) {
  DatabaseOptions options;
  options.url = url;
  options.migrations = {{"test", &test::kSteps}};
  return Database::Open(std::move(options));
}

class SqliteFile : public testing::Test {
 protected:
  std::string path() const { return store_.url().substr(std::string("sqlite:").size()); }
  const std::string& url() const { return store_.url(); }
  const TestStore store_;
};

TEST_F(SqliteFile, BackupIsAWholeStore) {
  auto database = Open(url());
  ASSERT_TRUE(database.ok()) << database.status();
  ASSERT_TRUE(
      (*database)
          ->WriteAndWait(TestScope(), [](Transaction& tx) { return tx.Exec(test::kInsert, tx.tenant(), "a", 1); })
          .ok());
  const absl::Status copied = (*database)->Backup(path() + ".copy");
  ASSERT_TRUE(copied.ok()) << copied;
  auto restored = Open(url() + ".copy");
  ASSERT_TRUE(restored.ok()) << restored.status();
  const auto count = (*restored)->ReadInline(TestScope(), [](Transaction& tx) {
    return tx.Find(
        test::kCount, [](const Row& row) { return row.Int(0); }, tx.tenant());
  });
  EXPECT_EQ(**count, 1);
}

TEST_F(SqliteFile, LeavesForeignFilesAlone) {
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(path().c_str(), &handle), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(handle, "CREATE TABLE theirs (x)", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(handle);
  EXPECT_EQ(ErrorReason(Open(url()).status()), "STORE_FOREIGN");
  std::ofstream(path() + "-text") << std::string(5000, 'x');
  EXPECT_EQ(ErrorReason(Open(url() + "-text").status()), "STORE_CORRUPT");
}

// A snapshot that a reader keeps for its next read must not keep the log from beginning anew.
TEST_F(SqliteFile, TheLogStaysShortBesideReads) {
  auto database = Open(url());
  ASSERT_TRUE(database.ok()) << database.status();
  const std::string long_key(3500, 'k');
  uintmax_t longest = 0;
  for (int i = 0; i < 40; ++i) {
    const auto write = [&](Transaction& tx) -> absl::Status {
      for (int row = 0; row < 1000; ++row)
        RETURN_IF_ERROR(tx.Exec(test::kInsert, tx.tenant(), absl::StrCat(i, "/", row, long_key), 1));
      return absl::OkStatus();
    };
    ASSERT_TRUE((*database)->WriteAndWait(TestScope(), write).ok());
    const auto read = [](Transaction& tx) {
      return tx.Find(
          test::kGet, [](const Row& r) { return r.Int(0); }, tx.tenant(), "0");
    };
    ASSERT_TRUE((*database)->ReadInline(TestScope(), read).ok());
    longest = std::max(longest, std::filesystem::file_size(path() + "-wal"));
  }
  EXPECT_LT(longest, 28u << 20) << "as much as lies between two checkpoints, and one transaction";
}

TEST_F(SqliteFile, OneProcessHoldsAStore) {
  auto first = Open(url());
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(ErrorReason(Open(url()).status()), "STORE_IN_USE");
}

}  // namespace
}  // namespace vinculo::sql
