#include "services/lifecycle/store/stage_pass.h"

#include <gtest/gtest.h>

#include "services/lifecycle/store/store_fixture.h"

namespace vinculo::lifecycle {
namespace {

constexpr absl::CivilDay kWeek(2024, 6, 10);

class StagePassTest : public StoreFixture {
 protected:
  StageChunk Run(absl::CivilDay week = kWeek, bool dry_run = false, int limit = 100) {
    const StagePass pass(settings, week, now, "timer", dry_run);
    return Do([&](sql::Transaction& tx) { return pass.Next(tx, "", limit); });
  }
  std::vector<StageEvent> History(const ModuleInstance& module) {
    return Do([&](sql::Transaction& tx) {
      return ModuleRepository().History(tx, module.id, std::numeric_limits<int64_t>::max(), 100);
    });
  }
};

TEST_F(StagePassTest, MovesEachModuleByItsOwnWeeks) {
  const ModuleInstance good = AddModule("a", "cases");
  const ModuleInstance silent = AddModule("a", "onboardings");
  const ModuleInstance bad = AddModule("b", "cases", Stage::kAdoption);
  AddWeeks(good, kWeek, {{10, 7}, {10, 7}, {10, 7}, {10, 8}});
  AddWeeks(bad, kWeek, {{5, 2}, {5, 2}, {5, 2}, {5, 1}});
  const StageChunk chunk = Run();
  ASSERT_EQ(chunk.outcomes.size(), 3);
  EXPECT_EQ(chunk.last_customer_id, "b");
  EXPECT_EQ(Reload(good).stage, Stage::kAdoption);
  EXPECT_EQ(Reload(silent).stage, Stage::kLowUsage);
  EXPECT_EQ(Reload(bad).stage, Stage::kLowUsage);
}

TEST_F(StagePassTest, WritesTheEventWithItsEvidence) {
  const ModuleInstance m = AddModule("a", "cases");
  AddWeeks(m, kWeek, {{10, 7}, {10, 7}, {10, 7}, {10, 8}});
  Run();
  const auto history = History(m);
  ASSERT_EQ(history.size(), 1);
  const StageEvent& event = history[0];
  EXPECT_EQ(event.from, Stage::kEarlyAdoption);
  EXPECT_EQ(event.to, Stage::kAdoption);
  EXPECT_EQ(event.at, At(kWeek + 7));
  EXPECT_EQ(event.recorded_at, now);
  EXPECT_EQ(event.actor, "timer");
  EXPECT_EQ(event.rule_version, 1);
  ASSERT_TRUE(event.evidence);
  EXPECT_EQ(event.evidence->r4.completed, 29);
  EXPECT_EQ(event.evidence->weeks.size(), 16);
  EXPECT_EQ(event.evidence->weeks.back(), (UsageCounts{10, 8}));
  EXPECT_EQ(Reload(m).adopted_at, At(kWeek + 7));
}

TEST_F(StagePassTest, AdoptedAtStaysWhenUsageFallsAndComesBack) {
  const ModuleInstance m = AddModule("a", "cases");
  AddWeeks(m, kWeek - 7, std::vector<UsageCounts>(4, {10, 9}));
  Run(kWeek - 7);
  const std::optional<absl::Time> adopted_at = Reload(m).adopted_at;
  EXPECT_EQ(adopted_at, At(kWeek));
  Take(Fact(m, kWeek, {100, 1}));
  Run(kWeek);
  EXPECT_EQ(Reload(m).stage, Stage::kLowUsage);
  EXPECT_EQ(Reload(m).adopted_at, adopted_at);
  now += absl::Hours(24 * 7);
  Take(Fact(m, kWeek + 7, {1000, 999}));
  Run(kWeek + 7);
  EXPECT_EQ(Reload(m).stage, Stage::kAdoption);
  EXPECT_EQ(Reload(m).adopted_at, adopted_at);
}

TEST_F(StagePassTest, AWeekRunAgainIsNoChange) {
  const ModuleInstance m = AddModule("a", "cases");
  AddWeeks(m, kWeek, std::vector<UsageCounts>(16, {10, 9}));
  Run();
  const ModuleInstance first = Reload(m);
  EXPECT_EQ(first.stage, Stage::kAdoption);
  const StageChunk again = Run();
  EXPECT_TRUE(again.outcomes[0].already_evaluated);
  EXPECT_EQ(Reload(m).revision, first.revision);
  EXPECT_TRUE(Run(kWeek - 7).outcomes[0].already_evaluated) << "an earlier week neither";
  EXPECT_FALSE(Run(kWeek + 7).outcomes[0].already_evaluated);
}

TEST_F(StagePassTest, DryRunTellsAndWritesNothing) {
  const ModuleInstance m = AddModule("a", "cases");
  AddWeeks(m, kWeek, std::vector<UsageCounts>(4, {10, 9}));
  const StageChunk chunk = Run(kWeek, /*dry_run=*/true);
  EXPECT_EQ(chunk.outcomes[0].to, Stage::kAdoption);
  EXPECT_EQ(Reload(m).stage, Stage::kEarlyAdoption);
  EXPECT_EQ(Reload(m).revision, 1);
  EXPECT_TRUE(History(m).empty());
}

TEST_F(StagePassTest, TheWeekThatRunsDoesNotCount) {
  const ModuleInstance m = AddModule("a", "cases");
  AddWeeks(m, kWeek, std::vector<UsageCounts>(4, {10, 5}));
  Take(Fact(m, kWeek + 7, {1000, 1000}));
  EXPECT_EQ(Run().outcomes[0].evidence.r4.started, 40);
}

TEST_F(StagePassTest, MaturityLagMovesTheWindowBack) {
  const ModuleInstance m = AddModule("a", "cases");
  AddWeeks(m, kWeek, {{10, 9}, {10, 9}, {10, 9}, {10, 9}, {10, 0}, {10, 0}});
  settings.rules.maturity_lag_days = 8;
  const StageChunk chunk = Run();
  EXPECT_EQ(chunk.outcomes[0].evidence.last_week, kWeek - 14);
  EXPECT_EQ(chunk.outcomes[0].to, Stage::kAdoption);
}

TEST_F(StagePassTest, SuppressedModulesStayAndAreTold) {
  ModuleInstance m = AddModule("a", "cases", Stage::kAdoption);
  m.suppressed_until = now + absl::Hours(1);
  m.suppression_reason = "summer";
  Do([&](sql::Transaction& tx) { return ModuleRepository().Update(tx, m); });
  EXPECT_EQ(Run().outcomes[0].reason, kReasonSuppressed);
  EXPECT_EQ(Reload(m).stage, Stage::kAdoption);
}

TEST_F(StagePassTest, ChunksGiveWhatOneRunGives) {
  for (const char* customer : {"a", "b", "c", "d"}) {
    AddWeeks(AddModule(customer, "cases"), kWeek, std::vector<UsageCounts>(4, {10, 9}));
    AddWeeks(AddModule(customer, "onboardings"), kWeek, std::vector<UsageCounts>(4, {10, 1}));
  }
  const StagePass pass(settings, kWeek, now, "timer", /*dry_run=*/true);
  std::string after;
  int64_t adopted = 0, low = 0;
  for (int chunks = 0;; ++chunks) {
    ASSERT_LT(chunks, 10);
    const StageChunk chunk = Do([&](sql::Transaction& tx) { return pass.Next(tx, after, 3); });
    if (chunk.end) break;
    for (const StageOutcome& o : chunk.outcomes) {
      adopted += o.to == Stage::kAdoption ? 1 : 0;
      low += o.to == Stage::kLowUsage ? 1 : 0;
    }
    after = chunk.last_customer_id;
  }
  EXPECT_EQ(adopted, 4);
  EXPECT_EQ(low, 4);
}

TEST_F(StagePassTest, OneClientIsEvaluatedLikeAll) {
  const ModuleInstance m = AddModule("b", "cases");
  AddModule("a", "cases");
  AddWeeks(m, kWeek, std::vector<UsageCounts>(4, {10, 9}));
  const StagePass pass(settings, kWeek, now, "someone", false);
  const StageChunk chunk = Do([&](sql::Transaction& tx) { return pass.OfCustomer(tx, "b"); });
  ASSERT_EQ(chunk.outcomes.size(), 1);
  EXPECT_EQ(chunk.outcomes[0].to, Stage::kAdoption);
  EXPECT_TRUE(Do([&](sql::Transaction& tx) { return pass.OfCustomer(tx, "nobody"); }).outcomes.empty());
}

}  // namespace
}  // namespace vinculo::lifecycle
