#include "services/profiling/domain/condition.h"

#include <gtest/gtest.h>

#include <limits>

namespace vinculo::profiling {
namespace {

using Op = Condition::Operator;

Condition Trait(Op op, TraitValue value) {
  Condition c;
  c.kind = Condition::Kind::kTrait;
  c.key = "age";
  c.op = op;
  c.values = {std::move(value)};
  return c;
}

bool Check(const Condition& condition, const TraitMap& traits) {
  const std::vector<std::string> town = {"town"};
  const auto answer = [&](absl::string_view id) -> const std::vector<std::string>* {
    return id == "use" ? &town : nullptr;
  };
  return Holds(condition, Facts{answer, traits});
}

TEST(Conditions, MissingValuesSatisfyOnlyNegations) {
  const TraitMap none;
  for (Op op : {Op::kEq, Op::kGt, Op::kGte, Op::kLt, Op::kLte, Op::kIn, Op::kExists})
    EXPECT_FALSE(Check(Trait(op, int64_t{-10}), none));
  for (Op op : {Op::kNe, Op::kNin, Op::kMissing}) EXPECT_TRUE(Check(Trait(op, int64_t{-10}), none));
}

TEST(Conditions, IntegersAndDoublesCompareExactly) {
  const int64_t big = std::numeric_limits<int64_t>::max();
  const TraitMap traits = {{"age", TraitValue(big)}};
  EXPECT_FALSE(Check(Trait(Op::kEq, 9223372036854775807.0), traits));
  EXPECT_TRUE(Check(Trait(Op::kLt, 9223372036854775808.0), traits));
  EXPECT_TRUE(Check(Trait(Op::kGt, 2.5), {{"age", TraitValue(int64_t{3})}}));
  EXPECT_TRUE(Check(Trait(Op::kLt, int64_t{3}), {{"age", TraitValue(2.5)}}));
}

TEST(Conditions, OtherTypesCompareFalse) {
  EXPECT_FALSE(Check(Trait(Op::kEq, std::string("3")), {{"age", TraitValue(int64_t{3})}}));
  EXPECT_FALSE(Check(Trait(Op::kGt, true), {{"age", TraitValue(int64_t{3})}}));
}

TEST(Conditions, TreesAndAnswers) {
  Condition answered;
  answered.kind = Condition::Kind::kAnswered;
  answered.question_id = "use";
  answered.choice_ids = {"family", "town"};
  Condition all, any, negation;
  any.kind = Condition::Kind::kAny;
  negation.kind = Condition::Kind::kNot;
  EXPECT_TRUE(Check(all, {}));
  EXPECT_FALSE(Check(any, {}));
  all.children = {answered};
  negation.children = {answered};
  EXPECT_TRUE(Check(all, {}));
  EXPECT_FALSE(Check(negation, {}));
  answered.question_id = "budget";
  EXPECT_FALSE(Check(answered, {}));
  EXPECT_TRUE(DependsOnAnswersOnly(all));
  all.children.push_back(Trait(Op::kExists, int64_t{0}));
  EXPECT_FALSE(DependsOnAnswersOnly(all));
  EXPECT_EQ(SizeOf(all).nodes, 3);
  EXPECT_EQ(SizeOf(all).depth, 2);
}

}  // namespace
}  // namespace vinculo::profiling
