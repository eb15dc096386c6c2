#include <gtest/gtest.h>

#include <random>

#include "common/status/error.h"
#include "services/lifecycle/store/queries.h"
#include "services/lifecycle/store/store_fixture.h"

namespace vinculo::lifecycle {
namespace {

using StoreTest = StoreFixture;
constexpr absl::CivilDay kDay(2024, 6, 12);

class UsageLedgerTest : public StoreFixture {
 protected:
  std::vector<Rollup> Weeks(const ModuleInstance& module) {
    return Do([&](sql::Transaction& tx) {
      return UsageRepository().Rollups(tx, RollupKind::kWeek, module, absl::CivilDay(2000, 1, 3),
                                       absl::CivilDay(2100, 1, 4));
    });
  }
  std::string Refusal(const IncomingFact& fact, const std::string& tenant = "demo") {
    const FactOutcome outcome = Take(fact, tenant);
    EXPECT_EQ(outcome.result, FactResult::kRefused);
    return ErrorReason(outcome.refusal);
  }
};

TEST_F(StoreTest, NoStatementWalksATable) { EXPECT_TRUE(sql::NoTableScans(*db, store::AllQueries())); }

TEST_F(UsageLedgerTest, SumsSourcesIntoWeeksAndMonths) {
  const ModuleInstance m = AddModule("c1", "cases");
  EXPECT_EQ(Take(Fact(m, kDay, {10, 4})).result, FactResult::kAccepted);
  EXPECT_EQ(Take(Fact(m, kDay, {5, 5}, 1, "crm")).result, FactResult::kAccepted);
  EXPECT_EQ(Take(Fact(m, absl::CivilDay(2024, 6, 17), {1, 1})).result, FactResult::kAccepted);
  const std::vector<Rollup> expected = {{absl::CivilDay(2024, 6, 10), {15, 9}}, {absl::CivilDay(2024, 6, 17), {1, 1}}};
  EXPECT_EQ(Weeks(m), expected);
}

TEST_F(UsageLedgerTest, HigherRevisionReplacesAndEqualIsNoChange) {
  const ModuleInstance m = AddModule("c1", "cases");
  Take(Fact(m, kDay, {10, 4}, 1));
  EXPECT_EQ(Take(Fact(m, kDay, {10, 4}, 1)).result, FactResult::kUnchanged);
  EXPECT_EQ(Take(Fact(m, kDay, {8, 8}, 2)).result, FactResult::kAccepted);
  EXPECT_EQ(Weeks(m).front().counts, (UsageCounts{8, 8}));
  EXPECT_EQ(Refusal(Fact(m, kDay, {9, 8}, 2)), "FACT_CONFLICT");
  EXPECT_EQ(Refusal(Fact(m, kDay, {10, 4}, 1)), "STALE_REVISION");
  EXPECT_EQ(Refusal(Fact(m, kDay, {10, 11}, 9)), "COMPLETED_ABOVE_STARTED");
  EXPECT_EQ(Weeks(m).front().counts, (UsageCounts{8, 8}));
}

TEST_F(UsageLedgerTest, KnowsOnlyTheTenantsOwnClients) {
  const ModuleInstance m = AddModule("c1", "cases");
  EXPECT_EQ(Refusal(Fact(m, kDay, {1, 1}), "other"), "UNKNOWN_MODULE");
  IncomingFact wrong = Fact(m, kDay, {1, 1});
  wrong.module_key = "onboardings";
  EXPECT_EQ(Refusal(wrong), "UNKNOWN_MODULE");
}

TEST_F(UsageLedgerTest, PrefersTheLiveInstanceAndTakesLateFactsOfALostOne) {
  const ModuleInstance lost = AddModule("c1", "cases", Stage::kLost, absl::CivilDay(2024, 6, 1));
  EXPECT_EQ(Take(Fact(lost, absl::CivilDay(2024, 5, 30), {1, 1})).module_instance_id, lost.id);
  EXPECT_EQ(Refusal(Fact(lost, absl::CivilDay(2024, 6, 2), {1, 1})), "UNKNOWN_MODULE");
  const ModuleInstance live = AddModule("c1", "cases", Stage::kNew);
  EXPECT_EQ(Take(Fact(live, absl::CivilDay(2024, 5, 29), {1, 1})).module_instance_id, live.id);
}

TEST_F(UsageLedgerTest, RandomFactsLeaveTheRollupsThatARebuildMakes) {
  std::mt19937 random(20240618);
  std::vector<ModuleInstance> modules;
  for (const char* key : {"cases", "onboardings", "requirements"}) modules.push_back(AddModule("c1", key));
  modules.push_back(AddModule("c2", "cases"));
  const auto draw = [&](int n) { return static_cast<int64_t>(random() % n); };
  Do([&](sql::Transaction& tx) -> absl::Status {
    UsageLedger ledger(settings.zone);
    for (int i = 0; i < 3000; ++i) {
      const int64_t started = draw(20);
      IncomingFact fact = Fact(modules[draw(4)], absl::CivilDay(2023, 11, 1) + draw(230), {started, draw(started + 2)},
                               draw(6), draw(2) == 0 ? "a" : "b");
      auto outcome = ledger.Take(tx, fact, now);
      if (!outcome.ok()) return outcome.status();
    }
    return absl::OkStatus();
  });
  int64_t rollups = 0;
  for (const ModuleInstance& module : modules) {
    const auto kept = Weeks(module);
    const RebuildOutcome rebuilt = Do([&](sql::Transaction& tx) { return UsageRepository().Rebuild(tx, module); });
    EXPECT_EQ(rebuilt.differing, 0);
    EXPECT_EQ(Weeks(module), kept);
    rollups += rebuilt.rollups;
  }
  EXPECT_GT(rollups, 100);
}

TEST_F(UsageLedgerTest, RebuildMendsWhatIsWrong) {
  const ModuleInstance m = AddModule("c1", "cases");
  Take(Fact(m, kDay, {10, 4}));
  const auto good = Weeks(m);
  Do([&](sql::Transaction& tx) {
    return UsageRepository().AddToRollup(tx, RollupKind::kWeek, "c1", m.id, {absl::CivilDay(2024, 6, 10), {1, 1}});
  });
  Do([&](sql::Transaction& tx) {
    return UsageRepository().AddToRollup(tx, RollupKind::kMonth, "c1", m.id, {absl::CivilDay(2023, 6, 1), {1, 1}});
  });
  const RebuildOutcome rebuilt = Do([&](sql::Transaction& tx) { return UsageRepository().Rebuild(tx, m); });
  EXPECT_EQ(rebuilt.differing, 2);
  EXPECT_EQ(rebuilt.rollups, 2);
  EXPECT_EQ(Weeks(m), good);
}

TEST_F(StoreTest, ModulesAreListedByClientStageAndKind) {
  const ModuleInstance a = AddModule("a", "cases", Stage::kLowUsage);
  AddModule("a", "onboardings", Stage::kAdoption);
  const ModuleInstance b = AddModule("b", "cases", Stage::kLowUsage);
  AddModule("b", "payments", Stage::kLowUsage);
  const auto list = [&](ModuleFilter filter, ModulePosition after = {}) {
    std::vector<std::string> found;
    for (const ModuleInstance& m :
         Do([&](sql::Transaction& tx) { return ModuleRepository().List(tx, filter, after, 10); })) {
      found.push_back(m.customer_id + "/" + m.module_key);
    }
    return found;
  };
  using testing::ElementsAre;
  EXPECT_THAT(list({}), ElementsAre("a/cases", "a/onboardings", "b/cases", "b/payments"));
  EXPECT_THAT(list({"", "cases", Stage::kLowUsage}), ElementsAre("a/cases", "b/cases"));
  EXPECT_THAT(list({"b", "", Stage::kUnspecified}), ElementsAre("b/cases", "b/payments"));
  EXPECT_THAT(list({"b", "", Stage::kAdoption}), ElementsAre());
  EXPECT_THAT(list({"", "cases", Stage::kLowUsage}, {a.customer_id, a.id}), ElementsAre("b/cases"));
  EXPECT_THAT(list({}, {b.customer_id, b.id}), ElementsAre("b/payments"));
}

TEST_F(StoreTest, ChunksOfClientsNeverCutOne) {
  for (const char* customer : {"a", "b", "c"}) {
    for (const char* key : {"cases", "onboardings", "requirements"}) AddModule(customer, key);
  }
  for (int limit = 1; limit <= 10; ++limit) {
    SCOPED_TRACE(limit);
    std::vector<std::string> customers;
    std::string after;
    while (true) {
      const auto chunk = Do([&](sql::Transaction& tx) { return ModuleRepository().NextClients(tx, after, limit); });
      if (chunk.empty()) break;
      EXPECT_EQ(chunk.size() % 3, 0);
      for (const ModuleInstance& m : chunk) customers.push_back(m.customer_id);
      after = chunk.back().customer_id;
    }
    EXPECT_EQ(customers, (std::vector<std::string>{"a", "a", "a", "b", "b", "b", "c", "c", "c"}));
  }
}

TEST_F(StoreTest, PreloadedModulesAreThereUntilReplaced) {
  const ModuleDefRepository defs{};
  EXPECT_EQ(Do([&](sql::Transaction& tx) { return defs.ListAll(tx); }).size(), 3);
  ModuleDef own = *Do([&](sql::Transaction& tx) { return defs.Find(tx, "cases"); });
  own.active = false;
  own.revision = 1;
  Do([&](sql::Transaction& tx) { return defs.Put(tx, own); });
  Do([&](sql::Transaction& tx) { return defs.Put(tx, ModuleDef{"payments", "payment", "", "", true, 1}); });
  const auto all = Do([&](sql::Transaction& tx) { return defs.ListAll(tx); });
  ASSERT_EQ(all.size(), 4);
  EXPECT_EQ(all[0].module_key, "cases");
  EXPECT_FALSE(all[0].active);
  EXPECT_EQ(all[2].module_key, "payments");
  EXPECT_FALSE(Do([&](sql::Transaction& tx) { return defs.Find(tx, "payments"); }, "other").has_value());
}

}  // namespace
}  // namespace vinculo::lifecycle
