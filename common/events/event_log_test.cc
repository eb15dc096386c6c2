#include "common/events/event_log.h"

#include <gtest/gtest.h>

#include "common/sql/test_database.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "vinculo/events/v1/event_feed.pb.h"

namespace vinculo::events {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1800000000);

absl::Status AppendOne(sql::Database& database, int n, const std::string& tenant = "demo", absl::Time at = kNow) {
  return database.WriteAndWait(sql::TestScope(tenant), [=](sql::Transaction& tx) {
    v1::ReadRequest payload;
    payload.set_after_seq(n);
    return Append(tx, {.type = "thing.done", .subject = "s", .occurred_at = at, .payload = payload}, at);
  });
}

absl::StatusOr<std::vector<StoredEvent>> ReadAfter(sql::Database& database, int64_t after,
                                                   const std::string& tenant = "demo") {
  return database.ReadInline(sql::TestScope(tenant), [after](sql::Transaction& tx) { return Read(tx, after, 100); });
}

TEST(EventLog, NumbersPerTenantWithoutGaps) {
  sql::TestDatabase database("events", Migrations());
  for (int i = 1; i <= 3; ++i) ASSERT_TRUE(AppendOne(*database, i).ok());
  ASSERT_TRUE(AppendOne(*database, 9, "other").ok());
  const auto events = ReadAfter(*database, 1);
  ASSERT_TRUE(events.ok()) << events.status();
  ASSERT_EQ(events->size(), 2u);
  EXPECT_EQ((*events)[0].seq, 2);
  EXPECT_EQ((*events)[1].payload_type, "vinculo.events.v1.ReadRequest");
  v1::ReadRequest payload;
  ASSERT_TRUE(payload.ParseFromString((*events)[1].payload));
  EXPECT_EQ(payload.after_seq(), 3);
  EXPECT_EQ((*ReadAfter(*database, 0, "other"))[0].seq, 1);
}

TEST(EventLog, SaysWhenAReaderSleptTooLong) {
  sql::TestDatabase database("events", Migrations());
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(AppendOne(*database, i, "demo", kNow + absl::Hours(i)).ok());
  const auto swept = database->WriteAndWait(sql::TestScope(),
                                            [](sql::Transaction& tx) { return Sweep(tx, kNow + absl::Hours(3), 100); });
  EXPECT_EQ(*swept, 3);
  EXPECT_EQ(ErrorReason(ReadAfter(*database, 1).status()), "EVENTS_EXPIRED");
  EXPECT_EQ(ReadAfter(*database, 3)->size(), 2u);
  EXPECT_EQ(ReadAfter(*database, 0)->size(), 2u);  // a new reader starts at the oldest
  EXPECT_EQ(ReadAfter(*database, 5)->size(), 0u);
}

}  // namespace
}  // namespace vinculo::events
