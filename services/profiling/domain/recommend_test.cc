#include "services/profiling/domain/recommend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "services/profiling/domain/testing_flow.h"

namespace vinculo::profiling {
namespace {

using ::testing::ElementsAre;
using testing::MakeProduct;
using testing::Points;

std::shared_ptr<const CompiledMatrix> Compile(const Matrix& matrix, const std::vector<Product>& products) {
  LintFindings findings;
  return CompiledMatrix::Compile(matrix, products, nullptr, findings);
}

MatrixAnswer Answer(const CompiledMatrix& matrix, absl::string_view question, std::vector<std::string> choices,
                    int weight = 1000) {
  MatrixAnswer answer{*matrix.FindQuestion(question), {}, weight};
  for (const std::string& id : choices) answer.choices.push_back(*matrix.FindChoice(answer.question, id));
  return answer;
}

std::vector<std::string> Ids(const CompiledMatrix& matrix, const Recommendation& best) {
  std::vector<std::string> out;
  for (const Recommended& item : best.products) out.push_back(matrix.products()[item.product].product_id);
  return out;
}

Matrix WithCell(std::string choice, std::string product, Effect effect) {
  Matrix matrix = testing::CarMatrix();
  std::erase_if(matrix.cells, [&](const Cell& c) { return c.choice_id == choice && c.product_id == product; });
  matrix.cells.push_back({"use", std::move(choice), std::move(product), effect, {}});
  return matrix;
}

TEST(Recommend, AddsPointsInIntegers) {
  const auto matrix = Compile(testing::CarMatrix(), testing::Cars());
  const std::vector<MatrixAnswer> answers = {Answer(*matrix, "use", {"town"}),
                                             Answer(*matrix, "budget", {"low"}, 2000)};
  const Recommendation best = RecommendBest(*matrix, answers, Availability(*matrix).At(absl::Now()));
  EXPECT_EQ(best.outcome, RecommendOutcome::kTwo);
  EXPECT_THAT(Ids(*matrix, best), ElementsAre("city", "sedan"));
  EXPECT_EQ(best.products[0].score_micro, 7'000'000);  // 3 * 1 + 2 * 2
  EXPECT_EQ(best.first_over_second, "score");
  EXPECT_EQ(best.products[0].match_percent, 100);
  EXPECT_EQ(best.products[1].match_percent, 100 * 3 / 7);
  int64_t sum = 0;
  for (const Contribution& part : Contributions(*matrix, answers, best.products[0].product)) sum += part.score_micro;
  EXPECT_EQ(sum, best.products[0].score_micro);
}

TEST(Recommend, DisqualifiedNeverWinsAndPinnedComesFirst) {
  const auto out = Compile(WithCell("town", "city", {Effect::Kind::kDisqualify, 0}), testing::Cars());
  const std::vector<MatrixAnswer> town = {Answer(*out, "use", {"town"}), Answer(*out, "budget", {"low"})};
  EXPECT_THAT(Ids(*out, RecommendBest(*out, town, Availability(*out).At(absl::Now()))), ElementsAre("sedan", "suv"));
  const auto pinned = Compile(WithCell("town", "truck", {Effect::Kind::kPin, 0}), testing::Cars());
  const Recommendation best = RecommendBest(*pinned, town, Availability(*pinned).At(absl::Now()));
  EXPECT_THAT(Ids(*pinned, best), ElementsAre("truck", "city"));
  EXPECT_EQ(best.first_over_second, "pin");
  EXPECT_TRUE(best.products[0].pinned);
}

TEST(Recommend, TiesAreBrokenInATotalOrder) {
  Matrix matrix = testing::CarMatrix();
  matrix.cells = {Points("use", "town", "city", 1), Points("budget", "low", "sedan", 1),
                  Points("use", "town", "suv", 1)};
  std::vector<Product> products = testing::Cars();
  const auto by_question = Compile(matrix, products);
  const std::vector<MatrixAnswer> answers = {Answer(*by_question, "use", {"town"}),
                                             Answer(*by_question, "budget", {"low"})};
  const Bits all = Availability(*by_question).At(absl::Now());
  const Recommendation first = RecommendBest(*by_question, answers, all);
  EXPECT_THAT(Ids(*by_question, first), ElementsAre("city", "suv"));
  EXPECT_EQ(first.first_over_second, "catalogue_rank");
  EXPECT_EQ(first.second_over_third, "question_priority");
  products[2].priority = 5;
  const auto by_priority = Compile(matrix, products);
  const Recommendation second = RecommendBest(*by_priority, answers, all);
  EXPECT_THAT(Ids(*by_priority, second), ElementsAre("suv", "city"));
  EXPECT_EQ(second.first_over_second, "product_priority");
  matrix.tie_breakers = {TieBreaker::kPriceDesc};
  products[0].price_minor = 100;
  products[1].price_minor = 200;
  const auto by_price = Compile(matrix, products);
  EXPECT_THAT(Ids(*by_price, RecommendBest(*by_price, answers, all)), ElementsAre("sedan", "city"));
}

TEST(Recommend, OneNoneAndFallback) {
  Matrix matrix = testing::CarMatrix();
  const auto plain = Compile(matrix, testing::Cars());
  Bits one(4);
  one.Set(0);
  const Recommendation single = RecommendBest(*plain, {}, one);
  EXPECT_EQ(single.outcome, RecommendOutcome::kOne);
  EXPECT_TRUE(single.no_signal);
  EXPECT_EQ(RecommendBest(*plain, {}, Bits(4)).outcome, RecommendOutcome::kNone);
  matrix.min_score = 100;
  matrix.fallback = {"suv", "city"};
  const auto strict = Compile(matrix, testing::Cars());
  const Recommendation fallback = RecommendBest(*strict, {}, Availability(*strict).At(absl::Now()));
  EXPECT_EQ(fallback.outcome, RecommendOutcome::kFallback);
  EXPECT_THAT(Ids(*strict, fallback), ElementsAre("suv", "city"));
  EXPECT_TRUE(fallback.products[0].fallback);
}

TEST(Recommend, DisqualifiedIsNoFallbackEither) {
  Matrix matrix = WithCell("town", "city", {Effect::Kind::kDisqualify, 0});
  matrix.min_score = 100;
  matrix.fallback = {"city", "suv"};
  const auto strict = Compile(matrix, testing::Cars());
  const std::vector<MatrixAnswer> town = {Answer(*strict, "use", {"town"})};
  EXPECT_THAT(Ids(*strict, RecommendBest(*strict, town, Availability(*strict).At(absl::Now()))), ElementsAre("suv"));
}

TEST(Recommend, SecondComesFromAnotherGroup) {
  std::vector<Product> products = testing::Cars();
  products[0].group = products[1].group = "compact";
  Matrix matrix = testing::CarMatrix();
  matrix.distinct_group = true;
  const auto grouped = Compile(matrix, products);
  const std::vector<MatrixAnswer> town = {Answer(*grouped, "use", {"town"}), Answer(*grouped, "budget", {"low"})};
  const Bits all = Availability(*grouped).At(absl::Now());
  EXPECT_THAT(Ids(*grouped, RecommendBest(*grouped, town, all)), ElementsAre("city", "suv"));
  Bits compact(4);
  compact.Set(0);
  compact.Set(1);
  const Recommendation relaxed = RecommendBest(*grouped, town, compact);
  EXPECT_THAT(Ids(*grouped, relaxed), ElementsAre("city", "sedan"));
  EXPECT_TRUE(relaxed.group_relaxed);
}

TEST(Recommend, RequirementsRuleOutUntilTheyHold) {
  Matrix matrix = testing::CarMatrix();
  matrix.require_rules = {{"suv", "", {{"budget", {"high"}}}}};
  const auto strict = Compile(matrix, testing::Cars());
  const Bits all = Availability(*strict).At(absl::Now());
  const std::vector<MatrixAnswer> low = {Answer(*strict, "use", {"family"}), Answer(*strict, "budget", {"low"})};
  EXPECT_THAT(Ids(*strict, RecommendBest(*strict, low, all)), ElementsAre("sedan", "city"));
  const std::vector<RuledOut> out = RuledOutProducts(*strict, low, all);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].cause, RuledOut::Cause::kRequirement);
  const std::vector<MatrixAnswer> high = {Answer(*strict, "use", {"family"}), Answer(*strict, "budget", {"high"})};
  EXPECT_EQ(Ids(*strict, RecommendBest(*strict, high, all))[0], "suv");
}

