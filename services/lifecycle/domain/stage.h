#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace vinculo::lifecycle {

// Where a client stands with one module. The numbers are stored and equal those of the API.
enum class Stage : int {
  kUnspecified = 0,
  kNew = 1,
  kImplementation = 2,
  kFriendsAndFamily = 3,
  kEarlyAdoption = 4,
  kAdoption = 5,
  kSuccess = 6,
  kLowUsage = 7,
  kChurn = 8,
  kLost = 9,
};

// "EARLY_ADOPTION"; "UNSPECIFIED" for kUnspecified.
absl::string_view StageName(Stage stage);
// The stage stored as this number; nullopt for any other, 0 included.
std::optional<Stage> StageFromNumber(int64_t number);

// What stands between a stage and another one.
enum class Gate {
  kNone,       // no such edge
  kHandOff,    // an approved hand-off that covers the module
  kDelivery,   // operations marks the delivery, which is an act of its own
  kUsageRule,  // the stage rules decide
  kNotice,     // a notice by the client, its withdrawal or the loss: acts of their own
};
Gate GateBetween(Stage from, Stage to);

// True for the stages that the usage rules move: EARLY_ADOPTION, ADOPTION, SUCCESS, LOW_USAGE.
bool UnderUsageRules(Stage stage);

// How an account's stage follows from those of its modules.
enum class AccountStagePolicy { kMin, kMax, kVolumeWeighted };

// A module as the account's stage sees it.
struct ModuleStanding {
  Stage stage = Stage::kUnspecified;
  int64_t started_16_weeks = 0;  // only for kVolumeWeighted; the first of the largest wins
};

// The stage of an account from the modules of its open engagement [L-56]: all LOST is LOST; a notice for the whole
// account, or every module that is not LOST in CHURN, is CHURN; otherwise the policy over the others, where with kMin
// one LOW_USAGE is enough for LOW_USAGE. kUnspecified without modules.
Stage AccountStage(absl::Span<const ModuleStanding> modules, AccountStagePolicy policy, bool account_notice = false);
// Some but not all of the modules are CHURN or LOST [L-57].
bool PartialChurn(absl::Span<const ModuleStanding> modules);

}  // namespace vinculo::lifecycle
