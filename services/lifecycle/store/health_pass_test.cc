#include "services/lifecycle/store/health_pass.h"

#include <gtest/gtest.h>

#include "services/lifecycle/store/store_fixture.h"

namespace vinculo::lifecycle {
namespace {

constexpr absl::CivilDay kToday(2024, 6, 18);

class HealthPassTest : public StoreFixture {
 protected:
  HealthChunk Run(absl::CivilDay as_of = kToday, bool only_changes = false) {
    const HealthPass pass(settings, as_of, now, only_changes);
    return Do([&](sql::Transaction& tx) { return pass.Next(tx, "", 1000); });
  }
  std::optional<HealthSnapshot> Stored(const std::string& customer, absl::CivilDay as_of = kToday) {
    return Do([&](sql::Transaction& tx) { return HealthRepository().FindUpTo(tx, customer, as_of); });
  }
  std::vector<ListedHealth> List(HealthFilter filter = {}, HealthPosition after = {}) {
    return Do([&](sql::Transaction& tx) { return HealthRepository().List(tx, filter, after, 100); });
  }
};

TEST_F(HealthPassTest, SumsCountsOverSixMonthsAndTheRunningOne) {
  const ModuleInstance cases = AddModule("a", "cases");
  const ModuleInstance onboardings = AddModule("a", "onboardings");
  Take(Fact(cases, absl::CivilDay(2023, 12, 1), {1000, 1}));
  Take(Fact(cases, kToday, {694, 3}));
  Take(Fact(onboardings, absl::CivilDay(2024, 3, 31), {106, 57}));
  Take(Fact(onboardings, absl::CivilDay(2023, 11, 30), {500, 500}));
  Run();
  const auto health = Stored("a");
  ASSERT_TRUE(health);
  EXPECT_EQ(health->window_first, absl::CivilDay(2023, 12, 1));
  EXPECT_EQ(health->score.presented(), 3.39);
  EXPECT_EQ(health->tier, "Churn Risk");
  ASSERT_EQ(health->terms.size(), 2);
  EXPECT_EQ(health->terms[1].counts, (UsageCounts{106, 57}));
}

TEST_F(HealthPassTest, APastDateLeavesLaterFactsOut) {
  const ModuleInstance m = AddModule("a", "cases");
  Take(Fact(m, absl::CivilDay(2024, 6, 9), {10, 5}));
  Take(Fact(m, absl::CivilDay(2024, 6, 10), {90, 90}));
  Run(absl::CivilDay(2024, 6, 9));
  EXPECT_EQ(Stored("a")->score.started, 10);
  Run(kToday);
  EXPECT_EQ(Stored("a")->score.started, 100);
  const HealthPass pass(settings, absl::CivilDay(2024, 6, 9), now, false);
  Do([&](sql::Transaction& tx) { return pass.OfCustomer(tx, "a"); });
  EXPECT_EQ(Stored("a", absl::CivilDay(2024, 6, 9))->score.started, 10);
  EXPECT_EQ(List().front().snapshot.as_of, kToday) << "the newest date stays the current one";
}

TEST_F(HealthPassTest, LostModulesCountOnlyBeforeTheirLossAndChurnCounts) {
  const ModuleInstance lost = AddModule("a", "cases", Stage::kLost, absl::CivilDay(2024, 6, 10));
  Do([&](sql::Transaction& tx) -> absl::Status {
    return UsageRepository().AddToRollup(tx, RollupKind::kMonth, "a", lost.id, {absl::CivilDay(2024, 5, 1), {10, 0}});
  });
  const ModuleInstance churn = AddModule("a", "onboardings", Stage::kChurn);
  Take(Fact(churn, absl::CivilDay(2024, 5, 1), {10, 9}));
  Run();
  EXPECT_EQ(Stored("a")->terms.size(), 1);
  EXPECT_EQ(Stored("a")->score.presented(), 90.0);
}

TEST_F(HealthPassTest, AClientThatLostEverythingIsListedNoMore) {
  ModuleInstance m = AddModule("a", "cases");
  Take(Fact(m, kToday, {10, 9}));
  Run(kToday - 1);
  EXPECT_EQ(List().size(), 1);
  MoveModule(m, Stage::kLost, now, "FORCED");
  Do([&](sql::Transaction& tx) { return ModuleRepository().Update(tx, m); });
  EXPECT_TRUE(Run().outcomes.empty());
  EXPECT_TRUE(List().empty());
  EXPECT_TRUE(Stored("a")) << "history stays";
}

TEST_F(HealthPassTest, NoVolumeIsNoData) {
  AddModule("a", "cases");
  Run();
  EXPECT_EQ(Stored("a")->tier, kNoDataTier);
  EXPECT_EQ(Stored("a")->score.exact(), std::nullopt);
}

TEST_F(HealthPassTest, ADateAgainAddsARevisionAndCountsOnceForHysteresis) {
  const ModuleInstance m = AddModule("a", "cases");
  Take(Fact(m, absl::CivilDay(2024, 6, 1), {100, 50}));
  Run(absl::CivilDay(2024, 6, 2));
  Take(Fact(m, absl::CivilDay(2024, 6, 1), {100, 34}, 2));
  Run(absl::CivilDay(2024, 6, 9));
  EXPECT_EQ(Stored("a")->tier, "Needs Attention");
  Run(absl::CivilDay(2024, 6, 9));
  EXPECT_EQ(Stored("a")->revision, 2);
  EXPECT_EQ(Stored("a")->tier, "Needs Attention") << "the same date is one evaluation";
  const HealthChunk next = Run(absl::CivilDay(2024, 6, 16));
  EXPECT_EQ(Stored("a")->tier, "Churn Risk");
  EXPECT_EQ(next.outcomes[0].tier_before, "Needs Attention");
}

TEST_F(HealthPassTest, OnlyChangesSkipsWhatIsThere) {
  const ModuleInstance m = AddModule("a", "cases");
  Take(Fact(m, kToday, {10, 9}));
  EXPECT_TRUE(Run(kToday, true).outcomes[0].saved);
  EXPECT_FALSE(Run(kToday, true).outcomes[0].saved);
  Take(Fact(m, kToday, {10, 8}, 2));
  EXPECT_TRUE(Run(kToday, true).outcomes[0].saved);
  EXPECT_EQ(Stored("a")->revision, 2);
}

TEST_F(HealthPassTest, ListIsLowestFirstAndFilters) {
  const std::vector<std::pair<std::string, UsageCounts>> clients = {
      {"a", {10, 9}}, {"b", {10, 1}}, {"c", {0, 0}}, {"d", {10, 5}}};
  for (const auto& [customer, counts] : clients) Take(Fact(AddModule(customer, "cases"), kToday, counts));
  AddModule("b", "payments", Stage::kLost, kToday);
  AddModule("d", "payments");
  Run();
  const auto names = [](const std::vector<ListedHealth>& list) {
    std::string all;
    for (const ListedHealth& h : list) all += h.snapshot.customer_id;
    return all;
  };
  EXPECT_EQ(names(List()), "bdac");
  EXPECT_EQ(List().front().name, "Name of b");
  EXPECT_EQ(names(List({"Top Performer", "", ""})), "a");
  EXPECT_EQ(names(List({"", "", "payments"})), "d");
  EXPECT_EQ(names(List({"", "nobody", ""})), "");
  EXPECT_EQ(names(List({}, {SortKey(50.0), "d"})), "ac");
}

TEST_F(HealthPassTest, HistoryKeepsTheNewestRevisionOfEachDate) {
  const ModuleInstance m = AddModule("a", "cases");
  Take(Fact(m, absl::CivilDay(2024, 6, 1), {100, 50}));
  Run(absl::CivilDay(2024, 6, 2));
  Take(Fact(m, absl::CivilDay(2024, 6, 1), {100, 60}, 2));
  Run(absl::CivilDay(2024, 6, 2));
  Run(absl::CivilDay(2024, 6, 9));
  const auto history = Do([&](sql::Transaction& tx) { return HealthRepository().History(tx, "a", kToday); });
  ASSERT_EQ(history.size(), 2);
  EXPECT_EQ(history[1].score, 60.0);
}

TEST_F(HealthPassTest, ContactFiguresComeFromMonthsWithConversations) {
  const ContactRepository contacts{};
  int id = 0;
  const auto open = [&](absl::CivilDay day, int n) {
    for (int i = 0; i < n; ++i) {
      Do([&](sql::Transaction& tx) {
        return contacts.PutConversation(tx, absl::StrCat("c", id), "a", At(day) + absl::Hours(1));
      });
      ++id;
    }
  };
  open(absl::CivilDay(2024, 1, 31), 3);
  open(absl::CivilDay(2024, 3, 1), 4);
  open(kToday, 1);
  open(absl::CivilDay(2023, 11, 30), 50);
  const auto figures = [&] {
    return Do([&](sql::Transaction& tx) { return contacts.Figures(tx, "a", kToday, settings.zone); });
  };
  EXPECT_NEAR(figures().conversations_per_month, 8.0 / 3, 1e-12);
  EXPECT_EQ(figures().mean_rating, std::nullopt) << "nobody rated, even with conversations";
  Do([&](sql::Transaction& tx) { return contacts.MarkSpam(tx, "c7", true); });
  EXPECT_NEAR(figures().conversations_per_month, 3.5, 1e-12);
  const auto rate = [&](const char* survey, int64_t rating) {
    Do([&](sql::Transaction& tx) { return contacts.PutRating(tx, survey, "c0", "a", rating, now); });
  };
  rate("s1", 1);
  rate("s2", 4);
  rate("s1", 5);
  EXPECT_EQ(figures().mean_rating, 4.5) << "the last value of each rating";
}

}  // namespace
}  // namespace vinculo::lifecycle
