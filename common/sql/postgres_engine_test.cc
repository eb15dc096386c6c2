// What only a server has: sessions that are cut, and other replicas on the same store.
#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "common/sql/database.h"
#include "common/sql/postgres_connection.h"
#include "common/sql/replay_log.h"
#include "common/sql/test_database.h"
#include "common/sql/test_schema.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"

namespace vinculo::sql {
namespace {

using test::kCount;
using test::kGet;
using test::kInsert;

constexpr Query kAdd{"item_add", "UPDATE item SET n = n + 1 WHERE tenant_id = ? AND name = ?"};
constexpr Query kSet{"item_set", "UPDATE item SET n = ? WHERE tenant_id = ? AND name = ?"};
constexpr Query kSession{"session", "SELECT pg_backend_pid()"};

absl::StatusOr<int64_t> ReadInt(Transaction& tx, const Query& query) {
  ASSIGN_OR_RETURN(const std::optional<int64_t> found, tx.Find(query, [](const Row& row) { return row.Int(0); }));
  return found.value_or(0);
}

class PostgresEngineTest : public testing::Test {
 protected:
  PostgresEngineTest() : one_(OpenReplica()), two_(OpenReplica()) {}

  std::unique_ptr<Database> OpenReplica() {
    DatabaseOptions options;
    options.url = store_.url();
    options.migrations = {{"test", &test::kSteps}};
    auto opened = Database::Open(std::move(options));
    if (!opened.ok()) {
      ADD_FAILURE() << opened.status();
      std::abort();
    }
    return *std::move(opened);
  }
  absl::Status Insert(Database& database, const std::string& name, int64_t n = 0) {
    return database.WriteAndWait(TestScope(),
                                 [name, n](Transaction& tx) { return tx.Exec(kInsert, tx.tenant(), name, n); });
  }
  int64_t Value(const std::string& name) {
    const auto read = one_->ReadInline(TestScope(), [&](Transaction& tx) {
      return tx.Find(
          kGet, [](const Row& row) { return row.Int(0); }, tx.tenant(), name);
    });
    return read.ok() && *read ? **read : -1;
  }
  // Ends a session as an operator, a proxy or a failover does.
  void Cut(int64_t session) {
    auto connection = PostgresConnection::Open(store_.url(), nullptr);
    ASSERT_TRUE(connection.ok()) << connection.status();
    ASSERT_TRUE((*connection)->RunScript(absl::StrCat("SELECT pg_terminate_backend(", session, ", 5000)")).ok());
  }

