#include "services/lifecycle/domain/stage_rules.h"

#include <gtest/gtest.h>

namespace vinculo::lifecycle {
namespace {

using enum Stage;

// A module followed week by week, as the timer does.
class Module {
 public:
  explicit Module(Stage stage, int weeks_live = 40, int weeks_in_stage = 40)
      : stage(stage), weeks_live_(weeks_live), weeks_in_stage_(weeks_in_stage) {}

  Module& Weeks(int n, UsageCounts counts) {
    for (int i = 0; i < n; ++i) history_.push_back(counts);
    return *this;
  }

  // Evaluates with what the weeks so far hold.
  Evaluation Evaluate() {
    EvaluationInput in;
    in.stage = stage;
    in.weeks.assign(rules.window_weeks(), {});
    const int n = std::min<int>(rules.window_weeks(), history_.size());
    std::copy(history_.end() - n, history_.end(), in.weeks.end() - n);
    in.weeks_live = weeks_live_;
    in.weeks_in_stage = weeks_in_stage_;
    in.suppressed = suppressed;
    in.memory = memory;
    Evaluation out = EvaluateStage(in, rules);
    if (out.to != stage) weeks_in_stage_ = 0;
    stage = out.to;
    memory = out.memory;
    return out;
  }

  // One more week, then an evaluation.
  Stage Next(UsageCounts counts) {
    history_.push_back(counts);
    ++*weeks_live_;
    ++weeks_in_stage_;
    return Evaluate().to;
  }

  void NotLive() { weeks_live_.reset(); }

  Stage stage;
  bool suppressed = false;
  EvaluationMemory memory;
  StageRules rules;

