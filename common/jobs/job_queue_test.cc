#include "common/jobs/job_queue.h"

#include <gtest/gtest.h>

#include "common/sql/test_database.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"

namespace vinculo::jobs {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1800000000);

class JobQueueTest : public testing::Test {
 protected:
  JobQueueTest() : database_("jobs", Migrations()) {}
  template <class Body>
  auto Write(Body body, const std::string& tenant = "demo") {
    return database_->WriteAndWait(sql::TestScope(tenant), std::move(body));
  }
  std::vector<Job> ClaimAt(absl::Time now, int limit = 10) {
    return *Write([=](sql::Transaction& tx) { return Claim(tx, "send", now, absl::Seconds(30), limit); });
  }
  void Add(const std::string& key, absl::Time due, const std::string& payload = "",
           const std::string& tenant = "demo") {
    ASSERT_TRUE(Write([=](sql::Transaction& tx) { return Enqueue(tx, {"send", key, due, payload}); }, tenant).ok());
  }
  sql::TestDatabase database_;
};

TEST_F(JobQueueTest, ClaimsDueJobsOnceOverAllTenants) {
  Add("b", kNow + absl::Seconds(2));
  Add("a", kNow, "payload", "other");
  Add("later", kNow + absl::Hours(1));
  const std::vector<Job> jobs = ClaimAt(kNow + absl::Seconds(5));
  ASSERT_EQ(jobs.size(), 2u);
  EXPECT_EQ(jobs[0].tenant, "other");
  EXPECT_EQ(jobs[0].payload, "payload");
  EXPECT_EQ(jobs[0].attempt, 1);
  EXPECT_TRUE(ClaimAt(kNow + absl::Seconds(5)).empty());
}

TEST_F(JobQueueTest, ALapsedLeaseIsClaimedAgainAndFencesTheFirst) {
  Add("a", kNow);
  const Job first = ClaimAt(kNow)[0];
  const Job second = ClaimAt(kNow + absl::Seconds(31))[0];
  EXPECT_EQ(second.attempt, 2);
  EXPECT_EQ(ErrorReason(Write([&](sql::Transaction& tx) { return Complete(tx, first); })), "LEASE_LOST");
  EXPECT_TRUE(Write([&](sql::Transaction& tx) { return Complete(tx, second); }).ok());
  EXPECT_TRUE(ClaimAt(kNow + absl::Hours(1)).empty());
}

TEST_F(JobQueueTest, ReplacingOrCancellingFencesARunInProgress) {
  Add("a", kNow);
  const Job run = ClaimAt(kNow)[0];
  Add("a", kNow + absl::Hours(1), "new");
  EXPECT_EQ(ErrorReason(Write([&](sql::Transaction& tx) { return Complete(tx, run); })), "LEASE_LOST");
  const Job again = ClaimAt(kNow + absl::Hours(1))[0];
  EXPECT_EQ(again.payload, "new");
  EXPECT_TRUE(*Write([](sql::Transaction& tx) { return Cancel(tx, "send", "a"); }));
  EXPECT_FALSE(*Write([](sql::Transaction& tx) { return Cancel(tx, "send", "a"); }));
  EXPECT_EQ(ErrorReason(Write([&](sql::Transaction& tx) { return RetryAt(tx, again, kNow, "x"); })), "LEASE_LOST");
}

TEST_F(JobQueueTest, RetriesAndDeadLetters) {
  Add("a", kNow);
  const Job run = ClaimAt(kNow)[0];
  ASSERT_TRUE(Write([&](sql::Transaction& tx) { return RetryAt(tx, run, kNow + absl::Minutes(1), "timeout"); }).ok());
  EXPECT_TRUE(ClaimAt(kNow + absl::Seconds(59)).empty());
  const Job again = ClaimAt(kNow + absl::Minutes(1))[0];
  EXPECT_EQ(again.attempt, 2);
  ASSERT_TRUE(Write([&](sql::Transaction& tx) { return Bury(tx, again, "gave up", kNow); }).ok());
  EXPECT_TRUE(ClaimAt(kNow + absl::Hours(9)).empty());
}

TEST_F(JobQueueTest, KnowsWhenTheNextIsDue) {
  const auto next = [&] { return *Write([](sql::Transaction& tx) { return NextDue(tx, "send"); }); };
  EXPECT_EQ(next(), std::nullopt);
  Add("a", kNow + absl::Hours(2));
  Add("b", kNow + absl::Hours(1));
  EXPECT_EQ(next(), kNow + absl::Hours(1));
}

TEST(Backoff, DoublesUpToItsMaximumWithJitter) {
  EXPECT_EQ(Backoff(1, absl::Seconds(5), absl::Hours(1), 0.5), absl::Seconds(5));
  EXPECT_EQ(Backoff(3, absl::Seconds(5), absl::Hours(1), 0.5), absl::Seconds(20));
  EXPECT_EQ(Backoff(60, absl::Seconds(5), absl::Hours(1), 0.0), absl::Minutes(48));
}

}  // namespace
}  // namespace vinculo::jobs
