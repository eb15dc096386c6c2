#include "services/profiling/domain/flow_graph.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace vinculo::profiling {

FlowGraph::FlowGraph(const FlowDefinition& definition) : edges_(definition.nodes.size()) {
  for (size_t i = 0; i < definition.nodes.size(); ++i) index_.emplace(definition.nodes[i].node_id, static_cast<int>(i));
  entry_ = Find(definition.entry_node);
  for (size_t i = 0; i < definition.nodes.size(); ++i) AddNode(definition, static_cast<int>(i));
}

int FlowGraph::Find(const std::string& id) const {
  const auto found = index_.find(id);
  return found == index_.end() ? -1 : found->second;
}

void FlowGraph::Add(int from, const std::string& field, const std::string& target, bool required) {
  if (target.empty() && !required) return;
  const int to = Find(target);
  if (to < 0) {
    missing_.push_back({from, field, target});
  } else if (std::find(edges_[from].begin(), edges_[from].end(), to) == edges_[from].end()) {
    edges_[from].push_back(to);
  }
}

void FlowGraph::AddNode(const FlowDefinition& definition, int index) {
  const auto& kind = definition.nodes[index].kind;
  const auto exhausted = [&](const OnExhausted& way) {
    if (way.action == OnExhausted::Action::kRoute) Add(index, "on_exhausted.node", way.node, true);
  };
  if (const auto* question = std::get_if<Question>(&kind)) {
    bool needs_default =
        question->multi() || question->optional || question->on_exhausted.action == OnExhausted::Action::kSkip;
    for (size_t c = 0; c < question->choices.size(); ++c) {
      needs_default |= question->choices[c].next.empty();
      if (!question->multi()) Add(index, absl::StrCat("choices[", c, "].next"), question->choices[c].next, false);
    }
    Add(index, "default_next", question->default_next, needs_default);
    exhausted(question->on_exhausted);
  } else if (const auto* capture = std::get_if<Capture>(&kind)) {
    Add(index, "next", capture->next, true);
    exhausted(capture->on_exhausted);
  } else if (const auto* message = std::get_if<Message>(&kind)) {
    Add(index, "next", message->next, true);
  } else if (const auto* branch = std::get_if<Branch>(&kind)) {
    for (size_t c = 0; c < branch->cases.size(); ++c)
      Add(index, absl::StrCat("cases[", c, "].next"), branch->cases[c].next, true);
    Add(index, "default_next", branch->default_next, true);
  } else if (const auto* recommend = std::get_if<Recommend>(&kind)) {
    Add(index, "next_selected", recommend->next_selected, true);
    Add(index, "next_declined", recommend->next_declined, !recommend->silent);
    Add(index, "next_none", recommend->next_none, true);
  }
}

std::vector<bool> FlowGraph::Reachable() const {
  std::vector<bool> seen(edges_.size());
  std::vector<int> stack;
  if (entry_ >= 0) stack.push_back(entry_);
  while (!stack.empty()) {
    const int node = stack.back();
    stack.pop_back();
    if (seen[node]) continue;
    seen[node] = true;
    for (int next : edges_[node]) stack.push_back(next);
  }
  return seen;
}

std::vector<int> FlowGraph::TopologicalOrder() const {
  const std::vector<bool> reachable = Reachable();
  std::vector<int> incoming(edges_.size());
  for (size_t i = 0; i < edges_.size(); ++i) {
    if (!reachable[i]) continue;
    for (int next : edges_[i]) ++incoming[next];
  }
  std::vector<int> order;
  if (entry_ >= 0 && incoming[entry_] == 0) order.push_back(entry_);
  for (size_t i = 0; i < order.size(); ++i) {
    for (int next : edges_[order[i]]) {
      if (--incoming[next] == 0) order.push_back(next);
    }
  }
  return order;
}

std::vector<int> FlowGraph::Cycle() const {
  const std::vector<bool> reachable = Reachable();
  std::vector<bool> ordered(edges_.size());
  for (int node : TopologicalOrder()) ordered[node] = true;
  std::vector<int> out;
  for (size_t i = 0; i < edges_.size(); ++i) {
    if (reachable[i] && !ordered[i]) out.push_back(static_cast<int>(i));
  }
  return out;
}

FlowGraph::Lengths FlowGraph::Count(const std::vector<bool>& counts) const {
  const std::vector<int> order = TopologicalOrder();
  std::vector<Lengths> from(edges_.size());
  for (auto node = order.rbegin(); node != order.rend(); ++node) {
    Lengths best{0, 0};
    bool first = true;
    for (int next : edges_[*node]) {
      best.longest = std::max(best.longest, from[next].longest);
      best.shortest = first ? from[next].shortest : std::min(best.shortest, from[next].shortest);
      first = false;
    }
    from[*node] = {best.longest + counts[*node], best.shortest + counts[*node]};
  }
  return entry_ < 0 ? Lengths{} : from[entry_];
}

int FlowGraph::LongestRun(const std::vector<bool>& counts) const {
  std::vector<int> run(edges_.size());
  int longest = 0;
  for (int node : TopologicalOrder()) {
    run[node] = counts[node] ? run[node] + 1 : 0;
    longest = std::max(longest, run[node]);
    for (int next : edges_[node]) run[next] = std::max(run[next], run[node]);
  }
  return longest;
}

}  // namespace vinculo::profiling
