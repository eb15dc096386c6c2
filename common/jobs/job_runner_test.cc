#include "common/jobs/job_runner.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "common/sql/test_database.h"

namespace vinculo::jobs {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1800000000);

TEST(JobRunner, RunsEachJobOnceAndWakesOnCommit) {
  ManualClock clock(kNow);
  sql::TestDatabase database("jobs", Migrations(), &clock);
  JobRunner runner(*database);
  constexpr int kJobs = 200;
  absl::BlockingCounter left(kJobs);
  std::atomic<int> runs{0};
  runner.Register("send", {.concurrency = 8}, [&](Job job, Done done) {
    ++runs;
    database->Write(
        sql::Scope::ForTenant(job.tenant), [job](sql::Transaction& tx) { return Complete(tx, job); },
        [&, done = std::move(done)](absl::Status status) mutable {
          EXPECT_TRUE(status.ok()) << status;
          done();
          left.DecrementCount();
        });
  });
  runner.Start();
  for (int i = 0; i < kJobs; ++i) {
    ASSERT_TRUE(database
                    ->WriteAndWait(sql::TestScope(absl::StrCat("t", i % 3)),
                                   [i](sql::Transaction& tx) {
                                     return Enqueue(tx, {"send", absl::StrCat(i), kNow, ""});
                                   })
                    .ok());
  }
  left.Wait();
  runner.Stop();
  EXPECT_EQ(runs, kJobs);
}

TEST(JobRunner, WaitsForTheDueTime) {
  ManualClock clock(kNow);
  sql::TestDatabase database("jobs", Migrations(), &clock);
  JobRunner runner(*database);
  absl::Notification ran;
  runner.Register("timer", {}, [&](Job job, Done done) {
    EXPECT_EQ(job.payload, "late");
    database->Write(
        sql::Scope::ForTenant(job.tenant), [job](sql::Transaction& tx) { return Complete(tx, job); },
        [&, done = std::move(done)](absl::Status) mutable {
          done();
          ran.Notify();
        });
  });
  ASSERT_TRUE(database
                  ->WriteAndWait(sql::TestScope(),
                                 [](sql::Transaction& tx) {
                                   return Enqueue(tx, {"timer", "t", kNow + absl::Minutes(5), "late"});
                                 })
                  .ok());
  runner.Start();
  EXPECT_FALSE(ran.HasBeenNotified());
  clock.Advance(absl::Minutes(5));
  runner.Poke();
  ran.WaitForNotification();
  runner.Stop();
}

// A file has one owner: who held a lease before this start is dead. On a server it may live, and its lease is waited
// out.
TEST(JobRunner, AtTheStartTakesUpWhatADeadProcessHeld) {
  ManualClock clock(kNow);
  sql::TestDatabase database("jobs", Migrations(), &clock);
  ASSERT_TRUE(
      database->WriteAndWait(sql::TestScope(),
                             [](sql::Transaction& tx) {
                               return Enqueue(tx, {"send", "k", kNow, ""});
                             })
          .ok());
  const auto held = database->WriteAndWait(
      sql::TestScope(), [](sql::Transaction& tx) { return Claim(tx, "send", kNow, absl::Seconds(60), 1); });
  ASSERT_EQ(held->size(), 1u);
  JobRunner runner(*database);
  absl::Notification ran;
  runner.Register("send", {.lease = absl::Seconds(60)}, [&](Job job, Done done) {
    EXPECT_EQ(job.attempt, 2);
    database->Write(
        sql::Scope::ForTenant(job.tenant), [job](sql::Transaction& tx) { return Complete(tx, job); },
        [&, done = std::move(done)](absl::Status status) mutable {
          EXPECT_TRUE(status.ok()) << status;
          done();
          ran.Notify();
        });
  });
  runner.Start();
  if (database->engine().shared()) clock.Advance(absl::Seconds(61)), runner.Poke();
  ran.WaitForNotification();
  runner.Stop();
}

}  // namespace
}  // namespace vinculo::jobs