TEST(Recommend, TagRulesAddUpAndCellsReplaceThem) {
  Matrix matrix = testing::CarMatrix();
  matrix.cells = {Points("use", "family", "truck", -5)};
  matrix.product_ids = {"city", "sedan", "suv", "truck"};
  matrix.tag_rules = {{"use", "family", "big", {Effect::Kind::kPoints, 2}, {}},
                      {"use", "family", "ALL", {Effect::Kind::kPoints, 1}, {}}};
  const auto tagged = Compile(matrix, testing::Cars());
  const int family = *tagged->FindChoice(0, "family");
  EXPECT_EQ(tagged->Row(family)[*tagged->FindProduct("suv")], 3);
  EXPECT_EQ(tagged->Row(family)[*tagged->FindProduct("city")], 1);
  EXPECT_EQ(tagged->Row(family)[*tagged->FindProduct("truck")], -5);
}

TEST(Recommend, AvailabilityIsExactAtItsEnds) {
  std::vector<Product> products = {MakeProduct("a", 1)};
  const absl::Time from = absl::FromUnixSeconds(1000), until = absl::FromUnixSeconds(2000);
  products[0].available_from = from;
  products[0].available_until = until;
  Matrix matrix;
  matrix.product_ids = {"a"};
  const auto dated = Compile(matrix, products);
  const Availability availability(*dated);
  EXPECT_FALSE(availability.At(from - absl::Microseconds(1)).Any());
  EXPECT_TRUE(availability.At(from).Any());
  EXPECT_TRUE(availability.At(until - absl::Microseconds(1)).Any());
  EXPECT_FALSE(availability.At(until).Any());
}

