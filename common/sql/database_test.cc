#include "common/sql/database.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "common/sql/test_database.h"
#include "common/sql/test_schema.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"

namespace vinculo::sql {
namespace {

using test::kCount;
using test::kGet;
using test::kInsert;

int64_t Count(Database& database, const std::string& tenant = "demo") {
  const auto found = database.ReadInline(TestScope(tenant), [](Transaction& tx) {
    return tx.Find(
        kCount, [](const Row& row) { return row.Int(0); }, tx.tenant());
  });
  return found.ok() ? **found : -1;
}

TEST(Database, ReadsItsOwnWrites) {
  TestDatabase database("test", test::kSteps);
  const auto written = database->WriteAndWait(TestScope(), [](Transaction& tx) -> absl::StatusOr<int> {
    RETURN_IF_ERROR(tx.Exec(kInsert, tx.tenant(), "a", 7));
    return 1;
  });
  ASSERT_TRUE(written.ok()) << written.status();
  const auto read = database->ReadInline(TestScope(), [](Transaction& tx) {
    return tx.Find(
        kGet, [](const Row& row) { return row.Int(0); }, tx.tenant(), "a");
  });
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(**read, 7);
  EXPECT_EQ(Count(*database, "other"), 0);
}

// More than the file layer passes on at once, and read back by another connection.
TEST(Database, ALargeCommitIsWrittenWhole) {
  TestDatabase database("test", test::kSteps);
  constexpr int kRows = 300;
  const auto name = [](int i) { return absl::StrCat(i, std::string(4000, 'x')); };
  const absl::Status written = database->WriteAndWait(TestScope(), [&](Transaction& tx) {
    for (int i = 0; i < kRows; ++i) RETURN_IF_ERROR(tx.Exec(kInsert, tx.tenant(), name(i), i));
    return absl::OkStatus();
  });
  ASSERT_TRUE(written.ok()) << written;
  EXPECT_EQ(Count(*database), kRows);
}

TEST(Database, ManyWritersShareCommits) {
  TestDatabase database("test", test::kSteps);
  constexpr int kWrites = 2000;
  absl::BlockingCounter left(kWrites);
  for (int i = 0; i < kWrites; ++i) {
    database->Write(
        TestScope(), [i](Transaction& tx) { return tx.Exec(kInsert, tx.tenant(), absl::StrCat(i), i); },
        [&](absl::Status status) {
          EXPECT_TRUE(status.ok()) << status;
          left.DecrementCount();
        });
  }
  left.Wait();
  EXPECT_EQ(Count(*database), kWrites);
  const Engine::Counters counters = database->engine().counters();
  EXPECT_EQ(counters.writes, kWrites);
  EXPECT_LT(counters.commits, kWrites / 2);
}

TEST(Database, RefusesWhatTheQueueCannotHold) {
  TestDatabase database("test", test::kSteps);
  absl::Notification release;
  absl::Notification entered;
  database->Write(
      TestScope(),
      [&](Transaction&) {
        if (!entered.HasBeenNotified()) entered.Notify();
        release.WaitForNotification();
        return absl::OkStatus();
      },
      [](absl::Status) {});
  entered.WaitForNotification();
  constexpr int kMore = 4096 + 10;
  std::atomic<int> refused{0};
  absl::BlockingCounter left(kMore);
  for (int i = 0; i < kMore; ++i) {
    database->Write(
        TestScope(), [](Transaction&) { return absl::OkStatus(); },
        [&](absl::Status status) {
          if (absl::IsResourceExhausted(status)) {
            EXPECT_EQ(ErrorReason(status), "OVERLOADED");
            EXPECT_TRUE(GetErrorDetails(status)->retry_after.has_value());
            ++refused;
          }
          left.DecrementCount();
        });
  }
  EXPECT_EQ(refused, 10);
  release.Notify();
  left.Wait();
}

TEST(Database, DropsWhatNobodyWaitsForAnyMore) {
  TestDatabase database("test", test::kSteps);
  Scope late = TestScope();
  late.deadline = absl::Now() - absl::Seconds(1);
  EXPECT_TRUE(absl::IsDeadlineExceeded(
      database->WriteAndWait(late, [](Transaction& tx) { return tx.Exec(kInsert, tx.tenant(), "late", 1); })));
  Scope gone = TestScope();
  gone.cancelled = std::make_shared<const std::atomic<bool>>(true);
  EXPECT_TRUE(absl::IsCancelled(
      database->WriteAndWait(gone, [](Transaction& tx) { return tx.Exec(kInsert, tx.tenant(), "gone", 1); })));
  EXPECT_EQ(Count(*database), 0);
}

TEST(Database, LongReadsEndAtTheirDeadline) {
  TestDatabase database("test", test::kSteps);
  static constexpr Query kEndless{
      "endless", "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT 1 - x FROM c) SELECT max(x) FROM c"};
  Scope scope = TestScope();
  scope.deadline = absl::Now() + absl::Milliseconds(50);
  EXPECT_TRUE(absl::IsDeadlineExceeded(
      database->ReadInline(scope, [](Transaction& tx) { return tx.Each(kEndless, [](const Row&) {}); })));
}

TEST(Database, PoolReadsAnswer) {
  TestDatabase database("test", test::kSteps);
  absl::Notification done;
  database->ReadOnPool(
      TestScope(),
      [](Transaction& tx) {
        return tx.Find(
            kCount, [](const Row& row) { return row.Int(0); }, tx.tenant());
      },
      [&](absl::StatusOr<std::optional<int64_t>> count) {
        EXPECT_EQ(**count, 0);
        done.Notify();
      });
  done.WaitForNotification();
}

TEST(Database, ReadersCannotWrite) {
  TestDatabase database("test", test::kSteps);
  EXPECT_FALSE(
      database->ReadInline(TestScope(), [](Transaction& tx) { return tx.Exec(kInsert, tx.tenant(), "a", 1); }).ok());
  EXPECT_EQ(Count(*database), 0);
}

TEST(Database, TellsListenersAfterTheCommit) {
  TestDatabase database("test", test::kSteps);
  std::atomic<uint32_t> heard{0};
  database->AddCommitListener([&](uint32_t signals) { heard |= signals; });
  ASSERT_TRUE(database
                  ->WriteAndWait(TestScope(),
                                 [](Transaction& tx) {
                                   tx.Raise(kSignalJobs);
                                   return absl::OkStatus();
                                 })
                  .ok());
  ASSERT_TRUE(database->WriteAndWait(TestScope(), [](Transaction&) { return absl::OkStatus(); })
                  .ok());  // after the listener ran
  EXPECT_EQ(heard, kSignalJobs);
}

TEST(Database, PlansOfItsOwnStatementsUseIndexes) {
  TestDatabase database("test", test::kSteps);
  EXPECT_TRUE(NoTableScans(*database, {kGet, kCount, kInsert}));
  static constexpr Query kScan{"scan", "SELECT n FROM item WHERE n = ?"};
  EXPECT_FALSE(NoTableScans(*database, {kScan}));
}

}  // namespace
}  // namespace vinculo::sql
