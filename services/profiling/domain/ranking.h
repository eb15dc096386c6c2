#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "services/profiling/domain/compiled_matrix.h"

namespace vinculo::profiling {

// The rules that can put one product before another, from the strongest.
enum class Rule : uint8_t {
  kPin,
  kScore,
  kQuestionPriority,
  kMorePositive,
  kFewerNegative,
  kProductPriority,
  kPriceAsc,
  kPriceDesc,
  kCatalogueRank,
  kProductId,
  kDistinctGroup,
  kFallback,
};
absl::string_view RuleName(Rule rule);

// Compares products that have equal pins and scores. Holds references: lives no longer than its arguments.
class TieBreak {
 public:
  TieBreak(const CompiledMatrix& matrix, absl::Span<const MatrixAnswer> answers);

  // True when `a` comes before `b`; `rule` receives what decided.
  bool Before(int a, int b, Rule& rule) const;

 private:
  int CompareQuestions(int a, int b) const;
  int CountSigned(int product, bool positive) const;

  const CompiledMatrix& matrix_;
  absl::Span<const MatrixAnswer> answers_;
  std::vector<int> by_weight_;  // indices into answers_, heaviest question first, equal weights by level
};

// Points of one answer for one product: the cell of the choice, or the sum or maximum over several.
inline int64_t AnswerPoints(const CompiledMatrix& matrix, const MatrixAnswer& answer, int product) {
  if (answer.choices.empty()) return 0;
  int64_t total = matrix.Row(answer.choices[0])[product];
  for (size_t i = 1; i < answer.choices.size(); ++i) {
    const int64_t points = matrix.Row(answer.choices[i])[product];
    total = matrix.multi_max() ? std::max(total, points) : total + points;
  }
  return total;
}

}  // namespace vinculo::profiling