TEST(Recommend, FormatsScoresWithThreeDecimals) {
  EXPECT_EQ(FormatScore(3'500'000), "3.500");
  EXPECT_EQ(FormatScore(-1'234'567), "-1.234");
  EXPECT_EQ(FormatScore(0), "0.000");
}

TEST(MatrixCompiler, ReportsWhatDoesNotResolve) {
  Matrix matrix = testing::CarMatrix();
  matrix.product_ids = {"city", "sedan", "suv", "truck", "boat"};
  matrix.cells.push_back(Points("use", "moon", "city", 1));
  matrix.cells.push_back(Points("color", "red", "city", 1));
  matrix.cells.push_back(Points("use", "town", "city", 9));
  matrix.tag_rules = {{"use", "town", "ghost", {Effect::Kind::kPoints, 1}, {}},
                      {"use", "work", "small", {Effect::Kind::kPoints, 1}, {}},
                      {"use", "work", "small", {Effect::Kind::kDisqualify, 0}, {}}};
  LintFindings findings;
  CompiledMatrix::Compile(matrix, testing::Cars(), nullptr, findings);
  std::vector<std::string> rules;
  for (const LintFinding& finding : findings.all()) rules.push_back(finding.rule);
  for (const char* rule : {"UNKNOWN_PRODUCT", "UNKNOWN_CHOICE", "UNKNOWN_QUESTION", "DUPLICATE_CELL", "UNKNOWN_TAG",
                           "CONFLICTING_EFFECTS"}) {
    EXPECT_THAT(rules, ::testing::Contains(rule));
  }
}