 private:
  std::vector<UsageCounts> history_;
  std::optional<int64_t> weeks_live_;
  int64_t weeks_in_stage_;
};

TEST(StageRules, ExactlySeventyIsNotAdopted) {
  EXPECT_EQ(Module(kEarlyAdoption).Weeks(4, {10, 7}).Evaluate().to, kEarlyAdoption);
  const Evaluation adopted = Module(kEarlyAdoption).Weeks(3, {10, 7}).Weeks(1, {10, 8}).Evaluate();
  EXPECT_EQ(adopted.to, kAdoption);
  EXPECT_EQ(adopted.reason, kReasonAdopted);
  EXPECT_EQ(adopted.evidence.r4.completed, 29);
  EXPECT_EQ(adopted.evidence.r4.started, 40);
}

TEST(StageRules, ExactlyFortyIsNotLow) {
  EXPECT_EQ(Module(kAdoption).Weeks(4, {5, 2}).Evaluate().to, kAdoption);
  EXPECT_EQ(Module(kAdoption).Weeks(3, {5, 2}).Weeks(1, {5, 1}).Evaluate().to, kLowUsage);
}

TEST(StageRules, TwelveGoodWeeksCannotHideFourBadOnes) {
  Module m(kAdoption);
  m.Weeks(12, {100, 95}).Weeks(4, {10, 3});
  const Evaluation low = m.Evaluate();
  EXPECT_EQ(low.to, kLowUsage);
  EXPECT_EQ(low.reason, kReasonLow);
  EXPECT_EQ(low.evidence.r16.completed, 1152);
  EXPECT_EQ(low.evidence.r16.started, 1240);
  EXPECT_EQ(m.Next({100, 100}), kAdoption) << "R4 83.8 %, R16 93.3 %: not SUCCESS";
  EXPECT_EQ(m.Next({100, 100}), kAdoption) << "the two evaluations before were LOW_USAGE and ADOPTION";
  EXPECT_EQ(m.Next({100, 100}), kSuccess);
}

TEST(StageRules, RatiosAreSumsOfCountsNotMeansOfWeeks) {
  // Weekly ratios 100 %, 100 %, 100 %, 10 %: their mean is 77.5 %, the sum 13 of 103.
  EXPECT_EQ(Module(kEarlyAdoption, 40, 0).Weeks(3, {1, 1}).Weeks(1, {100, 10}).Evaluate().to, kEarlyAdoption);
  EXPECT_EQ(Module(kAdoption).Weeks(3, {1, 1}).Weeks(1, {100, 10}).Evaluate().to, kLowUsage);
}

TEST(StageRules, AdoptionNeedsFourWeeksOfLife) {
  EXPECT_EQ(Module(kEarlyAdoption, 3).Weeks(4, {10, 9}).Evaluate().to, kEarlyAdoption);
  EXPECT_EQ(Module(kEarlyAdoption, 4).Weeks(4, {10, 9}).Evaluate().to, kAdoption);
  Module never(kEarlyAdoption);
  never.NotLive();
  EXPECT_EQ(never.Weeks(4, {10, 9}).Evaluate().to, kEarlyAdoption);
}

TEST(StageRules, AdoptionStaysBetweenTheThresholdsAndSaysSo) {
  const Evaluation stays = Module(kAdoption).Weeks(4, {10, 5}).Evaluate();
  EXPECT_EQ(stays.to, kAdoption);
  EXPECT_TRUE(stays.memory.below_adoption_threshold);
  EXPECT_EQ(stays.reason, kReasonBelowAdoption);
  EXPECT_FALSE(Module(kAdoption).Weeks(4, {10, 9}).Evaluate().memory.below_adoption_threshold);
}

TEST(StageRules, SuccessNeedsSixteenRegularWeeks) {
  EXPECT_EQ(Module(kAdoption, 16).Weeks(16, {10, 8}).Evaluate().to, kSuccess);
  EXPECT_EQ(Module(kAdoption, 15).Weeks(16, {10, 8}).Evaluate().to, kAdoption) << "15 weeks since go-live";
  EXPECT_EQ(Module(kAdoption).Weeks(16, {10, 7}).Evaluate().to, kAdoption) << "exactly 70 %";
  EXPECT_EQ(Module(kEarlyAdoption).Weeks(16, {10, 8}).Evaluate().to, kAdoption)
      << "only from ADOPTION, one move at a time";
}

TEST(StageRules, SuccessNeedsTwelveActiveWeeksAndEveryBlock) {
  Module eleven(kAdoption);
  for (int block = 0; block < 3; ++block) eleven.Weeks(3, {10, 9}).Weeks(1, {0, 0});
  eleven.Weeks(2, {10, 9}).Weeks(2, {0, 0});
  EXPECT_EQ(eleven.Evaluate().to, kAdoption);
  Module hole(kAdoption);
  hole.Weeks(4, {10, 9}).Weeks(4, {0, 0}).Weeks(8, {10, 9});
  EXPECT_EQ(hole.Evaluate().to, kAdoption) << "12 active weeks, but one block of four is silent";
  Module enough(kAdoption);
  for (int block = 0; block < 4; ++block) enough.Weeks(1, {0, 0}).Weeks(3, {10, 9});
  EXPECT_EQ(enough.Evaluate().to, kSuccess);
}

TEST(StageRules, SuccessEndsAfterTwoMissesInARow) {
  Module m(kSuccess);
  m.Weeks(16, {10, 7});
  EXPECT_EQ(m.Evaluate().to, kSuccess) << "first miss";
  EXPECT_EQ(m.Next({10, 10}), kSuccess) << "R16 above again, so the count begins anew";
  EXPECT_EQ(m.Next({10, 4}), kSuccess) << "first miss";
  EXPECT_EQ(m.Next({10, 7}), kAdoption);
  Module low(kSuccess);
  EXPECT_EQ(low.Weeks(12, {10, 10}).Weeks(4, {10, 3}).Evaluate().to, kLowUsage) << "at once, by the rule of low usage";
}

TEST(StageRules, EarlyAdoptionHasFourWeeksOfGrace) {
  EXPECT_EQ(Module(kEarlyAdoption, 40, 3).Weeks(4, {10, 1}).Evaluate().to, kEarlyAdoption);
  EXPECT_EQ(Module(kEarlyAdoption, 40, 4).Weeks(4, {10, 1}).Evaluate().to, kLowUsage);
}

TEST(StageRules, FourSilentWeeksAreLowUsageAfterTheGrace) {
  const Evaluation low = Module(kAdoption).Weeks(12, {10, 9}).Weeks(4, {0, 0}).Evaluate();
  EXPECT_EQ(low.to, kLowUsage);
  EXPECT_EQ(low.reason, kReasonNoVolume);
  EXPECT_EQ(Module(kEarlyAdoption, 40, 3).Weeks(4, {0, 0}).Evaluate().to, kEarlyAdoption);
  EXPECT_EQ(Module(kEarlyAdoption, 40, 4).Weeks(4, {0, 0}).Evaluate().to, kLowUsage);
  Module off(kAdoption);
  off.rules.low_zero_volume = false;
  EXPECT_EQ(off.Weeks(4, {0, 0}).Evaluate().to, kAdoption);
}

TEST(StageRules, LowUsageIsLeftByOneGoodOrTwoFairEvaluations) {
  EXPECT_EQ(Module(kLowUsage).Weeks(4, {100, 71}).Evaluate().to, kAdoption);
  EXPECT_EQ(Module(kLowUsage).Weeks(4, {100, 45}).Evaluate().to, kEarlyAdoption);
  Module fair(kLowUsage);
  fair.Weeks(4, {100, 40});
  EXPECT_EQ(fair.Evaluate().to, kLowUsage);
  EXPECT_EQ(fair.Next({100, 40}), kEarlyAdoption);
  Module broken(kLowUsage);
  broken.Weeks(4, {100, 40});
  EXPECT_EQ(broken.Evaluate().to, kLowUsage);
  EXPECT_EQ(broken.Next({100, 39}), kLowUsage) << "below 40 in between";
  EXPECT_EQ(broken.Next({100, 41}), kLowUsage);
}

TEST(StageRules, NoWayFromLowUsageStraightToSuccess) {
  Module m(kLowUsage);
  EXPECT_EQ(m.Weeks(16, {100, 95}).Evaluate().to, kAdoption);
}

TEST(StageRules, TooLittleVolumeKeepsTheStage) {
  Module m(kAdoption);
  m.rules.min_volume = 10;
  const Evaluation stays = m.Weeks(4, {2, 0}).Evaluate();
  EXPECT_EQ(stays.to, kAdoption);
  EXPECT_EQ(stays.reason, kReasonInsufficient);
}

TEST(StageRules, SuppressionFreezesEverything) {
  Module m(kAdoption);
  m.suppressed = true;
  const Evaluation stays = m.Weeks(4, {10, 1}).Evaluate();
  EXPECT_EQ(stays.to, kAdoption);
  EXPECT_EQ(stays.reason, kReasonSuppressed);
  EXPECT_EQ(stays.memory, EvaluationMemory());
}

TEST(StageRules, OtherStagesAreNotTheirs) {
  for (const Stage stage : {kNew, kImplementation, kFriendsAndFamily, kChurn, kLost}) {
    const Evaluation stays = Module(stage).Weeks(16, {10, 1}).Evaluate();
    EXPECT_EQ(stays.to, stage);
    EXPECT_EQ(stays.reason, kReasonNotRuled);
  }
}

TEST(StageRules, SameInputGivesSameOutput) {
  EvaluationInput in;
  in.stage = kAdoption;
  in.weeks.assign(16, {10, 3});
  in.weeks_live = 30;
  const Evaluation first = EvaluateStage(in, {});
  const Evaluation second = EvaluateStage(in, {});
  EXPECT_EQ(first.to, second.to);
  EXPECT_EQ(first.memory, second.memory);
}

TEST(StageMemory, AForcedMoveBeginsAnewButRemembersLowUsage) {
  EvaluationMemory memory;
  memory.adoption_results = 5;
  const EvaluationMemory low = MemoryAfterMove(memory, kLowUsage);
  EXPECT_TRUE(low.was_low);
  EXPECT_EQ(low.adoption_results, 0);
  EXPECT_TRUE(MemoryAfterMove(low, kAdoption).was_low);
}

TEST(StageEvidenceText, GoesThereAndBack) {
  Evaluation e = Module(kAdoption).Weeks(12, {100, 95}).Weeks(4, {10, 3}).Evaluate();
  e.evidence.last_week = absl::CivilDay(2024, 3, 11);
  const auto back = DecodeEvidence(EncodeEvidence(e.evidence));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->weeks, e.evidence.weeks);
  EXPECT_EQ(back->first_week(), absl::CivilDay(2023, 11, 27));
  EXPECT_EQ(back->r4.completed, 12);
  EXPECT_EQ(back->weeks_live, 40);
  for (const char* bad : {"", "2 1 2/3:0:0 2/3:0:0 1 1", "1 x 2/3:0:0 2/3:0:0 1 1", "1 1 2:0:0 2/3:0:0 1 1",
                          "1 1 2/3:9:0 2/3:0:0 1 1", "1 1 2/3:0:0 2/3:0:0 1 1 5"}) {
    EXPECT_FALSE(DecodeEvidence(bad)) << bad;
  }
}

}  // namespace
}  // namespace vinculo::lifecycle
