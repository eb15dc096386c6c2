#include "services/lifecycle/domain/stage.h"

#include <gtest/gtest.h>

namespace vinculo::lifecycle {
namespace {

using enum Stage;

Stage StageOf(std::vector<Stage> stages, AccountStagePolicy policy = AccountStagePolicy::kMin, bool notice = false) {
  std::vector<ModuleStanding> modules;
  for (const Stage s : stages) modules.push_back({s});
  return AccountStage(modules, policy, notice);
}

TEST(AccountStage, IsLostOnlyWhenEveryModuleIs) {
  EXPECT_EQ(StageOf({kLost, kLost}), kLost);
  EXPECT_EQ(StageOf({kLost, kAdoption}), kAdoption);
  EXPECT_EQ(StageOf({}), kUnspecified);
}

TEST(AccountStage, IsChurnByNoticeOrWhenAllThatIsLeftChurns) {
  EXPECT_EQ(StageOf({kLost, kChurn}), kChurn);
  EXPECT_EQ(StageOf({kSuccess, kAdoption}, AccountStagePolicy::kMin, /*notice=*/true), kChurn);
  EXPECT_EQ(StageOf({kChurn, kSuccess}), kSuccess);
}

TEST(AccountStage, MinTakesLowUsageFirstThenTheLeastAdvanced) {
  EXPECT_EQ(StageOf({kNew, kLowUsage, kSuccess}), kLowUsage);
  EXPECT_EQ(StageOf({kSuccess, kImplementation, kAdoption}), kImplementation);
  EXPECT_EQ(StageOf({kSuccess, kAdoption}), kAdoption);
}

TEST(AccountStage, MaxTakesTheMostAdvanced) {
  EXPECT_EQ(StageOf({kNew, kSuccess, kLowUsage}, AccountStagePolicy::kMax), kSuccess);
  EXPECT_EQ(StageOf({kLowUsage, kEarlyAdoption}, AccountStagePolicy::kMax), kEarlyAdoption);
}

TEST(AccountStage, VolumeWeightedTakesTheModuleWithMostStarted) {
  const std::vector<ModuleStanding> modules = {{kSuccess, 10}, {kLowUsage, 90}, {kLost, 500}};
  EXPECT_EQ(AccountStage(modules, AccountStagePolicy::kVolumeWeighted), kLowUsage);
}

TEST(AccountStage, PartialChurnNeedsSomeButNotAll) {
  EXPECT_TRUE(PartialChurn({{kChurn}, {kAdoption}}));
  EXPECT_FALSE(PartialChurn({{kChurn}, {kLost}}));
  EXPECT_FALSE(PartialChurn({{kAdoption}}));
}

TEST(StageGates, GuardEveryEdge) {
  EXPECT_EQ(GateBetween(kNew, kImplementation), Gate::kHandOff);
  EXPECT_EQ(GateBetween(kImplementation, kFriendsAndFamily), Gate::kDelivery);
  EXPECT_EQ(GateBetween(kFriendsAndFamily, kEarlyAdoption), Gate::kHandOff);
  EXPECT_EQ(GateBetween(kEarlyAdoption, kAdoption), Gate::kUsageRule);
  EXPECT_EQ(GateBetween(kLowUsage, kSuccess), Gate::kNone);
  EXPECT_EQ(GateBetween(kEarlyAdoption, kSuccess), Gate::kNone);
  EXPECT_EQ(GateBetween(kAdoption, kChurn), Gate::kNotice);
  EXPECT_EQ(GateBetween(kLost, kNew), Gate::kNone);
  EXPECT_EQ(GateBetween(kNew, kNew), Gate::kNone);
}

TEST(StageNumbers, AreCheckedOnTheWayIn) {
  EXPECT_EQ(StageFromNumber(4), kEarlyAdoption);
  EXPECT_EQ(StageFromNumber(0), std::nullopt);
  EXPECT_EQ(StageFromNumber(10), std::nullopt);
  EXPECT_EQ(StageName(kFriendsAndFamily), "FRIENDS_AND_FAMILY");
}

}  // namespace
}  // namespace vinculo::lifecycle