  const TestStore store_;
  std::unique_ptr<Database> one_;
  std::unique_ptr<Database> two_;
};

TEST_F(PostgresEngineTest, NoUpdateIsLostBetweenReplicas) {
  ASSERT_TRUE(Insert(*one_, "counter").ok());
  constexpr int kWrites = 200;
  absl::BlockingCounter left(2 * kWrites);
  std::atomic<int> added{0};
  for (int i = 0; i < 2 * kWrites; ++i) {
    (i % 2 == 0 ? one_ : two_)
        ->Write(
            TestScope(), [](Transaction& tx) { return tx.Exec(kAdd, tx.tenant(), "counter"); },
            [&](const absl::Status& status) {
              added += status.ok() ? 1 : 0;
              EXPECT_TRUE(status.ok()) << status;
              left.DecrementCount();
            });
  }
  left.Wait();
  EXPECT_EQ(Value("counter"), added);
}

TEST_F(PostgresEngineTest, SequencesHaveNoGapsOverReplicas) {
  constexpr int kWrites = 100;
  absl::Mutex mutex;
  std::set<int64_t> numbers;
  absl::BlockingCounter left(2 * kWrites);
  for (int i = 0; i < 2 * kWrites; ++i) {
    (i % 2 == 0 ? one_ : two_)
        ->Write(
            TestScope(), [](Transaction& tx) { return tx.NextSequence(); },
            [&](const absl::StatusOr<int64_t>& n) {
              {
                absl::MutexLock lock(&mutex);
                EXPECT_TRUE(n.ok() && numbers.insert(*n).second);
              }
              left.DecrementCount();
            });
  }
  left.Wait();
  EXPECT_EQ(*numbers.begin(), 1);
  EXPECT_EQ(*numbers.rbegin(), 2 * kWrites);
}

// Each reads what the other writes: whichever comes second must see the first.
TEST_F(PostgresEngineTest, WriteSkewCannotHappen) {
  ASSERT_TRUE(Insert(*one_, "a", 1).ok());
  ASSERT_TRUE(Insert(*one_, "b", 1).ok());
  static constexpr Query kSum{"item_sum", "SELECT sum(n) FROM item WHERE tenant_id = ?"};
  const auto take = [](const std::string& name) {
    return [name](Transaction& tx) -> absl::Status {
      int64_t sum = 0;
      RETURN_IF_ERROR(tx.Each(
          kSum, [&](const Row& row) { sum = row.Int(0); }, tx.tenant()));
      return sum < 2 ? absl::AbortedError("one must stay") : tx.Exec(kSet, 0, tx.tenant(), name);
    };
  };
  absl::Status first;
  std::thread other([&] { first = one_->WriteAndWait(TestScope("demo"), take("a")); });
  const absl::Status second = two_->WriteAndWait(TestScope("demo"), take("b"));
  other.join();
  EXPECT_NE(first.ok(), second.ok()) << first << " / " << second;
  EXPECT_EQ(Value("a") + Value("b"), 1);
}

TEST_F(PostgresEngineTest, OneRequestHasOneEffectWhicheverReplicaIsAsked) {
  const absl::Time now = absl::Now();
  for (int round = 0; round < 20; ++round) {
    Scope scope = TestScope();
    scope.request = RequestKey{"/x/Create", Uuid::New(now), {1}};
    const std::string name = absl::StrCat("r", round);
    const auto create = [name, now](Transaction& tx) -> absl::StatusOr<std::string> {
      ASSIGN_OR_RETURN(const std::optional<std::string> before, FindReply(tx));
      if (before) return "replayed " + *before;
      RETURN_IF_ERROR(tx.Exec(kInsert, tx.tenant(), name, 1));
      RETURN_IF_ERROR(StoreReply(tx, "reply", now));
      return "reply";
    };
    absl::StatusOr<std::string> first;
    std::thread other([&] { first = one_->WriteAndWait(scope, create); });
    const absl::StatusOr<std::string> second = two_->WriteAndWait(scope, create);
    other.join();
    ASSERT_TRUE(first.ok()) << first.status();
    ASSERT_TRUE(second.ok()) << second.status();
    EXPECT_EQ((*first == "reply") + (*second == "reply"), 1);
    EXPECT_EQ(Value(name), 1);
  }
}

TEST_F(PostgresEngineTest, ASessionCutWhileIdleCostsNobodyAnything) {
  for (int i = 0; i < 5; ++i) {
    const auto session = one_->WriteAndWait(TestScope(), [](Transaction& tx) { return ReadInt(tx, kSession); });
    ASSERT_TRUE(session.ok()) << session.status();
    Cut(*session);
    const auto reader = one_->ReadInline(TestScope(), [](Transaction& tx) { return ReadInt(tx, kSession); });
    ASSERT_TRUE(reader.ok()) << reader.status();
    Cut(*reader);
    EXPECT_EQ(Insert(*one_, absl::StrCat("i", i)), absl::OkStatus());
    EXPECT_EQ(Value(absl::StrCat("i", i)), 0);
  }
}

TEST_F(PostgresEngineTest, ASessionCutInATransactionLeavesNothingBehind) {
  bool cut = false;
  const absl::Status status = one_->WriteAndWait(TestScope(), [&](Transaction& tx) -> absl::Status {
    RETURN_IF_ERROR(tx.Exec(kInsert, tx.tenant(), "half", 1));
    ASSIGN_OR_RETURN(const int64_t session, ReadInt(tx, kSession));
    if (!std::exchange(cut, true)) Cut(session);
    return tx.Exec(kInsert, tx.tenant(), "whole", 1);
  });
  const int64_t halves = Value("half");
  EXPECT_EQ(halves, Value("whole"));
  EXPECT_EQ(status.ok(), halves == 1) << status;
  EXPECT_TRUE(Insert(*one_, "after").ok());
}

TEST_F(PostgresEngineTest, ManyTenantsAreWrittenSideBySide) {
  constexpr int kTenants = 20;
  absl::BlockingCounter left(kTenants * 10);
  for (int i = 0; i < kTenants * 10; ++i) {
    one_->Write(
        TestScope(absl::StrCat("tenant-", i % kTenants)),
        [i](Transaction& tx) { return tx.Exec(kInsert, tx.tenant(), absl::StrCat(i), i); },
        [&](const absl::Status& status) {
          EXPECT_TRUE(status.ok()) << status;
          left.DecrementCount();
        });
  }
  left.Wait();
  for (int t = 0; t < kTenants; ++t) {
    const auto count = one_->ReadInline(TestScope(absl::StrCat("tenant-", t)), [](Transaction& tx) {
      return tx.Find(
          kCount, [](const Row& row) { return row.Int(0); }, tx.tenant());
    });
    EXPECT_EQ(**count, 10);
  }
}

TEST_F(PostgresEngineTest, HearsOfWhatAnotherReplicaCommitted) {
  // Shared, since the replica goes on calling its listeners after this body.
  const auto heard = std::make_shared<absl::Notification>();
  one_->AddCommitListener([heard](uint32_t signals) {
    if ((signals & kSignalJobs) != 0 && !heard->HasBeenNotified()) heard->Notify();
  });
  ASSERT_TRUE(Insert(*two_, "elsewhere").ok());
  EXPECT_TRUE(heard->WaitForNotificationWithTimeout(absl::Seconds(30)));
}

TEST_F(PostgresEngineTest, LeavesForeignSchemasAlone) {
  const TestStore foreign;
  {
    auto connection = PostgresConnection::Open(foreign.url(), nullptr);
    ASSERT_TRUE((*connection)->RunScript("CREATE TABLE theirs (x INT)").ok());
  }
  DatabaseOptions options;
  options.url = foreign.url();
  EXPECT_EQ(ErrorReason(Database::Open(std::move(options)).status()), "STORE_FOREIGN");
}

TEST_F(PostgresEngineTest, AnUnreachableServerIsNamed) {
  DatabaseOptions options;
  options.url = "postgres://nobody:secret@127.0.0.1:1/none";
  const absl::Status status = Database::Open(std::move(options)).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_EQ(std::string(status.message()).find("secret"), std::string::npos) << status;
}

}  // namespace
}  // namespace vinculo::sql
