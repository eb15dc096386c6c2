#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "common/text/text.h"
#include "services/profiling/domain/flow_lint.h"

namespace vinculo::profiling {
namespace {

void LintNames(const CompiledFlow& flow, const CompiledFlow::Node& node, const std::string& language,
               const Question& question, const std::string& path, LintFindings& findings) {
  const auto& names = node.names.at(language);
  std::map<std::string, size_t> owner;
  std::set<std::string> commands;
  for (const auto& [command, words] : flow.commands(language)) commands.insert(words.begin(), words.end());
  for (size_t c = 0; c < names.size(); ++c) {
    const std::string where = absl::StrCat(path, ".choices[", c, "]");
    for (const std::string& name : names[c]) {
      const auto [found, inserted] = owner.emplace(name, c);
      if (!inserted && found->second != c) {
        findings.Error("NAME_SHARED", where,
                       absl::StrCat("\"", name, "\" in `", language, "` also means `",
                                    question.choices[found->second].choice_id, "`"));
      }
      if (commands.contains(name)) {
        findings.Warning("NAME_IS_COMMAND", where,
                         absl::StrCat("\"", name, "\" is also a command; here it means the choice"));
      }
      const auto ordinal = text::ParseOrdinal(name);
      if (question.accept_ordinals && ordinal && *ordinal != static_cast<int>(c) + 1) {
        findings.Error("NAME_IS_ORDINAL", where,
                       absl::StrCat("\"", name, "\" reads as choice number ", *ordinal,
                                    "; set accept_ordinals to false or rename it"));
      }
    }
  }
}

void LintQuestionInMatrix(const CompiledFlow& flow, const CompiledMatrix& matrix, int index, LintFindings& findings) {
  const CompiledMatrix::Question& asked = matrix.questions()[index];
  const auto node = flow.FindNode(asked.id);
  const Question* question = node ? flow.question(*node) : nullptr;
  if (question == nullptr) {
    findings.Error("UNKNOWN_QUESTION", absl::StrCat("matrix ", matrix.matrix_id()),
                   absl::StrCat("the flow does not ask `", asked.id, "`"));
    return;
  }
  std::set<std::string> offered;
  for (const Choice& choice : question->choices) offered.insert(choice.choice_id);
  bool informative = false;
  const int32_t* first = nullptr;
  for (int c = asked.first_choice; c < asked.first_choice + asked.choice_count; ++c) {
    const CompiledMatrix::ChoiceRow& row = matrix.choices()[c];
    const std::string path = absl::StrCat("matrix ", matrix.matrix_id(), "/", asked.id, "/", row.id);
    if (!offered.contains(row.id)) findings.Error("UNKNOWN_CHOICE", path, "the flow's question has no such choice");
    offered.erase(row.id);
    const int32_t* points = matrix.Row(c);
    const bool any = row.has_disqualify || row.has_pin ||
                     std::any_of(points, points + matrix.products().size(), [](int32_t p) { return p != 0; });
    if (!any) findings.Warning("CHOICE_WITHOUT_CELLS", path, "this choice speaks for and against nothing");
    if (first == nullptr) first = points;
    informative |= row.has_disqualify || row.has_pin || !std::equal(points, points + matrix.products().size(), first);
  }
  for (const std::string& missing : offered) {
    findings.Warning("CHOICE_NOT_IN_MATRIX", absl::StrCat("matrix ", matrix.matrix_id(), "/", asked.id, "/", missing),
                     "the matrix does not list this choice");
  }
  if (!informative) {
    findings.Warning("NO_INFORMATION", absl::StrCat("matrix ", matrix.matrix_id(), "/", asked.id),
                     "every choice is worth the same");
  }
}

}  // namespace

void LintAnswers(const CompiledFlow& flow, LintFindings& findings) {
  for (size_t i = 0; i < flow.nodes().size(); ++i) {
    const Question* question = flow.question(static_cast<int>(i));
    if (question == nullptr) continue;
    const std::string path = absl::StrCat("nodes[", i, "].question");
    for (const auto& [language, unused] : flow.node(static_cast<int>(i)).names) {
      LintNames(flow, flow.node(static_cast<int>(i)), language, *question, path, findings);
    }
  }
}

void LintMatrixUse(const CompiledFlow& flow, const CompiledMatrix& matrix, LintFindings& findings) {
  for (size_t q = 0; q < matrix.questions().size(); ++q)
    LintQuestionInMatrix(flow, matrix, static_cast<int>(q), findings);
  for (const Product& product : matrix.products()) {
    if (!product.image_url.empty() && !product.image_url.starts_with("https://")) {
      findings.Error("IMAGE_NOT_HTTPS", product.product_id, "a picture's address begins with https://");
    }
  }
}

}  // namespace vinculo::profiling
