#include "services/profiling/domain/flow_lint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/profiling/domain/testing_flow.h"

namespace vinculo::profiling {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Not;

std::vector<std::string> Rules(const LintFindings& findings, LintFinding::Severity severity) {
  std::vector<std::string> out;
  for (const LintFinding& finding : findings.all()) {
    if (finding.severity == severity) out.push_back(finding.rule);
  }
  return out;
}

std::vector<std::string> Errors(const FlowDefinition& definition, const FlowHead& head = testing::CarHead()) {
  LintFindings findings;
  LintSchema(head, definition, findings);
  return Rules(findings, LintFinding::Severity::kError);
}

std::vector<std::string> AnswerErrors(const FlowDefinition& definition) {
  LintFindings findings;
  LintAnswers(*testing::CompileCars(definition), findings);
  return Rules(findings, LintFinding::Severity::kError);
}

Question& QuestionOf(FlowDefinition& flow, int index) { return std::get<Question>(flow.nodes[index].kind); }

// `levels` questions in a row, then an end.
FlowDefinition Chain(int levels) {
  FlowDefinition flow;
  flow.entry_node = "q0";
  for (int i = 0; i < levels; ++i) {
    Question question;
    question.text_key = "t";
    question.choices = {testing::MakeChoice("a", "a"), testing::MakeChoice("b", "b")};
    question.default_next = i + 1 < levels ? "q" + std::to_string(i + 1) : "end";
    flow.nodes.push_back({"q" + std::to_string(i), question});
  }
  flow.nodes.push_back({"end", End{"done", "", "", false}});
  flow.texts["es"] = {{"t", "?"}, {"a", "Alfa"}, {"b", "Beta"}};
  return flow;
}

TEST(FlowLint, AcceptsTheDealersFlow) { EXPECT_THAT(Errors(testing::CarFlow()), IsEmpty()); }

TEST(FlowLint, FiveLevelsAtMost) {
  for (int levels : {2, 3, 4, 5}) EXPECT_THAT(Errors(Chain(levels)), IsEmpty()) << levels;
  for (int levels : {6, 10, 11}) EXPECT_THAT(Errors(Chain(levels)), Contains("LEVELS_EXCEEDED")) << levels;
}

TEST(FlowLint, NeedsPurposeObjectiveAndConsent) {
  FlowHead head = testing::CarHead();
  head.purpose_text.clear();
  head.objectives.clear();
  head.consent_purpose.clear();
  const std::vector<std::string> errors = Errors(testing::CarFlow(), head);
  for (const char* rule : {"PURPOSE_MISSING", "OBJECTIVE_MISSING", "CONSENT_PURPOSE_MISSING"})
    EXPECT_THAT(errors, Contains(rule));
}

TEST(FlowLint, GraphMustLeadSomewhere) {
  FlowDefinition dangling = testing::CarFlow();
  QuestionOf(dangling, 1).default_next = "nowhere";
  EXPECT_THAT(Errors(dangling), Contains("NEXT_MISSING"));
  FlowDefinition loop = testing::CarFlow();
  QuestionOf(loop, 2).choices[0].next = "use";
  EXPECT_THAT(Errors(loop), Contains("CYCLE"));
  FlowDefinition island = testing::CarFlow();
  island.nodes.push_back({"island", End{"x", "", "", false}});
  EXPECT_THAT(Errors(island), Contains("UNREACHABLE"));
  FlowDefinition headless = testing::CarFlow();
  headless.entry_node = "start";
  EXPECT_THAT(Errors(headless), Contains("ENTRY_MISSING"));
  FlowDefinition twice = testing::CarFlow();
  twice.nodes.push_back({"use", End{"x", "", "", false}});
  EXPECT_THAT(Errors(twice), Contains("DUPLICATE_ID"));
}

TEST(FlowLint, ThirtyTwoAutomaticStepsAtMost) {
  for (int count : {32, 33}) {
    FlowDefinition flow;
    flow.entry_node = "m0";
    for (int i = 0; i < count; ++i)
      flow.nodes.push_back(
          {"m" + std::to_string(i), Message{"t", "", i + 1 < count ? "m" + std::to_string(i + 1) : "end"}});
    flow.nodes.push_back({"end", End{"done", "", "", false}});
    flow.texts["es"] = {{"t", "hola"}};
    if (count == 32) {
      EXPECT_THAT(Errors(flow), Not(Contains("AUTOMATIC_STEPS")));
    } else {
      EXPECT_THAT(Errors(flow), Contains("AUTOMATIC_STEPS"));
    }
  }
}

TEST(FlowLint, TextsMustParseAndBeThere) {
  FlowDefinition flow = testing::CarFlow();
  flow.texts["es"]["hello_text"] = "Hola {{answer.ghost.label}}";
  EXPECT_THAT(Errors(flow), Contains("UNKNOWN_REFERENCE"));
  flow.texts["es"]["hello_text"] = "Hola {{profile.shoe_size}}";
  EXPECT_THAT(Errors(flow), Contains("BAD_TEMPLATE"));
  flow.texts["es"].erase("hello_text");
  EXPECT_THAT(Errors(flow), Contains("TEXT_MISSING"));
  FlowDefinition portuguese = testing::CarFlow();
  portuguese.settings.languages_required = {"pt"};
  EXPECT_THAT(Errors(portuguese), Contains("LANGUAGE_MISSING"));
}

TEST(FlowLint, NativeTitlesOnRequest) {
  FlowDefinition flow = testing::CarFlow();
  flow.texts["es"]["town"] = "Sobre todo para moverme por la ciudad";
  EXPECT_THAT(Errors(flow), Not(Contains("TITLE_TOO_LONG")));
  flow.settings.require_native = true;
  EXPECT_THAT(Errors(flow), Contains("TITLE_TOO_LONG"));
}

TEST(FlowLint, LimitsAreNamed) {
  FlowDefinition flow = testing::CarFlow();
  for (int i = 0; i < 10; ++i)
    QuestionOf(flow, 1).choices.push_back(testing::MakeChoice("c" + std::to_string(i), "town"));
  LintFindings findings;
  LintLimits(flow, findings);
  ASSERT_EQ(findings.errors(), 1);
  EXPECT_EQ(findings.all()[0].rule, "LIMIT_EXCEEDED");
  EXPECT_EQ(findings.all()[0].path, "nodes[1].question.choices");
}

TEST(FlowLint, NamesMustTellChoicesApart) {
  EXPECT_THAT(AnswerErrors(testing::CarFlow()), IsEmpty());
  FlowDefinition shared = testing::CarFlow();
  QuestionOf(shared, 1).choices[1].synonyms = {{"es", {"¡CIUDAD!"}}};
  EXPECT_THAT(AnswerErrors(shared), Contains("NAME_SHARED"));
  FlowDefinition ordinal = testing::CarFlow();
  ordinal.texts["es"]["town"] = "2";
  EXPECT_THAT(AnswerErrors(ordinal), Contains("NAME_IS_ORDINAL"));
  QuestionOf(ordinal, 1).accept_ordinals = false;
  EXPECT_THAT(AnswerErrors(ordinal), Not(Contains("NAME_IS_ORDINAL")));
}

TEST(FlowLint, MatrixMustFitTheFlow) {
  Matrix matrix = testing::CarMatrix();
  matrix.questions.push_back({"color", {"red", "blue"}});
  matrix.questions[0].choice_ids.push_back("beach");
  LintFindings compile_findings;
  const auto compiled = CompiledMatrix::Compile(matrix, testing::Cars(), nullptr, compile_findings);
  LintFindings findings;
  LintMatrixUse(*testing::CompileCars(), *compiled, findings);
  EXPECT_THAT(Rules(findings, LintFinding::Severity::kError), Contains("UNKNOWN_QUESTION"));
  EXPECT_THAT(Rules(findings, LintFinding::Severity::kError), Contains("UNKNOWN_CHOICE"));
  EXPECT_THAT(Rules(findings, LintFinding::Severity::kWarning), Contains("CHOICE_WITHOUT_CELLS"));
}

}  // namespace
}  // namespace vinculo::profiling
