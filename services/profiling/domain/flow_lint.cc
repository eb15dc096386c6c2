#include "services/profiling/domain/flow_lint.h"

#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/id/uuid.h"
#include "common/text/text.h"
#include "services/profiling/domain/flow_graph.h"
#include "services/profiling/domain/limits.h"
#include "services/profiling/domain/text_template.h"

namespace vinculo::profiling {
namespace {

// Checks a definition before it is compiled.
class SchemaLint {
 public:
  SchemaLint(const FlowHead& head, const FlowDefinition& definition, LintFindings& findings)
      : head_(head), definition_(definition), findings_(findings) {}

  void Run() {
    Head();
    LintLimits(definition_, findings_);
    Ids();
    Graph();
    for (size_t i = 0; i < definition_.nodes.size(); ++i) Node(static_cast<int>(i));
    Texts();
  }

 private:
  void Head() {
    if (head_.purpose_text.empty()) findings_.Error("PURPOSE_MISSING", "purpose_text", "say why the data is collected");
    if (head_.objectives.empty()) findings_.Error("OBJECTIVE_MISSING", "objectives", "name at least one objective");
    if (head_.consent_purpose.empty())
      findings_.Error("CONSENT_PURPOSE_MISSING", "consent_purpose", "name the purpose that leads need");
    if (!definition_.texts.contains(head_.base_language)) {
      findings_.Error("LANGUAGE_MISSING", "texts",
                      absl::StrCat("there are no texts in the base language `", head_.base_language, "`"));
    }
    for (const std::string& language : definition_.settings.languages_required) {
      if (!definition_.texts.contains(language)) {
        findings_.Error("LANGUAGE_MISSING", "texts", absl::StrCat("there are no texts in `", language, "`"));
      }
    }
  }

  void Ids() {
    std::set<std::string> seen;
    for (size_t i = 0; i < definition_.nodes.size(); ++i) {
      const std::string& id = definition_.nodes[i].node_id;
      const std::string path = absl::StrCat("nodes[", i, "].node_id");
      if (!IsSlug(id)) findings_.Error("BAD_SLUG", path, absl::StrCat("`", id, "` is not a slug"));
      if (!seen.insert(id).second) findings_.Error("DUPLICATE_ID", path, absl::StrCat("`", id, "` is used twice"));
    }
  }

  void Graph() {
    const FlowGraph graph(definition_);
    if (graph.entry() < 0) {
      findings_.Error("ENTRY_MISSING", "entry_node", absl::StrCat("there is no node `", definition_.entry_node, "`"));
      return;
    }
    for (const FlowGraph::Missing& missing : graph.missing()) {
      findings_.Error("NEXT_MISSING", absl::StrCat("nodes[", missing.node, "].", missing.field),
                      missing.target.empty() ? "says nothing about where to go"
                                             : absl::StrCat("there is no node `", missing.target, "`"));
    }
    const std::vector<bool> reachable = graph.Reachable();
    for (size_t i = 0; i < definition_.nodes.size(); ++i) {
      if (!reachable[i])
        findings_.Error("UNREACHABLE", absl::StrCat("nodes[", i, "]"), "no path from the entry leads here");
    }
    const std::vector<int> cycle = graph.Cycle();
    for (int node : cycle) {
      findings_.Error("CYCLE", absl::StrCat("nodes[", node, "]"),
                      "lies on or behind a loop; going back is a command, never an edge");
    }
    if (!cycle.empty()) return;
    std::vector<bool> questions, automatic;
    for (const auto& node : definition_.nodes) {
      questions.push_back(std::holds_alternative<Question>(node.kind));
      const auto* recommend = std::get_if<Recommend>(&node.kind);
      automatic.push_back(std::holds_alternative<Message>(node.kind) || std::holds_alternative<Branch>(node.kind) ||
                          (recommend != nullptr && recommend->silent));
    }
    const int levels = graph.Count(questions).longest;
    if (levels > kMaxLevels) {
      findings_.Error("LEVELS_EXCEEDED", "nodes",
                      absl::StrCat("a path asks ", levels, " questions; at most ", kMaxLevels));
    }
    const int run = graph.LongestRun(automatic);
    if (run > kMaxAutomaticSteps) {
      findings_.Error("AUTOMATIC_STEPS", "nodes",
                      absl::StrCat(run, " nodes in a row wait for nobody; at most ", kMaxAutomaticSteps));
    }
  }