// Random matrices of a fixed seed.
class RecommendProperties : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    random_.seed(GetParam());
    const int products = 3 + Draw(30), questions = 1 + Draw(5);
    for (int p = 0; p < products; ++p) {
      products_.push_back(MakeProduct("p" + std::to_string(p), p + 1));
      products_.back().priority = Draw(3);
      if (Draw(2)) products_.back().price_minor = Draw(5) * 100;
    }
    for (int q = 0; q < questions; ++q) {
      MatrixQuestion question{"q" + std::to_string(q), {}, 500 * (1 + Draw(3))};
      for (int c = 0; c < 2 + Draw(4); ++c) question.choice_ids.push_back("c" + std::to_string(c));
      for (const std::string& choice : question.choice_ids) {
        for (const Product& product : products_) {
          if (Draw(3) == 0)
            matrix_.cells.push_back(Points(question.question_id, choice, product.product_id, Draw(5) - 2));
        }
      }
      matrix_.questions.push_back(question);
    }
    for (const Product& product : products_) matrix_.product_ids.push_back(product.product_id);
  }
  int Draw(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  std::vector<MatrixAnswer> Answers(const CompiledMatrix& matrix) const {
    std::vector<MatrixAnswer> out;
    for (int q = 0; q < static_cast<int>(matrix.questions().size()); ++q) {
      out.push_back({q, {matrix.questions()[q].first_choice}, 1000});
    }
    return out;
  }
  std::vector<std::string> Best(const Matrix& matrix, const std::vector<Product>& products) const {
    const auto compiled = Compile(matrix, products);
    return Ids(*compiled, RecommendBest(*compiled, Answers(*compiled), Availability(*compiled).At(absl::UnixEpoch())));
  }

  std::mt19937 random_;
  Matrix matrix_;
  std::vector<Product> products_;
};

TEST_P(RecommendProperties, OrderOfInputChangesNothing) {
  const std::vector<std::string> before = Best(matrix_, products_);
  std::shuffle(matrix_.cells.begin(), matrix_.cells.end(), random_);
  std::shuffle(matrix_.product_ids.begin(), matrix_.product_ids.end(), random_);
  std::shuffle(products_.begin(), products_.end(), random_);
  EXPECT_EQ(Best(matrix_, products_), before);
}

TEST_P(RecommendProperties, IneligibleProductChangesNothing) {
  const std::vector<std::string> before = Best(matrix_, products_);
  products_.push_back(MakeProduct("aaa", 0));
  products_.back().active = false;
  products_.back().priority = 100;
  matrix_.product_ids.push_back("aaa");
  matrix_.base_scores["aaa"] = 1000;
  EXPECT_EQ(Best(matrix_, products_), before);
}

TEST_P(RecommendProperties, ScalingAllWeightsKeepsTheOrder) {
  const std::vector<std::string> before = Best(matrix_, products_);
  for (MatrixQuestion& question : matrix_.questions) question.weight_milli *= 4;
  EXPECT_EQ(Best(matrix_, products_), before);
}

TEST_P(RecommendProperties, BestTwoAreThoseOfAFullSort) {
  const auto compiled = Compile(matrix_, products_);
  const std::vector<MatrixAnswer> answers = Answers(*compiled);
  const TieBreak ties(*compiled, answers);
  std::vector<int> order;
  std::vector<int64_t> scores;
  for (int p = 0; p < static_cast<int>(compiled->products().size()); ++p) {
    order.push_back(p);
    int64_t total = 0;
    for (const Contribution& part : Contributions(*compiled, answers, p)) total += part.score_micro;
    scores.push_back(total);
  }
  std::sort(order.begin(), order.end(), [&](int a, int b) {
    Rule rule;
    return scores[a] != scores[b] ? scores[a] > scores[b] : ties.Before(a, b, rule);
  });
  const Recommendation best = RecommendBest(*compiled, answers, Availability(*compiled).At(absl::UnixEpoch()));
  ASSERT_EQ(best.products.size(), 2u);
  EXPECT_EQ(best.products[0].product, order[0]);
  EXPECT_EQ(best.products[1].product, order[1]);
  EXPECT_EQ(best.products[0].score_micro, scores[order[0]]);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RecommendProperties, ::testing::Range(1, 60));

}  // namespace
}  // namespace vinculo::profiling
