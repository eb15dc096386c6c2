#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/id/uuid.h"
#include "common/status/error.h"
#include "services/lifecycle/domain/usage.h"

namespace vinculo::lifecycle {

// The tier of a client about whom there is no data; never a band's name.
inline constexpr char kNoDataTier[] = "NO_DATA";

// A tier: scores from `lower`, inclusive, up to the next band's, exclusive; the last includes 100.
struct Band {
  std::string tier;
  double lower = 0;

  friend bool operator==(const Band&, const Band&) = default;
};

// How scores become tiers [L-67] [L-69]. Snapshots name the version that they were made with.
struct HealthModel {
  int64_t version = 1;
  std::vector<Band> bands = {{"Churn Risk", 0}, {"Needs Attention", 35}, {"Top Performer", 70}};
  double margin = 2;  // points beyond a cut that pass it at once
};

// Bands must begin at 0, rise, end below 100 and have distinct names; else a violation (reason BANDS_DO_NOT_TILE is the
// caller's).
void CheckModel(const HealthModel& model, FieldViolations& bad);

// One module's part in a score.
struct ModuleTerm {
  Uuid module_instance_id;
  std::string module_key;
  UsageCounts counts;  // as summed; completed may exceed started where a source delivers totals

  Ratio ratio() const { return MakeRatio(counts); }
  friend bool operator==(const ModuleTerm&, const ModuleTerm&) = default;
};

// 100 * completed / started over all terms with volume, from counts and not rounded [L-61]; unset without any volume
// [L-64].
struct WeightedScore {
  int64_t completed = 0;
  int64_t started = 0;
  std::optional<double> exact() const;
  // The same with 2 decimals, as presented.
  std::optional<double> presented() const;
};
WeightedScore ScoreOf(absl::Span<const ModuleTerm> terms);

// What hysteresis needs of the snapshot of the date before.
struct TierMemory {
  std::string tier;
  std::optional<double> score;
};

// The band of a score, decided on the unrounded value [L-68]; kNoDataTier when unset.
std::string RawTier(std::optional<double> score, const HealthModel& model);
// The tier after hysteresis: from the tier before, each cut on the way to the raw tier is passed only if the score is
// beyond it by the margin, or is beyond it as the score before was [L-69]. Without a snapshot before, or after NO_DATA,
// it is the raw tier.
std::string TierAfter(std::optional<double> score, const std::optional<TierMemory>& before, const HealthModel& model);

// One term taken apart [L-66].
struct ExplainedTerm {
  ModuleTerm term;
  double weight = 0;            // share in everything that was started
  std::optional<double> ratio;  // percent, not rounded
  double contribution = 0;      // points
};
// By module key. The contributions add up to the score within 1e-9.
std::vector<ExplainedTerm> Explain(absl::Span<const ModuleTerm> terms);

// A client's health on one date. Immutable once written.
struct HealthSnapshot {
  std::string customer_id;
  absl::CivilDay as_of;
  int64_t revision = 1;
  absl::CivilDay window_first;
  WeightedScore score;
  std::string raw_tier;
  std::string tier;
  absl::CivilDay tier_since;
  std::vector<ModuleTerm> terms;  // by module key
  int64_t model_version = 1;
  absl::Time computed_at;

  int64_t days_in_tier() const { return as_of - tier_since; }
  // Everything but revision and computed_at.
  bool SameResult(const HealthSnapshot& other) const;
};

// Makes the snapshot of a date from the client's terms and the newest snapshot of an earlier date.
HealthSnapshot MakeSnapshot(std::string customer_id, absl::CivilDay as_of, std::vector<ModuleTerm> terms,
                            const std::optional<HealthSnapshot>& before, const HealthModel& model, absl::Time now);

// The score of one earlier date.
struct ScorePoint {
  absl::CivilDay as_of;
  std::optional<double> score;
};

// A score against the nearest snapshot that is at least `days_before` days older [L-71].
struct HealthDelta {
  int days_before = 0;
  std::optional<absl::CivilDay> as_of;
  std::optional<double> previous;
  std::optional<double> change;
};
inline constexpr int kDeltaDays[] = {7, 28, 91};
// `history` holds one point per date, newest first, the present one included.
std::vector<HealthDelta> DeltasOf(absl::Span<const ScorePoint> history);
// Least squares in points per week over the newest score of each of the last 8 ISO weeks up to that of the newest
// point; unset with fewer than two.
std::optional<double> SlopePerWeek(absl::Span<const ScorePoint> history);

// The order of lists: lowest score first, no data last. Millionths of a point.
int64_t SortKey(std::optional<double> score);

// Terms as text for the store, and back; nullopt for text that EncodeTerms did not write.
std::string EncodeTerms(absl::Span<const ModuleTerm> terms);
std::optional<std::vector<ModuleTerm>> DecodeTerms(absl::string_view text);

}  // namespace vinculo::lifecycle
