#include "services/profiling/domain/condition.h"

#include <algorithm>
#include <cmath>
#include <compare>
#include <optional>

namespace vinculo::profiling {
namespace {

// Exact: an int64 is never squeezed into a double.
std::optional<std::partial_ordering> CompareIntDouble(int64_t i, double d) {
  if (std::isnan(d)) return std::nullopt;
  if (d >= 9223372036854775808.0) return std::partial_ordering::less;
  if (d < -9223372036854775808.0) return std::partial_ordering::greater;
  const int64_t whole = static_cast<int64_t>(d);
  if (i != whole) return i < whole ? std::partial_ordering::less : std::partial_ordering::greater;
  const double rest = d - static_cast<double>(whole);
  return rest == 0 ? std::partial_ordering::equivalent
                   : (rest > 0 ? std::partial_ordering::less : std::partial_ordering::greater);
}

std::partial_ordering Reverse(std::partial_ordering order) { return 0 <=> order; }

std::optional<std::partial_ordering> Compare(const TraitValue& a, const TraitValue& b) {
  if (std::holds_alternative<int64_t>(a) && std::holds_alternative<double>(b)) {
    return CompareIntDouble(std::get<int64_t>(a), std::get<double>(b));
  }
  if (std::holds_alternative<double>(a) && std::holds_alternative<int64_t>(b)) {
    const auto order = CompareIntDouble(std::get<int64_t>(b), std::get<double>(a));
    if (!order) return std::nullopt;
    return Reverse(*order);
  }
  if (a.index() != b.index()) return std::nullopt;
  if (a == b) return std::partial_ordering::equivalent;
  return a < b ? std::partial_ordering::less : std::partial_ordering::greater;
}

bool Equal(const TraitValue& a, const TraitValue& b) {
  const auto order = Compare(a, b);
  return order && *order == std::partial_ordering::equivalent;
}

bool TraitHolds(const Condition& c, const TraitMap& traits) {
  using Op = Condition::Operator;
  const auto found = traits.find(c.key);
  const bool missing = found == traits.end();
  if (c.op == Op::kExists) return !missing;
  if (c.op == Op::kMissing) return missing;
  const auto among = [&] {
    return std::any_of(c.values.begin(), c.values.end(), [&](const TraitValue& v) { return Equal(found->second, v); });
  };
  if (c.op == Op::kNin) return missing || !among();
  if (c.op == Op::kIn) return !missing && among();
  if (c.values.empty()) return false;
  if (c.op == Op::kNe) return missing || !Equal(found->second, c.values[0]);
  if (missing) return false;
  const auto order = Compare(found->second, c.values[0]);
  if (!order) return false;
  switch (c.op) {
    case Op::kEq:
      return *order == 0;
    case Op::kGt:
      return *order > 0;
    case Op::kGte:
      return *order >= 0;
    case Op::kLt:
      return *order < 0;
    case Op::kLte:
      return *order <= 0;
    default:
      return false;
  }
}

bool AnsweredHolds(const Condition& c, const Facts& facts) {
  const std::vector<std::string>* chosen = facts.answer(c.question_id);
  if (chosen == nullptr || chosen->empty()) return false;
  if (c.choice_ids.empty()) return true;
  return std::any_of(chosen->begin(), chosen->end(), [&](const std::string& id) {
    return std::find(c.choice_ids.begin(), c.choice_ids.end(), id) != c.choice_ids.end();
  });
}

}  // namespace

bool Holds(const Condition& condition, const Facts& facts) {
  const auto holds = [&](const Condition& child) { return Holds(child, facts); };
  switch (condition.kind) {
    case Condition::Kind::kAll:
      return std::all_of(condition.children.begin(), condition.children.end(), holds);
    case Condition::Kind::kAny:
      return std::any_of(condition.children.begin(), condition.children.end(), holds);
    case Condition::Kind::kNot:
      return condition.children.empty() || !holds(condition.children[0]);
    case Condition::Kind::kAnswered:
      return AnsweredHolds(condition, facts);
    case Condition::Kind::kTrait:
      return TraitHolds(condition, facts.traits);
  }
  return false;
}

bool DependsOnAnswersOnly(const Condition& condition) {
  return condition.kind != Condition::Kind::kTrait &&
         std::all_of(condition.children.begin(), condition.children.end(), DependsOnAnswersOnly);
}

ConditionSize SizeOf(const Condition& condition) {
  ConditionSize size{1, 0};
  for (const Condition& child : condition.children) {
    const ConditionSize inner = SizeOf(child);
    size.nodes += inner.nodes;
    size.depth = std::max(size.depth, inner.depth);
  }
  ++size.depth;
  return size;
}

}  // namespace vinculo::profiling
