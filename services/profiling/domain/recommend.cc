#include "services/profiling/domain/recommend.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace vinculo::profiling {
namespace {

constexpr int64_t kMicro = 1'000'000;
constexpr int kMaxShown = 2;

int64_t Factor(const CompiledMatrix& matrix, const MatrixAnswer& answer) {
  return int64_t{matrix.questions()[answer.question].weight_milli} * answer.weight_milli;
}

void AddScaled(const int32_t* row, int64_t factor, std::vector<int64_t>& totals) {
  const size_t n = totals.size();
  int64_t* out = totals.data();
  for (size_t p = 0; p < n; ++p) out[p] += factor * row[p];
}

std::vector<int64_t> BaseTotals(const CompiledMatrix& matrix) {
  std::vector<int64_t> totals(matrix.products().size());
  for (size_t p = 0; p < totals.size(); ++p) totals[p] = matrix.base(static_cast<int>(p)) * kMicro;
  return totals;
}

std::vector<int64_t> Scores(const CompiledMatrix& matrix, absl::Span<const MatrixAnswer> answers) {
  std::vector<int64_t> totals = BaseTotals(matrix);
  for (const MatrixAnswer& answer : answers) {
    if (answer.choices.empty()) continue;
    const int64_t factor = Factor(matrix, answer);
    if (answer.choices.size() == 1 || !matrix.multi_max()) {
      for (int choice : answer.choices) AddScaled(matrix.Row(choice), factor, totals);
      continue;
    }
    for (size_t p = 0; p < totals.size(); ++p) totals[p] += factor * AnswerPoints(matrix, answer, static_cast<int>(p));
  }
  return totals;
}

// Products that no answer rules out, whatever their score and availability.
Bits NotRuledOut(const CompiledMatrix& matrix, absl::Span<const MatrixAnswer> answers, Bits bits) {
  for (const MatrixAnswer& answer : answers) {
    for (int choice : answer.choices) {
      if (matrix.choices()[choice].has_disqualify) bits.AndNot(matrix.choices()[choice].disqualify);
    }
  }
  for (const CompiledMatrix::Requirement& requirement : matrix.requirements()) {
    if (!MeetsRequirement(requirement, answers)) bits.AndNot(requirement.products);
  }
  return bits;
}

// The order of section "total order" over scored products.
class Order {
 public:
  Order(const CompiledMatrix& matrix, absl::Span<const MatrixAnswer> answers, const std::vector<int64_t>& scores)
      : scores_(scores), ties_(matrix, answers) {
    for (const MatrixAnswer& answer : answers) {
      for (int choice : answer.choices) {
        if (!matrix.choices()[choice].has_pin) continue;
        if (!any_pin_) pins_ = Bits(matrix.products().size());
        pins_.Or(matrix.choices()[choice].pin);
        any_pin_ = true;
      }
    }
  }
  bool Pinned(int product) const { return any_pin_ && pins_.Test(product); }
  bool Before(int a, int b, Rule& rule) const {
    if (any_pin_ && pins_.Test(a) != pins_.Test(b)) {
      rule = Rule::kPin;
      return pins_.Test(a);
    }
    if (scores_[a] != scores_[b]) {
      rule = Rule::kScore;
      return scores_[a] > scores_[b];
    }
    return ties_.Before(a, b, rule);
  }

