#include "common/store_copy/store_copy.h"

#include <gtest/gtest.h>

#include <sstream>

#include "absl/strings/str_cat.h"
#include "common/sql/test_database.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "common/testing/temp_directory.h"

namespace vinculo::store_copy {
namespace {

const std::vector<sql::Migration> kSteps = {
    {1, "things",
     "CREATE TABLE thing (tenant_id TEXT NOT NULL, note TEXT, id BLOB NOT NULL, n INTEGER NOT NULL, weight REAL, "
     "PRIMARY KEY (tenant_id, n, id)) STRICT;"
     "CREATE TABLE setting (tenant_id TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (tenant_id)) STRICT, WITHOUT "
     "ROWID"}};

constexpr sql::Query kPut{"thing_put",
                          "INSERT INTO thing(tenant_id, note, id, n, weight) VALUES (?,?,?,?,?) "
                          "ON CONFLICT (tenant_id, n, id) DO UPDATE SET note = excluded.note"};
constexpr sql::Query kRemove{"thing_remove", "DELETE FROM thing WHERE tenant_id = ? AND n = ?"};
constexpr sql::Query kSet{"setting_set", "INSERT INTO setting(tenant_id, value) VALUES (?,?)"};

// Between the driver under test and SQLite, both ways.
class StoreCopyTest : public testing::Test {
 protected:
  // Opens, writes and closes, as a service that is then stopped.
  void Write(const std::string& url, const std::function<absl::Status(sql::Transaction&)>& body,
             const std::string& tenant = "demo") {
    sql::DatabaseOptions options;
    options.url = url;
    options.migrations = {{"test", &kSteps}};
    const auto store = sql::Database::Open(std::move(options));
    ASSERT_TRUE(store.ok()) << store.status();
    const absl::Status written = (*store)->WriteAndWait(sql::TestScope(tenant), body);
    ASSERT_TRUE(written.ok()) << written;
  }
  void WriteThings(const std::string& url, int count, const std::string& tenant = "demo") {
    Write(
        url,
        [count](sql::Transaction& tx) -> absl::Status {
          for (int i = 0; i < count; ++i) {
            const std::string id = absl::StrCat(std::string("\0\xff", 2), i);
            RETURN_IF_ERROR(tx.Exec(kPut, tx.tenant(),
                                    i % 3 == 0 ? std::optional<std::string>() : "añ" + absl::StrCat(i), sql::Blob{id},
                                    i / 2 - 5, i * 0.1));
          }
          RETURN_IF_ERROR(tx.Exec(kSet, tx.tenant(), "'quoted' \"text\"\n"));
          return tx.NextSequence().status();
        },
        tenant);
  }
  std::string Dump(const std::string& url) {
    std::ostringstream out;
    const absl::Status dumped = DumpStore(url, out);
    EXPECT_TRUE(dumped.ok()) << dumped;
    return out.str();
  }
  std::string SqliteUrl(const std::string& name) { return absl::StrCat("sqlite:", directory_, "/", name); }

  const sql::TestStore store_;
  const test::TempDirectory files_;
  const std::string directory_ = files_.path();
};

TEST_F(StoreCopyTest, ThereAndBackAgainIsTheSameToTheByte) {
  WriteThings(store_.url(), 1500);
  WriteThings(store_.url(), 10, "another");
  const auto there = CopyStore(store_.url(), SqliteUrl("there"), nullptr);
  ASSERT_TRUE(there.ok()) << there.status();
  const sql::TestStore again;
  const auto back = CopyStore(SqliteUrl("there"), again.url(), nullptr);
  ASSERT_TRUE(back.ok()) << back.status();
  const std::string dump = Dump(store_.url());
  EXPECT_GT(dump.size(), 100'000u);
  EXPECT_TRUE(dump == Dump(SqliteUrl("there")));
  EXPECT_TRUE(dump == Dump(again.url()));
  int64_t rows = 0;
  for (const CopiedTable& table : *back) rows += table.rows;
  EXPECT_EQ(rows, 1500 + 1 + 1 + 10 + 1 + 1);
}

TEST_F(StoreCopyTest, RunAgainItWritesOnlyWhatDiffers) {
  WriteThings(store_.url(), 100);
  ASSERT_TRUE(CopyStore(store_.url(), SqliteUrl("target"), nullptr).ok());
  Write(store_.url(), [](sql::Transaction& tx) -> absl::Status {
    RETURN_IF_ERROR(tx.Exec(kRemove, tx.tenant(), 3));
    return tx.Exec(kPut, tx.tenant(), "new", sql::Blob{"x"}, 7, nullptr);
  });
  int64_t written = 0, removed = 0;
  const auto again = CopyStore(store_.url(), SqliteUrl("target"), [&](const CopiedTable& table) {
    written += table.written;
    removed += table.removed;
  });
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(written, 1);
  EXPECT_EQ(removed, 2);
  EXPECT_TRUE(Dump(store_.url()) == Dump(SqliteUrl("target")));
}

TEST_F(StoreCopyTest, WhatIsOnlyInTheTargetGoes) {
  WriteThings(store_.url(), 10);
  WriteThings(SqliteUrl("target"), 700, "stranger");
  ASSERT_TRUE(CopyStore(store_.url(), SqliteUrl("target"), nullptr).ok());
  EXPECT_TRUE(Dump(store_.url()) == Dump(SqliteUrl("target")));
}

TEST_F(StoreCopyTest, RefusesAnEmptySourceAndAnotherSchema) {
  EXPECT_EQ(ErrorReason(CopyStore(store_.url(), SqliteUrl("target"), nullptr).status()), "STORE_EMPTY");
  WriteThings(store_.url(), 1);
  const std::vector<sql::Migration> other = {{1, "other", "CREATE TABLE other (tenant_id TEXT PRIMARY KEY) STRICT"}};
  {
    sql::DatabaseOptions options;
    options.url = SqliteUrl("other");
    options.migrations = {{"other", &other}};
    ASSERT_TRUE(sql::Database::Open(std::move(options)).ok());
  }
  EXPECT_EQ(ErrorReason(CopyStore(store_.url(), SqliteUrl("other"), nullptr).status()), "SCHEMA_NEWER");
}

}  // namespace
}  // namespace vinculo::store_copy
