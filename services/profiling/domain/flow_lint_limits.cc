#include "absl/strings/str_cat.h"
#include "common/text/text.h"
#include "services/profiling/domain/condition.h"
#include "services/profiling/domain/flow_lint.h"
#include "services/profiling/domain/limits.h"

namespace vinculo::profiling {
namespace {

void Bound(int64_t value, int64_t limit, const std::string& path, absl::string_view what, LintFindings& findings) {
  if (value <= limit) return;
  findings.Error("LIMIT_EXCEEDED", path, absl::StrCat(value, " ", what, "; at most ", limit));
}

void BoundCondition(const Condition& condition, const std::string& path, LintFindings& findings) {
  const ConditionSize size = SizeOf(condition);
  Bound(size.depth, kMaxConditionDepth, path, "levels of conditions", findings);
  Bound(size.nodes, kMaxConditionNodes, path, "conditions", findings);
}

}  // namespace

void LintLimits(const FlowDefinition& definition, LintFindings& findings) {
  Bound(static_cast<int64_t>(definition.nodes.size()), kMaxNodes, "nodes", "nodes", findings);
  Bound(static_cast<int64_t>(definition.texts.size()), kMaxLanguages, "texts", "languages", findings);
  Bound(static_cast<int64_t>(definition.settings.nudges.size()), kMaxNudges, "settings.nudges", "nudges", findings);
  int questions = 0, captures = 0;
  for (size_t i = 0; i < definition.nodes.size(); ++i) {
    const std::string path = absl::StrCat("nodes[", i, "]");
    if (const auto* question = std::get_if<Question>(&definition.nodes[i].kind)) {
      ++questions;
      Bound(static_cast<int64_t>(question->choices.size()), kMaxChoices, path + ".question.choices", "choices",
            findings);
    }
    captures += std::holds_alternative<Capture>(definition.nodes[i].kind);
    if (const auto* branch = std::get_if<Branch>(&definition.nodes[i].kind)) {
      for (size_t c = 0; c < branch->cases.size(); ++c) {
        BoundCondition(branch->cases[c].condition, absl::StrCat(path, ".branch.cases[", c, "]"), findings);
      }
    }
  }
  Bound(questions, kMaxQuestions, "nodes", "questions", findings);
  Bound(captures, kMaxCaptures, "nodes", "captures", findings);
  for (const auto& [language, table] : definition.texts) {
    for (const auto& [key, text] : table) {
      Bound(text::CodePoints(text), kMaxTextLength, absl::StrCat("texts[", language, "].", key), "code points",
            findings);
    }
  }
}

}  // namespace vinculo::profiling