 private:
  const std::vector<int64_t>& scores_;
  TieBreak ties_;
  Bits pins_;
  bool any_pin_ = false;
};

template <class Visit>
void ForEach(const Bits& bits, Visit&& visit) {
  const auto words = bits.words();
  for (size_t w = 0; w < words.size(); ++w) {
    for (uint64_t word = words[w]; word != 0; word &= word - 1) {
      visit(static_cast<int>(w * 64 + std::countr_zero(word)));
    }
  }
}

// The first three in order, in one pass; -1 where there is none.
std::array<int, 3> TopThree(const Bits& eligible, const Order& order) {
  std::array<int, 3> top = {-1, -1, -1};
  Rule rule;
  ForEach(eligible, [&](int p) {
    if (top[2] >= 0 && !order.Before(p, top[2], rule)) return;
    top[2] = p;
    if (top[1] < 0 || order.Before(top[2], top[1], rule)) std::swap(top[1], top[2]);
    if (top[0] < 0 || order.Before(top[1], top[0], rule)) std::swap(top[0], top[1]);
  });
  return top;
}

// With distinct groups the second is the best of another group than the first; returns whether none was left.
bool SpreadGroups(const CompiledMatrix& matrix, const Bits& eligible, const Order& order, std::array<int, 3>& top) {
  if (top[1] < 0 || matrix.group(top[0]) < 0 || matrix.group(top[0]) != matrix.group(top[1])) return false;
  int other = -1;
  Rule rule;
  ForEach(eligible, [&](int p) {
    if (p == top[0] || matrix.group(p) == matrix.group(top[0])) return;
    if (other < 0 || order.Before(p, other, rule)) other = p;
  });
  if (other < 0) return true;
  top[2] = top[1];
  top[1] = other;
  return false;
}

// Lowest and highest totals that any product could reach on the answered questions.
std::pair<int64_t, int64_t> Range(const CompiledMatrix& matrix, absl::Span<const MatrixAnswer> answers) {
  std::vector<int64_t> high = BaseTotals(matrix);
  std::vector<int64_t> low = high;
  for (const MatrixAnswer& answer : answers) {
    if (answer.choices.empty()) continue;
    AddScaled(matrix.BestRow(answer.question), Factor(matrix, answer), high);
    AddScaled(matrix.WorstRow(answer.question), Factor(matrix, answer), low);
  }
  return {*std::min_element(low.begin(), low.end()), *std::max_element(high.begin(), high.end())};
}

absl::string_view NameOfRule(const Order& order, int a, int b) {
  Rule rule = Rule::kProductId;
  return order.Before(a, b, rule) ? RuleName(rule) : RuleName(Rule::kDistinctGroup);
}

void AddFallback(const CompiledMatrix& matrix, const Bits& allowed, Recommendation& out) {
  for (int p : matrix.fallback()) {
    if (static_cast<int>(out.products.size()) >= kMaxShown) return;
    const bool shown =
        std::any_of(out.products.begin(), out.products.end(), [p](const Recommended& r) { return r.product == p; });
    if (!shown && allowed.Test(p)) out.products.push_back({p, 0, 0, true, false});
  }
}

}  // namespace

Prepared RankPrepared(const CompiledMatrix& matrix, absl::Span<const MatrixAnswer> answers,
                      const std::vector<int64_t>& scores, const Bits& eligible) {
  const Order order(matrix, answers, scores);
  Prepared out{TopThree(eligible, order)};
  if (out.top[1] < 0) return out;
  if (matrix.distinct_group()) SpreadGroups(matrix, eligible, order, out.top);
  if (!order.Before(out.top[0], out.top[1], out.first_over_second)) out.first_over_second = Rule::kDistinctGroup;
  return out;
}

bool MeetsRequirement(const CompiledMatrix::Requirement& requirement, absl::Span<const MatrixAnswer> answers) {
  return std::all_of(requirement.all_of.begin(), requirement.all_of.end(), [&](const auto& need) {
    return std::any_of(answers.begin(), answers.end(), [&](const MatrixAnswer& answer) {
      return answer.question == need.first &&
             std::any_of(answer.choices.begin(), answer.choices.end(), [&](int choice) {
               return std::find(need.second.begin(), need.second.end(), choice) != need.second.end();
             });
    });
  });
}

