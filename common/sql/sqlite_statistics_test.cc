#include "common/sql/sqlite_statistics.h"

#include <gtest/gtest.h>

#include "common/sql/test_database.h"

namespace vinculo::sql {
namespace {

TEST(SqliteStatistics, AKeyNarrowsWithEachColumn) {
  EXPECT_EQ(StatisticsOf(1, false), "10000000 1000000");
  EXPECT_EQ(StatisticsOf(3, true), "10000000 1000000 1000 1");
  EXPECT_EQ(StatisticsOf(7, false), "10000000 1000000 1000 50 10 5 5 5");
}

const std::vector<Migration> kPeople = {
    {1, "people",
     "CREATE TABLE person (tenant_id TEXT NOT NULL, kind INTEGER NOT NULL, value TEXT NOT NULL, key TEXT NOT NULL, "
     "PRIMARY KEY (tenant_id, kind, value)) STRICT, WITHOUT ROWID;"
     "CREATE INDEX person_key ON person (tenant_id, key) WHERE key <> '';"}};

// A planner without figures takes the primary key here, of which the statement knows nothing but the tenant.
TEST(SqliteStatistics, APartialIndexIsPreferredToAWholeTenant) {
  TestDatabase database("people", kPeople);
  static constexpr Query kByKey{
      "person_by_key", "SELECT value FROM person WHERE tenant_id = ? AND key = ? AND key <> '' ORDER BY value LIMIT 1"};
  for (int opened = 0; opened < 2; ++opened) {
    const auto plan = database->engine().ExplainPlan(kByKey);
    ASSERT_TRUE(plan.ok()) << plan.status();
    EXPECT_NE(plan->front().text.find("person_key (tenant_id=? AND key=?)"), std::string::npos) << plan->front().text;
    database.Reopen();
  }
}

}  // namespace
}  // namespace vinculo::sql
