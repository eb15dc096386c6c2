#include "services/lifecycle/domain/stage.h"

#include <algorithm>

namespace vinculo::lifecycle {
namespace {

bool Gone(const ModuleStanding& m) { return m.stage == Stage::kChurn || m.stage == Stage::kLost; }

// NEW < ... < SUCCESS as in the enum; LOW_USAGE stands below EARLY_ADOPTION where no rule makes it dominant.
int Rank(Stage stage) {
  return stage == Stage::kLowUsage ? 2 * static_cast<int>(Stage::kEarlyAdoption) - 1 : 2 * static_cast<int>(stage);
}

}  // namespace

absl::string_view StageName(Stage stage) {
  switch (stage) {
    case Stage::kUnspecified:
      return "UNSPECIFIED";
    case Stage::kNew:
      return "NEW";
    case Stage::kImplementation:
      return "IMPLEMENTATION";
    case Stage::kFriendsAndFamily:
      return "FRIENDS_AND_FAMILY";
    case Stage::kEarlyAdoption:
      return "EARLY_ADOPTION";
    case Stage::kAdoption:
      return "ADOPTION";
    case Stage::kSuccess:
      return "SUCCESS";
    case Stage::kLowUsage:
      return "LOW_USAGE";
    case Stage::kChurn:
      return "CHURN";
    case Stage::kLost:
      return "LOST";
  }
  return "UNSPECIFIED";
}

std::optional<Stage> StageFromNumber(int64_t number) {
  if (number < static_cast<int>(Stage::kNew) || number > static_cast<int>(Stage::kLost)) return std::nullopt;
  return static_cast<Stage>(number);
}

bool UnderUsageRules(Stage stage) {
  return stage == Stage::kEarlyAdoption || stage == Stage::kAdoption || stage == Stage::kSuccess ||
         stage == Stage::kLowUsage;
}

Gate GateBetween(Stage from, Stage to) {
  if (from == Stage::kLost || from == to) return Gate::kNone;
  if (to == Stage::kChurn || to == Stage::kLost || from == Stage::kChurn) return Gate::kNotice;
  switch (from) {
    case Stage::kNew:
      return to == Stage::kImplementation ? Gate::kHandOff : Gate::kNone;
    case Stage::kImplementation:
      return to == Stage::kFriendsAndFamily ? Gate::kDelivery : Gate::kNone;
    case Stage::kFriendsAndFamily:
      return to == Stage::kEarlyAdoption ? Gate::kHandOff : Gate::kNone;
    case Stage::kEarlyAdoption:
      return to == Stage::kAdoption || to == Stage::kLowUsage ? Gate::kUsageRule : Gate::kNone;
    case Stage::kAdoption:
      return to == Stage::kSuccess || to == Stage::kLowUsage ? Gate::kUsageRule : Gate::kNone;
    case Stage::kSuccess:
      return to == Stage::kAdoption || to == Stage::kLowUsage ? Gate::kUsageRule : Gate::kNone;
    case Stage::kLowUsage:
      return to == Stage::kAdoption || to == Stage::kEarlyAdoption ? Gate::kUsageRule : Gate::kNone;
    default:
      return Gate::kNone;
  }
}

Stage AccountStage(absl::Span<const ModuleStanding> modules, AccountStagePolicy policy, bool account_notice) {
  if (modules.empty()) return Stage::kUnspecified;
  if (std::all_of(modules.begin(), modules.end(), [](const auto& m) { return m.stage == Stage::kLost; }))
    return Stage::kLost;
  if (account_notice || std::all_of(modules.begin(), modules.end(), Gone)) return Stage::kChurn;
  const ModuleStanding* chosen = nullptr;
  for (const ModuleStanding& m : modules) {
    if (Gone(m)) continue;
    if (policy == AccountStagePolicy::kMin && m.stage == Stage::kLowUsage) return Stage::kLowUsage;
    const bool better =
        chosen == nullptr || (policy == AccountStagePolicy::kMin   ? Rank(m.stage) < Rank(chosen->stage)
                              : policy == AccountStagePolicy::kMax ? Rank(m.stage) > Rank(chosen->stage)
                                                                   : m.started_16_weeks > chosen->started_16_weeks);
    if (better) chosen = &m;
  }
  return chosen->stage;
}

bool PartialChurn(absl::Span<const ModuleStanding> modules) {
  const auto gone = std::count_if(modules.begin(), modules.end(), Gone);
  return gone > 0 && gone < static_cast<int64_t>(modules.size());
}

}  // namespace vinculo::lifecycle
