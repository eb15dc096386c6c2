#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "services/profiling/domain/compiled_matrix.h"
#include "services/profiling/domain/flow.h"
#include "services/profiling/domain/phrases.h"
#include "services/profiling/domain/text_template.h"

namespace vinculo::profiling {

// A published version, ready to run: nodes in a vector, next steps as indices, texts parsed, names folded, languages
// resolved. Immutable and thread-safe; sessions hold it by shared pointer.
class CompiledFlow {
 public:
  using Matrices = absl::flat_hash_map<std::string, std::shared_ptr<const CompiledMatrix>>;

  struct Node {
    std::string id;
    const vinculo::profiling::Node* definition;
    std::vector<int> choice_next;  // question: by choice; branch: by case
    int next = -1;                 // question, capture, message, branch: default; recommend: when selected
    int next_declined = -1;        // recommend
    int next_none = -1;            // recommend
    int exhausted_node = -1;       // of on_exhausted ROUTE
    // Language -> for each choice what it is called, folded: label, value, synonyms, then the same in the base
    // language.
    std::map<std::string, std::vector<std::vector<std::string>>> names;
    std::shared_ptr<const CompiledMatrix> matrix;  // recommend
  };

  // Takes a definition without schema errors: every reference resolves, every template parses. `matrices` holds each
  // matrix that a Recommend node names.
  static std::shared_ptr<const CompiledFlow> Compile(FlowHead head, int version, FlowDefinition definition,
                                                     const Matrices& matrices);

  const FlowHead& head() const { return head_; }
  int version() const { return version_; }
  const FlowSettings& settings() const { return definition_.settings; }
  int entry() const { return entry_; }
  const std::vector<Node>& nodes() const { return nodes_; }
  const Node& node(int index) const { return nodes_[index]; }
  std::optional<int> FindNode(absl::string_view id) const;
  const Question* question(int index) const { return std::get_if<Question>(&nodes_[index].definition->kind); }

  // The best language of this flow for a customer's tag: exact, its language part, the base.
  const std::string& ResolveLanguage(absl::string_view wanted) const;
  // The text of `key`, falling back from `language` to its part to the base; null for an unknown key.
  const TextTemplate* Text(absl::string_view language, absl::string_view key) const;
  // Command words for a language of this flow, folded.
  const std::map<Command, std::vector<std::string>>& commands(absl::string_view language) const;

 private:
  CompiledFlow() = default;
  void CompileNodes(const Matrices& matrices);
  void CompileTexts();
  void CompileNames(Node& node, const Question& question);
  void AddNames(const std::string& language, const Choice& choice, std::vector<std::string>& names) const;
  void CompileCommands(const std::string& language);
  int IndexOf(const std::string& id) const;

  FlowHead head_;
  int version_ = 0;
  FlowDefinition definition_;
  std::vector<Node> nodes_;
  int entry_ = -1;
  absl::flat_hash_map<std::string, int> index_;
  absl::flat_hash_map<std::string, absl::flat_hash_map<std::string, TextTemplate>> texts_;
  absl::flat_hash_map<std::string, std::map<Command, std::vector<std::string>>> commands_;
};

// The tags to look for, from the most fitting: exact, language part, base; without repetitions.
std::vector<std::string> LanguageChain(absl::string_view wanted, absl::string_view base);

}  // namespace vinculo::profiling