  void Node(int index) {
    const auto& node = definition_.nodes[index];
    const std::string path = absl::StrCat("nodes[", index, "]");
    if (const auto* question = std::get_if<Question>(&node.kind)) {
      QuestionNode(*question, path + ".question");
    } else if (const auto* capture = std::get_if<Capture>(&node.kind)) {
      Key(capture->text_key, path + ".capture.text_key", true);
      if (capture->field == CaptureField::kUnspecified)
        findings_.Error("FIELD_MISSING", path + ".capture.field", "say what is asked for");
      Exhausted(capture->on_exhausted, !capture->required, path + ".capture");
    } else if (const auto* message = std::get_if<Message>(&node.kind)) {
      Key(message->text_key, path + ".message.text_key", true);
      Image(message->image_url, path + ".message.image_url");
    } else if (const auto* recommend = std::get_if<Recommend>(&node.kind)) {
      RecommendNode(*recommend, path + ".recommend");
    } else if (const auto* end = std::get_if<End>(&node.kind)) {
      Key(end->text_key, path + ".end.text_key", false);
    } else if (std::holds_alternative<std::monostate>(node.kind)) {
      findings_.Error("KIND_MISSING", path,
                      "say what happens here: question, capture, message, branch, recommend or end");
    }
  }

  void RecommendNode(const Recommend& recommend, const std::string& path) {
    if (recommend.matrix_id.empty()) findings_.Error("MATRIX_MISSING", path + ".matrix_id", "name the matrix");
    Key(recommend.text_key, path + ".text_key", false);
    Key(recommend.second_text_key, path + ".second_text_key", false);
    for (const std::string& key : {recommend.choose_label_key, recommend.another_label_key, recommend.back_label_key,
                                   recommend.none_label_key}) {
      Key(key, path, false);
      Title(key, path);
    }
  }

  void QuestionNode(const Question& question, const std::string& path) {
    Key(question.text_key, path + ".text_key", true);
    Image(question.image_url, path + ".image_url");
    const int count = static_cast<int>(question.choices.size());
    if (count < kMinChoices)
      findings_.Error("TOO_FEW_CHOICES", path + ".choices", "a question has at least two choices");
    if (question.select_min < 1 || question.select_max < question.select_min || question.select_max > count) {
      findings_.Error("BAD_SELECT", path + ".select", "1 <= min <= max <= number of choices");
    }
    if (question.weight_milli == 0)
      findings_.Warning("ZERO_WEIGHT", path + ".weight_milli", "a question of weight 0 decides nothing");
    Exhausted(question.on_exhausted, question.optional, path);
    std::set<std::string> ids;
    for (size_t c = 0; c < question.choices.size(); ++c) {
      const Choice& choice = question.choices[c];
      const std::string where = absl::StrCat(path, ".choices[", c, "]");
      if (!IsSlug(choice.choice_id))
        findings_.Error("BAD_SLUG", where + ".choice_id", absl::StrCat("`", choice.choice_id, "` is not a slug"));
      if (!ids.insert(choice.choice_id).second)
        findings_.Error("DUPLICATE_ID", where + ".choice_id", absl::StrCat("`", choice.choice_id, "` is used twice"));
      Key(choice.label_key, where + ".label_key", true);
      Key(choice.description_key, where + ".description_key", false);
      Title(choice.label_key, where + ".label_key");
    }
  }

  void Exhausted(const OnExhausted& way, bool optional, const std::string& path) {
    if (way.action == OnExhausted::Action::kSkip && !optional) {
      findings_.Error("SKIP_NOT_OPTIONAL", path + ".on_exhausted", "only what is optional can be skipped");
    }
    if (way.action == OnExhausted::Action::kHandoff && definition_.settings.handoff_target.empty()) {
      findings_.Warning("NO_HANDOFF_TARGET", path + ".on_exhausted", "the flow names nobody who takes hand-offs");
    }
  }

  void Image(const std::string& url, const std::string& path) {
    if (!url.empty() && !absl::StartsWith(url, "https://"))
      findings_.Error("IMAGE_NOT_HTTPS", path, "a picture's address begins with https://");
  }

