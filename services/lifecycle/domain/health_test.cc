#include "services/lifecycle/domain/health.h"

#include <gtest/gtest.h>

#include "services/lifecycle/domain/health_csv.h"
#include "services/lifecycle/domain/settings.h"

namespace vinculo::lifecycle {
namespace {

using ::testing::ElementsAre;

constexpr char kChurnRisk[] = "Churn Risk";
constexpr char kAttention[] = "Needs Attention";
constexpr char kTop[] = "Top Performer";

ModuleTerm Term(const std::string& key, int64_t completed, int64_t started) {
  return {Uuid::New(absl::UnixEpoch()), key, {started, completed}};
}

struct SeedRow {
  std::vector<ModuleTerm> terms;
  double score;
  const char* tier;
};

std::vector<SeedRow> SeedTable() {
  const auto ob = [](int64_t c, int64_t s) { return Term("onboardings", c, s); };
  const auto ca = [](int64_t c, int64_t s) { return Term("cases", c, s); };
  const auto re = [](int64_t c, int64_t s) { return Term("requirements", c, s); };
  return {
      {{ob(57, 106), ca(4, 1694)}, 3.39, kChurnRisk},
      {{ca(496, 2780)}, 17.84, kChurnRisk},
      {{ob(3, 23), ca(0, 2), re(4, 6)}, 22.58, kChurnRisk},
      {{ob(1, 4)}, 25.00, kChurnRisk},
      {{ob(2, 3), ca(0, 3)}, 33.33, kChurnRisk},
      {{ob(201, 202), ca(1948, 7311), re(3228, 7409)}, 36.03, kAttention},
      {{ob(271, 287), ca(56, 854), re(247, 305)}, 39.70, kAttention},
      {{ob(38, 79)}, 48.10, kAttention},
      {{re(576, 579)}, 99.48, kTop},
      {{ob(447, 458), re(60, 61)}, 97.69, kTop},
      {{ob(20, 23), re(5953, 6204)}, 95.92, kTop},
      {{ob(134, 153)}, 87.58, kTop},
      {{ob(210, 228), ca(5, 16)}, 88.11, kTop},
  };
}

TEST(HealthScore, YieldsTheWorkedTable) {
  int row = 0;
  for (const SeedRow& seed : SeedTable()) {
    SCOPED_TRACE(++row);
    const WeightedScore score = ScoreOf(seed.terms);
    ASSERT_TRUE(score.presented());
    EXPECT_DOUBLE_EQ(*score.presented(), seed.score);
    EXPECT_EQ(RawTier(score.exact(), HealthModel()), seed.tier);
  }
}

TEST(HealthScore, NoVolumeIsNotZero) {
  EXPECT_EQ(ScoreOf({Term("cases", 0, 0)}).exact(), std::nullopt);
  EXPECT_EQ(RawTier(std::nullopt, HealthModel()), kNoDataTier);
  EXPECT_EQ(ScoreOf({Term("cases", 0, 0), Term("onboardings", 1, 4)}).exact(), 25.0);
  EXPECT_EQ(ScoreOf({Term("cases", 0, 2)}).exact(), 0.0);
  EXPECT_EQ(RawTier(0.0, HealthModel()), kChurnRisk);
}

TEST(HealthScore, CapsTotalsPerModule) {
  const WeightedScore score = ScoreOf({Term("cases", 15, 10), Term("onboardings", 0, 10)});
  EXPECT_EQ(score.completed, 10);
  EXPECT_EQ(score.exact(), 50.0);
}

TEST(HealthScore, ContributionsAddUp) {
  for (const SeedRow& seed : SeedTable()) {
    double sum = 0;
    double weights = 0;
    for (const ExplainedTerm& e : Explain(seed.terms)) {
      sum += e.contribution;
      weights += e.weight;
      EXPECT_NEAR(e.contribution, e.weight * *e.ratio, 1e-9);
    }
    EXPECT_NEAR(sum, *ScoreOf(seed.terms).exact(), 1e-9);
    EXPECT_NEAR(weights, 1.0, 1e-12);
  }
  const auto silent = Explain({Term("cases", 0, 0)});
  EXPECT_EQ(silent[0].ratio, std::nullopt);
  EXPECT_EQ(silent[0].contribution, 0);
}

TEST(HealthTier, IsDecidedOnTheUnroundedScore) {
  EXPECT_EQ(RawTier(ScoreOf({Term("cases", 349'999, 1'000'000)}).exact(), HealthModel()), kChurnRisk)
      << "34.9999 shows as 35.00";
  EXPECT_EQ(RawTier(35.0, HealthModel()), kAttention);
  EXPECT_EQ(RawTier(70.0, HealthModel()), kTop);
  EXPECT_EQ(RawTier(100.0, HealthModel()), kTop);
}

TEST(HealthTier, HysteresisNeedsTheMarginOrASecondEvaluation) {
  const HealthModel model;
  EXPECT_EQ(TierAfter(34, TierMemory{kAttention, 50}, model), kAttention);
  EXPECT_EQ(TierAfter(36, TierMemory{kAttention, 34}, model), kAttention);
  EXPECT_EQ(TierAfter(34, TierMemory{kAttention, 34}, model), kChurnRisk);
  EXPECT_EQ(TierAfter(33, TierMemory{kAttention, 50}, model), kChurnRisk);
  EXPECT_EQ(TierAfter(36, TierMemory{kChurnRisk, 20}, model), kChurnRisk);
  EXPECT_EQ(TierAfter(37, TierMemory{kChurnRisk, 20}, model), kAttention);
  EXPECT_EQ(TierAfter(35, TierMemory{kChurnRisk, 36}, model), kAttention);
}

TEST(HealthTier, JudgesEachCutByItself) {
  EXPECT_EQ(TierAfter(34, TierMemory{kTop, 80}, HealthModel()), kAttention);
  EXPECT_EQ(RawTier(34, HealthModel()), kChurnRisk);
  EXPECT_EQ(TierAfter(10, TierMemory{kTop, 80}, HealthModel()), kChurnRisk);
  EXPECT_EQ(TierAfter(71, TierMemory{kChurnRisk, 20}, HealthModel()), kAttention);
}

TEST(HealthTier, FirstSnapshotAndNoDataHaveNoHysteresis) {
  EXPECT_EQ(TierAfter(34, std::nullopt, HealthModel()), kChurnRisk);
  EXPECT_EQ(TierAfter(34, TierMemory{kNoDataTier, std::nullopt}, HealthModel()), kChurnRisk);
  EXPECT_EQ(TierAfter(std::nullopt, TierMemory{kTop, 90}, HealthModel()), kNoDataTier);
}

HealthSnapshot Snapshot(absl::CivilDay as_of, int64_t completed, const std::optional<HealthSnapshot>& before) {
  return MakeSnapshot("c1", as_of, {{Uuid(), "cases", {100, completed}}}, before, HealthModel(), absl::UnixEpoch());
}

TEST(HealthSnapshot, KeepsTierAndSinceWhileItLasts) {
  const HealthSnapshot first = Snapshot(absl::CivilDay(2024, 3, 3), 50, std::nullopt);
  const HealthSnapshot second = Snapshot(absl::CivilDay(2024, 3, 10), 34, first);
  EXPECT_EQ(second.tier, kAttention);
  EXPECT_EQ(second.raw_tier, kChurnRisk);
  EXPECT_EQ(second.days_in_tier(), 7);
  const HealthSnapshot third = Snapshot(absl::CivilDay(2024, 3, 17), 34, second);
  EXPECT_EQ(third.tier, kChurnRisk);
  EXPECT_EQ(third.days_in_tier(), 0);
  EXPECT_EQ(third.window_first, absl::CivilDay(2023, 9, 1));
  EXPECT_TRUE(third.SameResult(Snapshot(absl::CivilDay(2024, 3, 17), 34, second)));
  EXPECT_FALSE(third.SameResult(second));
}

TEST(HealthTrend, DeltasTakeTheNearestSnapshotNotAfter) {
  const std::vector<ScorePoint> history = {{absl::CivilDay(2024, 3, 31), 60.0},
                                           {absl::CivilDay(2024, 3, 25), 58.0},
                                           {absl::CivilDay(2024, 3, 20), 50.0},
                                           {absl::CivilDay(2024, 3, 3), std::nullopt}};
  const auto deltas = DeltasOf(history);
  ASSERT_EQ(deltas.size(), 3);
  EXPECT_EQ(deltas[0].as_of, absl::CivilDay(2024, 3, 20));
  EXPECT_EQ(deltas[0].change, 10.0);
  EXPECT_EQ(deltas[1].as_of, absl::CivilDay(2024, 3, 3));
  EXPECT_EQ(deltas[1].change, std::nullopt) << "there was no data then";
  EXPECT_EQ(deltas[2].as_of, std::nullopt);
}

TEST(HealthTrend, SlopeIsPointsPerWeekOverEightWeeks) {
  std::vector<ScorePoint> history;
  for (int week = 0; week < 12; ++week) {
    history.push_back({absl::CivilDay(2024, 6, 30) - 7 * week, week < 8 ? 50.0 - 2 * week : 90.0});
  }
  EXPECT_NEAR(*SlopePerWeek(history), 2.0, 1e-9);
  history.insert(history.begin() + 1, {absl::CivilDay(2024, 6, 26), 0.0});
  EXPECT_NEAR(*SlopePerWeek(history), 2.0, 1e-9) << "only the newest of a week counts";
  EXPECT_EQ(SlopePerWeek({{absl::CivilDay(2024, 6, 30), 5.0}}), std::nullopt);
  EXPECT_EQ(SlopePerWeek({}), std::nullopt);
}

TEST(HealthTerms, TextGoesThereAndBack) {
  const std::vector<ModuleTerm> terms = {Term("cases", 4, 1694), Term("onboardings", 57, 106)};
  EXPECT_EQ(DecodeTerms(EncodeTerms(terms)), terms);
  EXPECT_EQ(DecodeTerms(""), std::vector<ModuleTerm>());
  EXPECT_EQ(DecodeTerms("cases:nope:1/2"), std::nullopt);
  EXPECT_EQ(DecodeTerms("cases"), std::nullopt);
}

TEST(HealthOrder, LowestFirstAndNoDataLast) {
  EXPECT_LT(SortKey(3.39), SortKey(17.84));
  EXPECT_LT(SortKey(100), SortKey(std::nullopt));
}

TEST(HealthModelCheck, BandsMustTile) {
  const auto problems = [](std::vector<Band> bands, double margin = 2) {
    FieldViolations bad;
    CheckModel({1, std::move(bands), margin}, bad);
    return bad.violations().size();
  };
  EXPECT_EQ(problems(HealthModel().bands), 0);
  EXPECT_EQ(problems({}), 1);
  EXPECT_EQ(problems({{"a", 1}}), 1) << "does not begin at 0";
  EXPECT_EQ(problems({{"a", 0}, {"b", 0}}), 1) << "does not rise";
  EXPECT_EQ(problems({{"a", 0}, {"b", 100}}), 1) << "nothing above 100";
  EXPECT_EQ(problems({{"a", 0}, {"a", 50}}), 1) << "same name";
  EXPECT_EQ(problems({{"NO_DATA", 0}}), 1);
  EXPECT_EQ(problems({{"a", 0}}, 51), 1);
}

TEST(HealthSettings, DefaultsAreSoundAndBadOnesAreAllReported) {
  FieldViolations good;
  CheckSettings(Settings(), good);
  EXPECT_TRUE(good.empty());
  Settings wrong;
  wrong.rules.adopt_enter = 100;
  wrong.rules.low_exit = 30;
  wrong.rules.success_weeks = 15;
  wrong.health.bands.clear();
  FieldViolations bad;
  CheckSettings(wrong, bad);
  EXPECT_EQ(bad.violations().size(), 4);
}

TEST(HealthContact, MeanOverMonthsWithAtLeastOne) {
  EXPECT_NEAR(ConversationsPerMonth({20, 12, 0, 20, 20, 10, 5, 5}), 92.0 / 7, 1e-12);
  EXPECT_NEAR(ConversationsPerMonth({0, 3, 0, 4, 1}), 8.0 / 3, 1e-12);
  EXPECT_EQ(ConversationsPerMonth({0, 0}), 0);
  EXPECT_EQ(ConversationsPerMonth({}), 0);
}

TEST(HealthCsv, HasTheColumnsOfTheFigure) {
  EXPECT_THAT(HealthCsvHeader({"payments"}),
              ElementsAre("Name", "Tier", "OB_Ratio", "D_OB", "Cases_Ratio", "D_Cases", "Requirements_Ratio",
                          "D_Requirements", "WCHS", "avg_rating", "conversations", "payments_Ratio", "D_payments"));
}

TEST(HealthCsv, UnsetIsAnEmptyCellAndZeroIsNot) {
  const HealthSnapshot s = MakeSnapshot("c", absl::CivilDay(2024, 3, 17),
                                        {Term("onboardings", 3, 23), Term("cases", 0, 2), Term("payments", 0, 0)},
                                        std::nullopt, HealthModel(), absl::UnixEpoch());
  EXPECT_THAT(
      HealthCsvRow("Acme", s, {92.0 / 7, std::nullopt}, {"payments", "chat"}),
      ElementsAre("Acme", kChurnRisk, "13.04", "23", "0.00", "2", "", "", "12.00", "", "13.14", "", "0", "", ""));
}

}  // namespace
}  // namespace vinculo::lifecycle
