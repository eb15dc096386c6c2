#include "common/sql/replay_log.h"

#include <gtest/gtest.h>

#include "common/sql/test_database.h"
#include "common/status/error.h"

namespace vinculo::sql {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1800000000);

Scope WithRequest(const Uuid& id, uint8_t body, const std::string& method = "/x/Create") {
  Scope scope = TestScope();
  scope.request = RequestKey{method, id, {body}};
  return scope;
}

TEST(ReplayLog, AnswersTheSameRequestOnly) {
  TestDatabase database;
  const Uuid id = Uuid::New(kNow);
  ASSERT_TRUE(
      database->WriteAndWait(WithRequest(id, 1), [](Transaction& tx) { return StoreReply(tx, "reply", kNow); }).ok());
  const auto find = [](Transaction& tx) { return FindReply(tx); };
  EXPECT_EQ(**database->ReadInline(WithRequest(id, 1), find), "reply");
  EXPECT_EQ(ErrorReason(database->ReadInline(WithRequest(id, 2), find).status()), "REQUEST_ID_REUSED");
  EXPECT_FALSE(database->ReadInline(WithRequest(id, 1, "/x/Other"), find)->has_value());
  EXPECT_FALSE(database->ReadInline(WithRequest(Uuid::New(kNow), 1), find)->has_value());
  EXPECT_FALSE(database->ReadInline(TestScope(), find)->has_value());
}

TEST(ReplayLog, SweepsOldRepliesInSteps) {
  TestDatabase database;
  for (int i = 0; i < 10; ++i) {
    const absl::Time at = kNow + absl::Hours(i);
    ASSERT_TRUE(
        database->WriteAndWait(WithRequest(Uuid::New(at), 1), [&](Transaction& tx) { return StoreReply(tx, "r", at); })
            .ok());
  }
  std::string cursor;
  int steps = 0;
  do {
    const auto next = database->WriteAndWait(
        TestScope(), [&](Transaction& tx) { return SweepReplies(tx, cursor, kNow + absl::Hours(6), 4); });
    ASSERT_TRUE(next.ok()) << next.status();
    cursor = *next;
    ++steps;
  } while (!cursor.empty());
  EXPECT_EQ(steps, 3);
  static constexpr Query kCount{"replay_count", "SELECT count(*) FROM replay WHERE tenant_id = ?"};
  const auto left = database->ReadInline(TestScope(), [](Transaction& tx) {
    return tx.Find(
        kCount, [](const Row& row) { return row.Int(0); }, tx.tenant());
  });
  EXPECT_EQ(**left, 4);
}

}  // namespace
}  // namespace vinculo::sql
