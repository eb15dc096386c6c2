// Kills and failing disks: what was acknowledged is there afterwards, and nothing is there by half.
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "common/sql/database.h"
#include "common/sql/sqlite_vfs.h"
#include "common/sql/test_batch.h"
#include "common/sql/test_database.h"
#include "common/sql/test_schema.h"
#include "common/status/error.h"

namespace vinculo::sql {
namespace {

using test::kCount;
using test::kGet;
using test::kInsert;

// A directory without a store in it: this process forks, and must not do so while threads of an engine hold locks.
class Place {
 public:
  Place() {
    std::string pattern = (std::filesystem::temp_directory_path() / "vinculo-crash-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
  }
  ~Place() { std::filesystem::remove_all(directory_); }
  std::string path() const { return directory_ + "/store.db"; }

 private:
  std::string directory_;
};

std::unique_ptr<Database> OpenAt(const std::string& path) {
  DatabaseOptions options;
  options.url = "sqlite:" + path;
  options.migrations = {{"test", &test::kSteps}};
  auto opened = Database::Open(std::move(options));
  return opened.ok() ? *std::move(opened) : nullptr;
}

// In a child process: writes pairs (x-i, y-i) for ever and tells each acknowledged i through the pipe.
[[noreturn]] void WriteForever(const std::string& path, int first, int acks) {
  std::unique_ptr<Database> database = OpenAt(path);
  if (database == nullptr) _exit(1);
  std::atomic<int> in_flight{0};
  for (int i = first;; ++i) {
    while (in_flight.load() >= 32) usleep(10);
    ++in_flight;
    database->Write(
        TestScope(),
        [i](Transaction& tx) -> absl::Status {
          const absl::Status one = tx.Exec(kInsert, tx.tenant(), absl::StrCat("x-", i), i);
          if (!one.ok()) return one;
          return tx.Exec(kInsert, tx.tenant(), absl::StrCat("y-", i), i);
        },
        [i, acks, &in_flight](absl::Status status) {
          --in_flight;
          if (status.ok() && write(acks, &i, sizeof(i)) != sizeof(i)) _exit(1);
        });
  }
}

bool Has(Database& database, const std::string& name) {
  const auto found = database.ReadInline(TestScope(), [&](Transaction& tx) {
    return tx.Find(
        kGet, [](const Row& row) { return row.Int(0); }, tx.tenant(), name);
  });
  return found.ok() && found->has_value();
}

TEST(Crash, AcknowledgedWritesSurviveKill) {
  const Place place;
  const std::string path = place.path() + "-crash";
  int first = 0;
  for (int round = 0; round < 10; ++round) {
    int pipe_fds[2];
    ASSERT_EQ(pipe(pipe_fds), 0);
    const pid_t child = fork();
    if (child == 0) {
      close(pipe_fds[0]);
      WriteForever(path, first, pipe_fds[1]);
    }
    close(pipe_fds[1]);
    std::vector<int> acknowledged;
    int i;
    while (acknowledged.size() < 200u + 37 * round && read(pipe_fds[0], &i, sizeof(i)) == sizeof(i))
      acknowledged.push_back(i);
    kill(child, SIGKILL);
    while (read(pipe_fds[0], &i, sizeof(i)) == sizeof(i)) acknowledged.push_back(i);
    waitpid(child, nullptr, 0);
    close(pipe_fds[0]);

    std::unique_ptr<Database> database = OpenAt(path);
    ASSERT_NE(database, nullptr);
    for (const int n : acknowledged) ASSERT_TRUE(Has(*database, absl::StrCat("x-", n))) << n;
    for (int n = first; n < acknowledged.back() + 100; ++n) {
      ASSERT_EQ(Has(*database, absl::StrCat("x-", n)), Has(*database, absl::StrCat("y-", n))) << n;
    }
    first = acknowledged.back() + 1000;
  }
}

class FaultyDisk : public testing::Test {
 protected:
  void TearDown() override { InstallFileFault(nullptr); }
};

TEST_F(FaultyDisk, AFullDiskRefusesWritesAndRecovers) {
  TestDatabase database("test", test::kSteps);
  const auto insert = [&](const std::string& name) {
    return database->WriteAndWait(TestScope(),
                                  [name](Transaction& tx) { return tx.Exec(kInsert, tx.tenant(), name, 1); });
  };
  ASSERT_TRUE(insert("before").ok());
  InstallFileFault(
      [](FileOperation op, absl::string_view) { return op == FileOperation::kWrite ? SQLITE_FULL : SQLITE_OK; });
  EXPECT_EQ(ErrorReason(insert("full")), "STORAGE_FULL");
  EXPECT_TRUE(Has(*database, "before"));
  InstallFileFault(nullptr);
  EXPECT_TRUE(insert("after").ok());
  EXPECT_TRUE(Has(*database, "after"));
  EXPECT_FALSE(Has(*database, "full"));
}

TEST_F(FaultyDisk, AFailedSyncEndsTheProcess) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        TestDatabase database("test", test::kSteps);
        InstallFileFault([](FileOperation op, absl::string_view) {
          return op == FileOperation::kSync ? SQLITE_IOERR_FSYNC : SQLITE_OK;
        });
        database->WriteAndWait(TestScope(), [](Transaction& tx) { return tx.Exec(kInsert, tx.tenant(), "a", 1); })
            .IgnoreError();
      },
      testing::ExitedWithCode(70), "commit failed on the disk");
}

