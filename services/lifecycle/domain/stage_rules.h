#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/types/span.h"
#include "services/lifecycle/domain/stage.h"
#include "services/lifecycle/domain/usage.h"

namespace vinculo::lifecycle {

// The numbers behind the stage rules; percentages are whole.
struct StageRules {
  int64_t version = 1;  // named by every stage event that used them
  int64_t adopt_enter = 70;
  int adopt_weeks = 4;
  int64_t success_enter = 70;
  int success_weeks = 16;  // a multiple of 4: regular use is judged by blocks of 4
  int success_min_active_weeks = 12;
  int success_exit_confirm = 2;
  int64_t low_enter = 40;
  int low_enter_confirm = 1;
  int low_weeks = 4;
  int64_t low_exit = 45;
  int low_exit_confirm = 2;
  bool low_zero_volume = true;
  int early_grace_weeks = 4;
  int64_t min_volume = 1;
  int maturity_lag_days = 0;

  // How many weeks an evaluation looks at.
  int window_weeks() const;
};

// What one evaluation leaves for the next.
struct EvaluationMemory {
  std::optional<absl::CivilDay> evaluated_week;  // Monday of the last week that was evaluated
  bool was_low = false;                          // has been in LOW_USAGE
  int adoption_results = 0;                      // evaluations in a row, up to the last, that ended in ADOPTION
  int success_misses = 0;                        // in SUCCESS: evaluations in a row with R16 at or below the entry
  int low_hits = 0;                              // evaluations in a row with R4 below the LOW_USAGE entry
  int low_holds = 0;                             // in LOW_USAGE: evaluations in a row with R4 at or above that entry
  bool below_adoption_threshold = false;         // in ADOPTION with R4 not above the entry

  friend bool operator==(const EvaluationMemory&, const EvaluationMemory&) = default;
};

// Everything that a decision depends on: the same input gives the same output.
struct EvaluationInput {
  Stage stage = Stage::kUnspecified;
  std::vector<UsageCounts> weeks;     // window_weeks() of them, oldest first, up to the evaluated week
  std::optional<int64_t> weeks_live;  // whole weeks after go-live up to the evaluated one; unset before go-live
  int64_t weeks_in_stage = 0;         // whole weeks since the stage was entered
  bool suppressed = false;
  EvaluationMemory memory;
};

// Names of what a rule decided; the API's `reason`.
inline constexpr char kReasonAdopted[] = "R4_ABOVE_ENTER";
inline constexpr char kReasonSucceeded[] = "R16_ABOVE_ENTER_REGULAR";
inline constexpr char kReasonSuccessLost[] = "R16_NOT_ABOVE_ENTER";
inline constexpr char kReasonLow[] = "R4_BELOW_LOW";
inline constexpr char kReasonNoVolume[] = "NO_VOLUME";
inline constexpr char kReasonRecovered[] = "R4_RECOVERED";
inline constexpr char kReasonStays[] = "STAYS";
inline constexpr char kReasonBelowAdoption[] = "BELOW_ADOPTION_THRESHOLD";
inline constexpr char kReasonSuppressed[] = "SUPPRESSED";
inline constexpr char kReasonNotRuled[] = "NOT_UNDER_USAGE_RULES";
inline constexpr char kReasonInsufficient[] = "INSUFFICIENT";
inline constexpr char kReasonAlreadyEvaluated[] = "ALREADY_EVALUATED";

// The numbers that a decision looked at.
struct StageEvidence {
  absl::CivilDay last_week;  // Monday
  Ratio r4;
  Ratio r16;
  int active_weeks = 0;
  std::optional<int64_t> weeks_live;
  std::vector<UsageCounts> weeks;  // oldest first

  absl::CivilDay first_week() const { return last_week - 7 * (static_cast<int64_t>(weeks.size()) - 1); }
};

// The outcome for one module: at most one move.
struct Evaluation {
  Stage to = Stage::kUnspecified;
  std::string reason;
  EvaluationMemory memory;  // without evaluated_week, which the caller knows
  StageEvidence evidence;   // without last_week, likewise
};

// Applies the rules [L-24] to [L-38] once. LOW_USAGE goes before SUCCESS, SUCCESS before ADOPTION. Without usable
// volume a module keeps its stage, except that four silent weeks are low usage.
Evaluation EvaluateStage(const EvaluationInput& input, const StageRules& rules);

// What is remembered after a move that a person made.
EvaluationMemory MemoryAfterMove(const EvaluationMemory& before, Stage to);

// Evidence as one line of text for the store, and back; nullopt for text that was not written by EncodeEvidence.
std::string EncodeEvidence(const StageEvidence& evidence);
std::optional<StageEvidence> DecodeEvidence(absl::string_view text);

}  // namespace vinculo::lifecycle
