#include "services/profiling/domain/path_analysis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/profiling/domain/testing_flow.h"

namespace vinculo::profiling {
namespace {

// `levels` questions of `choices` choices and `products` products, every cell with some points.
std::shared_ptr<const CompiledFlow> Grid(int levels, int choices, int products) {
  FlowDefinition flow;
  Matrix matrix;
  matrix.matrix_id = "grid";
  flow.entry_node = "q0";
  std::vector<Product> catalogue;
  for (int p = 0; p < products; ++p) catalogue.push_back(testing::MakeProduct("p" + std::to_string(p), p + 1));
  for (int q = 0; q < levels; ++q) {
    const std::string id = "q" + std::to_string(q);
    Question question;
    question.text_key = "t";
    MatrixQuestion asked{id, {}, 1000};
    for (int c = 0; c < choices; ++c) {
      const std::string choice = "c" + std::to_string(c);
      question.choices.push_back(testing::MakeChoice(choice, "l" + std::to_string(c)));
      asked.choice_ids.push_back(choice);
      for (int p = 0; p < products; ++p)
        matrix.cells.push_back(testing::Points(id, choice, "p" + std::to_string(p), (p * 7 + c * 3 + q) % 5));
    }
    question.default_next = q + 1 < levels ? "q" + std::to_string(q + 1) : "advice";
    flow.nodes.push_back({id, question});
    matrix.questions.push_back(asked);
  }
  Recommend advice;
  advice.matrix_id = "grid";
  advice.next_selected = advice.next_declined = advice.next_none = "end";
  flow.nodes.push_back({"advice", advice});
  flow.nodes.push_back({"end", End{"done", "", "", false}});
  flow.texts["es"] = {{"t", "?"}};
  return testing::CompileCars(flow, matrix, catalogue);
}

TEST(PathAnalysis, CountsSharesOfTheDealersFlow) {
  LintFindings findings;
  const PathAnalysis out = AnalyzePaths(*testing::CompileCars(), 1, findings);
  EXPECT_EQ(out.paths, 6);
  EXPECT_FALSE(out.sampled);
  EXPECT_EQ(out.shortest, 2);
  EXPECT_EQ(out.longest, 2);
  int64_t first = 0, both = 0;
  for (const PathAnalysis::Share& share : out.products) {
    first += share.first;
    both += share.first_or_second;
  }
  EXPECT_EQ(first, 6);
  EXPECT_EQ(both, 12);
  EXPECT_EQ(findings.errors(), 0);
}

TEST(PathAnalysis, WalksAllHundredThousandPaths) {
  LintFindings findings;
  const PathAnalysis out = AnalyzePaths(*Grid(5, 10, 20), 1, findings);
  EXPECT_EQ(out.paths, 100'000);
  EXPECT_FALSE(out.sampled);
  int64_t compared = 0;
  for (const auto& [rule, paths] : out.ties) compared += paths;
  EXPECT_EQ(compared, 100'000);
}

TEST(PathAnalysis, AgreesWithScoringEachPathAnew) {
  const auto flow = Grid(3, 4, 9);
  LintFindings findings;
  const PathAnalysis out = AnalyzePaths(*flow, 1, findings);
  const CompiledMatrix& matrix = *flow->node(*flow->FindNode("advice")).matrix;
  std::map<std::string, int64_t> first;
  for (int a = 0; a < 4; ++a) {
    for (int b = 0; b < 4; ++b) {
      for (int c = 0; c < 4; ++c) {
        const std::vector<MatrixAnswer> answers = {{0, {a}, 1000}, {1, {4 + b}, 1000}, {2, {8 + c}, 1000}};
        const Recommendation best = RecommendBest(matrix, answers, Availability(matrix).At(absl::UnixEpoch()));
        ++first[matrix.products()[best.products[0].product].product_id];
      }
    }
  }
  for (const PathAnalysis::Share& share : out.products)
    EXPECT_EQ(share.first, first[share.product_id]) << share.product_id;
}

TEST(PathAnalysis, NamesAPathWithoutProduct) {
  Matrix matrix = testing::CarMatrix();
  for (const char* product : {"city", "sedan", "suv", "truck"}) {
    std::erase_if(matrix.cells, [&](const Cell& c) { return c.choice_id == "work" && c.product_id == product; });
    matrix.cells.push_back({"use", "work", product, {Effect::Kind::kDisqualify, 0}, {}});
  }
  LintFindings findings;
  const PathAnalysis out = AnalyzePaths(*testing::CompileCars(testing::CarFlow(), matrix), 1, findings);
  EXPECT_EQ(out.paths_with_none, 2);
  ASSERT_EQ(findings.errors(), 1);
  EXPECT_EQ(findings.all()[0].rule, "NO_PRODUCT_ON_PATH");
  EXPECT_THAT(findings.all()[0].message, ::testing::HasSubstr("use=work"));
  matrix.fallback = {"city"};
  LintFindings still;
  AnalyzePaths(*testing::CompileCars(testing::CarFlow(), matrix), 1, still);
  EXPECT_EQ(still.errors(), 1) << "a disqualified product is no fallback";
}

TEST(PathAnalysis, NamesDeadProducts) {
  std::vector<Product> products = testing::Cars();
  products.push_back(testing::MakeProduct("boat", 9));
  Matrix matrix = testing::CarMatrix();
  matrix.product_ids = {"city", "sedan", "suv", "truck", "boat"};
  matrix.base_scores = {{"boat", -50}};
  LintFindings findings;
  const PathAnalysis out = AnalyzePaths(*testing::CompileCars(testing::CarFlow(), matrix, products), 1, findings);
  EXPECT_THAT(out.dead_products, ::testing::ElementsAre("boat"));
}

TEST(PathAnalysis, DrawsWhenThereIsTooMuchToWalk) {
  FlowDefinition flow = testing::CarFlow();
  for (int index : {1, 2}) {
    Question& question = std::get<Question>(flow.nodes[index].kind);
    question.choices.clear();
    for (int c = 0; c < 10; ++c) question.choices.push_back(testing::MakeChoice("c" + std::to_string(c), "town"));
    question.select_max = 10;
    question.optional = true;
  }
  for (const char* id : {"x1", "x2"}) {
    Question more = std::get<Question>(flow.nodes[1].kind);
    more.default_next = std::string(id) == "x1" ? "x2" : "advice";
    flow.nodes.push_back({id, more});
  }
  std::get<Question>(flow.nodes[2].kind).default_next = "x1";
  LintFindings findings;
  const PathAnalysis once = AnalyzePaths(*testing::CompileCars(flow), 7, findings);
  EXPECT_TRUE(once.sampled);
  EXPECT_EQ(once.paths, 200'000);
  const PathAnalysis again = AnalyzePaths(*testing::CompileCars(flow), 7, findings);
  EXPECT_EQ(once.ties, again.ties);
}

}  // namespace
}  // namespace vinculo::profiling