Recommendation RecommendBest(const CompiledMatrix& matrix, absl::Span<const MatrixAnswer> answers,
                             const Bits& available) {
  Recommendation out;
  out.no_signal = std::all_of(answers.begin(), answers.end(), [](const MatrixAnswer& a) { return a.choices.empty(); });
  if (matrix.products().empty()) return out;
  const std::vector<int64_t> scores = Scores(matrix, answers);
  const Bits allowed = NotRuledOut(matrix, answers, available);
  Bits eligible = allowed;
  if (const auto least = matrix.min_score_micro()) {
    ForEach(allowed, [&](int p) {
      if (scores[p] < *least) eligible.Clear(p);
    });
  }
  const Order order(matrix, answers, scores);
  std::array<int, 3> top = TopThree(eligible, order);
  if (top[0] < 0) {
    AddFallback(matrix, allowed, out);
    out.outcome = out.products.empty() ? RecommendOutcome::kNone : RecommendOutcome::kFallback;
    return out;
  }
  if (matrix.distinct_group()) out.group_relaxed = SpreadGroups(matrix, eligible, order, top);
  const auto [low, high] = Range(matrix, answers);
  for (int i = 0; i < kMaxShown && top[i] >= 0; ++i) {
    const int64_t score = scores[top[i]];
    const int percent =
        high == low ? 0 : static_cast<int>(100 * std::clamp<int64_t>(score - low, 0, high - low) / (high - low));
    out.products.push_back({top[i], score, percent, false, order.Pinned(top[i])});
  }
  if (top[1] >= 0) out.first_over_second = NameOfRule(order, top[0], top[1]);
  if (top[1] >= 0 && top[2] >= 0) out.second_over_third = NameOfRule(order, top[1], top[2]);
  if (top[1] < 0 && matrix.fill_second_with_fallback()) {
    AddFallback(matrix, allowed, out);
    if (out.products.size() == 2) out.first_over_second = RuleName(Rule::kFallback);
  }
  out.outcome = out.products.size() == 2 ? RecommendOutcome::kTwo : RecommendOutcome::kOne;
  return out;
}

std::vector<Contribution> Contributions(const CompiledMatrix& matrix, absl::Span<const MatrixAnswer> answers,
                                        int product) {
  std::vector<Contribution> out;
  out.push_back({-1, {}, matrix.base(product), matrix.base(product) * kMicro});
  for (const MatrixAnswer& answer : answers) {
    if (answer.choices.empty()) continue;
    const int64_t points = AnswerPoints(matrix, answer, product);
    out.push_back({answer.question, answer.choices, points, Factor(matrix, answer) * points});
  }
  return out;
}

std::vector<RuledOut> RuledOutProducts(const CompiledMatrix& matrix, absl::Span<const MatrixAnswer> answers,
                                       const Bits& available) {
  const std::vector<int64_t> scores = Scores(matrix, answers);
  std::vector<RuledOut> out;
  for (int p = 0; p < static_cast<int>(matrix.products().size()); ++p) {
    std::optional<RuledOut> found;
    for (const MatrixAnswer& answer : answers) {
      for (int choice : answer.choices) {
        if (!found && matrix.choices()[choice].disqualify.Test(p)) {
          found = RuledOut{p, RuledOut::Cause::kAnswer, answer.question, choice};
        }
      }
    }
    for (const CompiledMatrix::Requirement& requirement : matrix.requirements()) {
      if (!found && requirement.products.Test(p) && !MeetsRequirement(requirement, answers)) {
        found = RuledOut{p, RuledOut::Cause::kRequirement,
                         requirement.all_of.empty() ? -1 : requirement.all_of[0].first, -1};
      }
    }
    if (!found && !available.Test(p)) found = RuledOut{p, RuledOut::Cause::kUnavailable};
    if (!found && matrix.min_score_micro() && scores[p] < *matrix.min_score_micro()) {
      found = RuledOut{p, RuledOut::Cause::kMinScore};
    }
    if (found) out.push_back(*found);
  }
  return out;
}

std::string FormatScore(int64_t score_micro) {
  const int64_t milli = score_micro / 1000;  // toward zero: three decimals, cut
  const int64_t magnitude = milli < 0 ? -milli : milli;
  return absl::StrFormat("%s%d.%03d", milli < 0 ? "-" : "", magnitude / 1000, magnitude % 1000);
}

std::string CanonicalInputs(const CompiledMatrix& matrix, absl::Span<const MatrixAnswer> answers,
                            const Bits& available) {
  std::vector<const MatrixAnswer*> sorted;
  for (const MatrixAnswer& answer : answers) sorted.push_back(&answer);
  std::sort(sorted.begin(), sorted.end(), [](auto* a, auto* b) { return a->question < b->question; });
  std::string out = "i1";
  for (const MatrixAnswer* answer : sorted) {
    absl::StrAppend(&out, ";", matrix.questions()[answer->question].id, "*", answer->weight_milli);
    for (int choice : answer->choices) absl::StrAppend(&out, ",", matrix.choices()[choice].id);
  }
  out += ";";
  for (uint64_t word : available.words()) absl::StrAppend(&out, absl::Hex(word), ".");
  return out;
}

}  // namespace vinculo::profiling
