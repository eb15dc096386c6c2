#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "services/profiling/domain/compiled_matrix.h"
#include "services/profiling/domain/ranking.h"

namespace vinculo::profiling {

struct Recommended {
  int product = 0;
  int64_t score_micro = 0;
  int match_percent = 0;
  bool fallback = false;
  bool pinned = false;
};

enum class RecommendOutcome { kNone, kOne, kTwo, kFallback };

struct Recommendation {
  RecommendOutcome outcome = RecommendOutcome::kNone;
  std::vector<Recommended> products;  // best first, at most two
  absl::string_view first_over_second;
  absl::string_view second_over_third;
  bool group_relaxed = false;
  bool no_signal = false;
};

// The best two products for these answers, of those in `available`. Integers only, and a total order: pinned first,
// then score, the matrix's tie-breakers, catalogue rank, id. Pure; the same inputs give the same result on any machine.
// `answers` name each question at most once; a question without choices counts as skipped.
Recommendation RecommendBest(const CompiledMatrix& matrix, absl::Span<const MatrixAnswer> answers,
                             const Bits& available);

struct Contribution {
  int question = -1;  // -1: the base score
  std::vector<int> choices;
  int64_t points = 0;
  int64_t score_micro = 0;
};

// What made a product's score, base first, then by question; they sum to the score exactly.
std::vector<Contribution> Contributions(const CompiledMatrix& matrix, absl::Span<const MatrixAnswer> answers,
                                        int product);

struct RuledOut {
  enum class Cause { kAnswer, kRequirement, kMinScore, kUnavailable };
  int product = 0;
  Cause cause = Cause::kAnswer;
  int question = -1;
  int choice = -1;
};

// Every product that is not eligible, by index, each with the first cause in the order of the enum's rules.
std::vector<RuledOut> RuledOutProducts(const CompiledMatrix& matrix, absl::Span<const MatrixAnswer> answers,
                                       const Bits& available);

// A step of scoring, for callers that build totals themselves (path analysis adds one row per answer instead of scoring
// anew).
struct Prepared {
  std::array<int, 3> top;  // product indices in order, -1 where there is none
  Rule first_over_second = Rule::kProductId;
};
Prepared RankPrepared(const CompiledMatrix& matrix, absl::Span<const MatrixAnswer> answers,
                      const std::vector<int64_t>& scores, const Bits& eligible);
bool MeetsRequirement(const CompiledMatrix::Requirement& requirement, absl::Span<const MatrixAnswer> answers);

// "3.5" points as "3.500".
std::string FormatScore(int64_t score_micro);

// The answers and the availability in a fixed form: what the inputs' hash is taken of.
std::string CanonicalInputs(const CompiledMatrix& matrix, absl::Span<const MatrixAnswer> answers,
                            const Bits& available);

}  // namespace vinculo::profiling
