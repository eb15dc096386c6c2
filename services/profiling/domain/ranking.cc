#include "services/profiling/domain/ranking.h"

#include <algorithm>

namespace vinculo::profiling {

absl::string_view RuleName(Rule rule) {
  switch (rule) {
    case Rule::kPin:
      return "pin";
    case Rule::kScore:
      return "score";
    case Rule::kQuestionPriority:
      return "question_priority";
    case Rule::kMorePositive:
      return "more_positive_questions";
    case Rule::kFewerNegative:
      return "fewer_negative_questions";
    case Rule::kProductPriority:
      return "product_priority";
    case Rule::kPriceAsc:
      return "price_asc";
    case Rule::kPriceDesc:
      return "price_desc";
    case Rule::kCatalogueRank:
      return "catalogue_rank";
    case Rule::kProductId:
      return "product_id";
    case Rule::kDistinctGroup:
      return "distinct_group";
    case Rule::kFallback:
      return "fallback";
  }
  return "";
}

TieBreak::TieBreak(const CompiledMatrix& matrix, absl::Span<const MatrixAnswer> answers)
    : matrix_(matrix), answers_(answers) {
  for (size_t i = 0; i < answers.size(); ++i) by_weight_.push_back(static_cast<int>(i));
  std::stable_sort(by_weight_.begin(), by_weight_.end(), [&](int a, int b) {
    const int64_t x = int64_t{matrix.questions()[answers[a].question].weight_milli} * answers[a].weight_milli;
    const int64_t y = int64_t{matrix.questions()[answers[b].question].weight_milli} * answers[b].weight_milli;
    return x != y ? x > y : answers[a].question < answers[b].question;
  });
}

int TieBreak::CompareQuestions(int a, int b) const {
  for (int i : by_weight_) {
    const int64_t x = AnswerPoints(matrix_, answers_[i], a);
    const int64_t y = AnswerPoints(matrix_, answers_[i], b);
    if (x != y) return x > y ? 1 : -1;
  }
  return 0;
}

int TieBreak::CountSigned(int product, bool positive) const {
  return static_cast<int>(std::count_if(answers_.begin(), answers_.end(), [&](const MatrixAnswer& answer) {
    const int64_t points = AnswerPoints(matrix_, answer, product);
    return positive ? points > 0 : points < 0;
  }));
}

namespace {

// 1 when `a` comes first by price, -1 when `b`, 0 when equal; no price is last either way.
int ComparePrices(const Product& a, const Product& b, bool ascending) {
  if (!a.price_minor || !b.price_minor) return a.price_minor.has_value() - b.price_minor.has_value();
  if (*a.price_minor == *b.price_minor) return 0;
  return (*a.price_minor < *b.price_minor) == ascending ? 1 : -1;
}

}  // namespace

bool TieBreak::Before(int a, int b, Rule& rule) const {
  const Product& x = matrix_.products()[a];
  const Product& y = matrix_.products()[b];
  for (TieBreaker breaker : matrix_.tie_breakers()) {
    int order = 0;
    switch (breaker) {
      case TieBreaker::kQuestionPriority:
        rule = Rule::kQuestionPriority;
        order = CompareQuestions(a, b);
        break;
      case TieBreaker::kMorePositiveQuestions:
        rule = Rule::kMorePositive;
        order = CountSigned(a, true) - CountSigned(b, true);
        break;
      case TieBreaker::kFewerNegativeQuestions:
        rule = Rule::kFewerNegative;
        order = CountSigned(b, false) - CountSigned(a, false);
        break;
      case TieBreaker::kProductPriority:
        rule = Rule::kProductPriority;
        order = x.priority == y.priority ? 0 : (x.priority > y.priority ? 1 : -1);
        break;
      case TieBreaker::kPriceAsc:
        rule = Rule::kPriceAsc;
        order = ComparePrices(x, y, true);
        break;
      case TieBreaker::kPriceDesc:
        rule = Rule::kPriceDesc;
        order = ComparePrices(x, y, false);
        break;
    }
    if (order != 0) return order > 0;
  }
  if (x.catalogue_rank != y.catalogue_rank) {
    rule = Rule::kCatalogueRank;
    return x.catalogue_rank < y.catalogue_rank;
  }
  rule = Rule::kProductId;
  return a < b;
}

}  // namespace vinculo::profiling