// Every operation in turn fails once: whatever was acknowledged can be read after a restart.
TEST_F(FaultyDisk, EachOperationMayFailOnce) {
  for (int fail_at = 0; fail_at < 120; fail_at += 3) {
    const Place place;
    const std::string path = place.path() + "-ioerr";
    int pipe_fds[2];
    ASSERT_EQ(pipe(pipe_fds), 0);
    const pid_t child = fork();
    if (child == 0) {
      int left = fail_at;
      InstallFileFault([&left](FileOperation op, absl::string_view) {
        if (op == FileOperation::kOpen) return SQLITE_OK;
        return left-- == 0 ? SQLITE_IOERR : SQLITE_OK;
      });
      std::unique_ptr<Database> database = OpenAt(path);
      if (database == nullptr) _exit(0);
      for (int i = 0; i < 20; ++i) {
        const absl::Status status = database->WriteAndWait(
            TestScope(), [i](Transaction& tx) { return tx.Exec(kInsert, tx.tenant(), absl::StrCat("x-", i), i); });
        if (status.ok() && write(pipe_fds[1], &i, sizeof(i)) != sizeof(i)) _exit(1);
      }
      _exit(0);
    }
    close(pipe_fds[1]);
    std::vector<int> acknowledged;
    int i;
    while (read(pipe_fds[0], &i, sizeof(i)) == sizeof(i)) acknowledged.push_back(i);
    waitpid(child, nullptr, 0);
    close(pipe_fds[0]);
    std::unique_ptr<Database> database = OpenAt(path);
    ASSERT_NE(database, nullptr) << fail_at;
    for (const int n : acknowledged) EXPECT_TRUE(Has(*database, absl::StrCat("x-", n))) << fail_at << " " << n;
  }
}

TEST(Crash, AnItemThatEndsTheTransactionFailsAlone) {
  TestDatabase database("test", test::kSteps);
  static constexpr Query kRollback{"test_rollback", "ROLLBACK"};
  absl::Status first, second, third;
  {
    TestBatch batch(*database);
    batch.Add([](Transaction& tx) { return tx.Exec(kInsert, tx.tenant(), "a", 1); }, &first);
    batch.Add(
        [](Transaction& tx) -> absl::Status {
          tx.Exec(kRollback).IgnoreError();  // as SQLite itself does on a full disk
          return absl::ResourceExhaustedError("disk full");
        },
        &second);
    batch.Add([](Transaction& tx) { return tx.Exec(kInsert, tx.tenant(), "c", 3); }, &third);
    batch.Run();
  }
  EXPECT_TRUE(first.ok()) << first;
  EXPECT_TRUE(absl::IsResourceExhausted(second));
  EXPECT_TRUE(third.ok()) << third;
}

}  // namespace
}  // namespace vinculo::sql