  // `key` must have a text in every language that must be complete.
  void Key(const std::string& key, const std::string& path, bool required) {
    if (key.empty()) {
      if (required) findings_.Error("TEXT_MISSING", path, "name a text");
      return;
    }
    used_.insert(key);
    for (const auto& [language, table] : definition_.texts) {
      if (table.contains(key)) continue;
      const auto& must = definition_.settings.languages_required;
      const bool needed =
          language == head_.base_language || std::find(must.begin(), must.end(), language) != must.end();
      const std::string message = absl::StrCat("text `", key, "` is missing in `", language, "`");
      if (needed) {
        findings_.Error("TEXT_MISSING", path, message);
      } else {
        findings_.Warning("TEXT_MISSING", path, message);
      }
    }
  }

  // A title that is too long for a list is shown as a numbered line.
  void Title(const std::string& key, const std::string& path) {
    const auto& channels = definition_.settings.channels;
    const bool whatsapp =
        channels.empty() || std::find(channels.begin(), channels.end(), Channel::kWhatsapp) != channels.end();
    if (!whatsapp) return;
    for (const auto& [language, table] : definition_.texts) {
      const auto text = table.find(key);
      if (text == table.end() || text::CodePoints(text->second) <= kListTitle) continue;
      const std::string message = absl::StrCat("`", key, "` in `", language, "` is longer than ", kListTitle,
                                               " code points, so the options are shown as numbered lines");
      if (definition_.settings.require_native) {
        findings_.Error("TITLE_TOO_LONG", path, message);
      } else {
        findings_.Warning("TITLE_TOO_LONG", path, message);
      }
    }
  }

  void Texts() {
    for (const auto& [language, table] : definition_.texts) {
      for (const auto& [key, text] : table) {
        const std::string path = absl::StrCat("texts[", language, "].", key);
        const absl::StatusOr<TextTemplate> parsed = TextTemplate::Parse(text);
        if (!parsed.ok()) {
          findings_.Error("BAD_TEMPLATE", path, std::string(parsed.status().message()));
        } else {
          References(*parsed, path);
        }
        if (!used_.contains(key)) findings_.Warning("TEXT_UNUSED", path, "no node uses this text");
      }
    }
  }

  void References(const TextTemplate& parsed, const std::string& path) {
    for (const TextTemplate::Part& part : parsed.parts()) {
      if (!part.reference) continue;
      if (part.reference->kind == Reference::Kind::kAnswer) {
        const auto found = std::find_if(definition_.nodes.begin(), definition_.nodes.end(), [&](const auto& node) {
          return node.node_id == part.reference->name && std::holds_alternative<Question>(node.kind);
        });
        if (found == definition_.nodes.end()) {
          findings_.Error("UNKNOWN_REFERENCE", path, absl::StrCat("there is no question `", part.reference->name, "`"));
        }
      }
      const bool may_be_missing =
          part.reference->kind != Reference::Kind::kFlow && part.reference->kind != Reference::Kind::kProduct;
      if (may_be_missing && !part.fallback) {
        findings_.Warning("MAY_BE_MISSING", path, "a placeholder without |default:\"...\" may render as nothing");
      }
    }
  }

  const FlowHead& head_;
  const FlowDefinition& definition_;
  LintFindings& findings_;
  std::set<std::string> used_;
};

}  // namespace

void LintSchema(const FlowHead& head, const FlowDefinition& definition, LintFindings& findings) {
  SchemaLint(head, definition, findings).Run();
}

CompiledMatrix::Uses UsesOf(const FlowDefinition& definition) {
  CompiledMatrix::Uses uses;
  for (const auto& node : definition.nodes) {
    if (const auto* question = std::get_if<Question>(&node.kind))
      uses[node.node_id] = {question->weight_milli, question->multi()};
  }
  return uses;
}

std::vector<std::string> MatrixIdsOf(const FlowDefinition& definition) {
  std::set<std::string> ids;
  for (const auto& node : definition.nodes) {
    if (const auto* recommend = std::get_if<Recommend>(&node.kind)) ids.insert(recommend->matrix_id);
  }
  return {ids.begin(), ids.end()};
}

}  // namespace vinculo::profiling
