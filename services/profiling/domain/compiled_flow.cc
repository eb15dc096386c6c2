#include "services/profiling/domain/compiled_flow.h"

#include <algorithm>

#include "common/text/text.h"

namespace vinculo::profiling {

std::vector<std::string> LanguageChain(absl::string_view wanted, absl::string_view base) {
  std::vector<std::string> chain;
  for (absl::string_view tag : {wanted, wanted.substr(0, wanted.find_first_of("-_")), base}) {
    if (!tag.empty() && std::find(chain.begin(), chain.end(), tag) == chain.end()) chain.emplace_back(tag);
  }
  return chain;
}

std::shared_ptr<const CompiledFlow> CompiledFlow::Compile(FlowHead head, int version, FlowDefinition definition,
                                                          const Matrices& matrices) {
  std::shared_ptr<CompiledFlow> flow(new CompiledFlow());
  flow->head_ = std::move(head);
  flow->version_ = version;
  flow->definition_ = std::move(definition);
  flow->CompileTexts();
  flow->CompileNodes(matrices);
  return flow;
}

int CompiledFlow::IndexOf(const std::string& id) const {
  const auto found = index_.find(id);
  return found == index_.end() ? -1 : found->second;
}

std::optional<int> CompiledFlow::FindNode(absl::string_view id) const {
  const auto found = index_.find(id);
  if (found == index_.end()) return std::nullopt;
  return found->second;
}

void CompiledFlow::CompileTexts() {
  definition_.texts.try_emplace(head_.base_language);
  for (const auto& [language, unused] : definition_.texts) {
    auto& table = texts_[language];
    for (const std::string& tag : LanguageChain(language, head_.base_language)) {
      const auto source = definition_.texts.find(tag);
      if (source == definition_.texts.end()) continue;
      for (const auto& [key, text] : source->second) {
        if (table.contains(key)) continue;
        absl::StatusOr<TextTemplate> parsed = TextTemplate::Parse(text);
        if (parsed.ok()) table.emplace(key, *std::move(parsed));
      }
    }
    CompileCommands(language);
  }
}

void CompiledFlow::CompileCommands(const std::string& language) {
  auto& table = commands_[language];
  const CommandWords* own = nullptr;
  for (const std::string& tag : LanguageChain(language, "")) {
    const auto found = definition_.settings.commands.find(tag);
    if (found != definition_.settings.commands.end() && own == nullptr) own = &found->second;
  }
  const auto add = [&](Command command, const std::vector<std::string>* words) {
    std::vector<std::string>& out = table[command];
    if (words != nullptr && !words->empty()) {
      for (const std::string& word : *words) out.push_back(text::Fold(word));
    } else {
      for (absl::string_view word : CommandWordsFor(command, language)) out.emplace_back(word);
    }
  };
  add(Command::kRestart, own ? &own->restart : nullptr);
  add(Command::kBack, own ? &own->back : nullptr);
  add(Command::kSkip, own ? &own->skip : nullptr);
  add(Command::kHelp, own ? &own->help : nullptr);
  add(Command::kAgent, own ? &own->agent : nullptr);
}

void CompiledFlow::AddNames(const std::string& language, const Choice& choice, std::vector<std::string>& names) const {
  const auto add = [&](absl::string_view name) {
    std::string folded = text::Fold(name);
    if (!folded.empty() && std::find(names.begin(), names.end(), folded) == names.end())
      names.push_back(std::move(folded));
  };
  const auto table = definition_.texts.find(language);
  if (table != definition_.texts.end()) {
    const auto label = table->second.find(choice.label_key);
    if (label != table->second.end()) add(label->second);
  }
  add(choice.value);
  const auto synonyms = choice.synonyms.find(language);
  if (synonyms != choice.synonyms.end()) {
    for (const std::string& word : synonyms->second) add(word);
  }
}

void CompiledFlow::CompileNames(Node& node, const Question& question) {
  for (const auto& [language, unused] : definition_.texts) {
    auto& by_choice = node.names[language];
    for (const Choice& choice : question.choices) {
      std::vector<std::string> names;
      for (const std::string& tag : LanguageChain(language, head_.base_language)) AddNames(tag, choice, names);
      by_choice.push_back(std::move(names));
    }
  }
}

void CompiledFlow::CompileNodes(const Matrices& matrices) {
  for (const auto& node : definition_.nodes) {
    index_[node.node_id] = static_cast<int>(nodes_.size());
    nodes_.push_back({node.node_id, &node});
  }
  entry_ = IndexOf(definition_.entry_node);
  for (Node& node : nodes_) {
    if (const auto* question = std::get_if<Question>(&node.definition->kind)) {
      node.next = IndexOf(question->default_next);
      node.exhausted_node = IndexOf(question->on_exhausted.node);
      for (const Choice& choice : question->choices) {
        node.choice_next.push_back(choice.next.empty() ? node.next : IndexOf(choice.next));
      }
      CompileNames(node, *question);
    } else if (const auto* capture = std::get_if<Capture>(&node.definition->kind)) {
      node.next = IndexOf(capture->next);
      node.exhausted_node = IndexOf(capture->on_exhausted.node);
    } else if (const auto* message = std::get_if<Message>(&node.definition->kind)) {
      node.next = IndexOf(message->next);
    } else if (const auto* branch = std::get_if<Branch>(&node.definition->kind)) {
      node.next = IndexOf(branch->default_next);
      for (const BranchCase& item : branch->cases) node.choice_next.push_back(IndexOf(item.next));
    } else if (const auto* recommend = std::get_if<Recommend>(&node.definition->kind)) {
      node.next = IndexOf(recommend->next_selected);
      node.next_declined = IndexOf(recommend->next_declined);
      node.next_none = IndexOf(recommend->next_none);
      const auto matrix = matrices.find(recommend->matrix_id);
      if (matrix != matrices.end()) node.matrix = matrix->second;
    }
  }
}

const std::string& CompiledFlow::ResolveLanguage(absl::string_view wanted) const {
  for (const std::string& tag : LanguageChain(wanted, "")) {
    const auto found = definition_.texts.find(tag);
    if (found != definition_.texts.end()) return found->first;
  }
  return head_.base_language;
}

const TextTemplate* CompiledFlow::Text(absl::string_view language, absl::string_view key) const {
  const auto table = texts_.find(language);
  if (table == texts_.end()) return language == head_.base_language ? nullptr : Text(head_.base_language, key);
  const auto text = table->second.find(key);
  return text == table->second.end() ? nullptr : &text->second;
}

const std::map<Command, std::vector<std::string>>& CompiledFlow::commands(absl::string_view language) const {
  const auto found = commands_.find(language);
  return found == commands_.end() ? commands_.at(head_.base_language) : found->second;
}

}  // namespace vinculo::profiling
