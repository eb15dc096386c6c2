#pragma once

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "services/profiling/domain/flow.h"

namespace vinculo::profiling {

// The edges of a definition, by node index. References that resolve to nothing are left out and listed.
class FlowGraph {
 public:
  struct Missing {
    int node;
    std::string field;
    std::string target;
  };

  explicit FlowGraph(const FlowDefinition& definition);

  const std::vector<std::vector<int>>& edges() const { return edges_; }
  int entry() const { return entry_; }
  int Find(const std::string& id) const;
  const std::vector<Missing>& missing() const { return missing_; }
  // Nodes on a way from the entry.
  std::vector<bool> Reachable() const;
  // Nodes on a cycle that can be reached; empty when there is none.
  std::vector<int> Cycle() const;
  // The most and the fewest nodes with `counts[node]` on any path from the entry to a node without edges. Only without
  // cycles.
  struct Lengths {
    int longest = 0;
    int shortest = 0;
  };
  Lengths Count(const std::vector<bool>& counts) const;
  // The longest run of nodes with `counts[node]` in a row on any path. Only without cycles.
  int LongestRun(const std::vector<bool>& counts) const;

 private:
  void Add(int from, const std::string& field, const std::string& target, bool required);
  void AddNode(const FlowDefinition& definition, int index);
  std::vector<int> TopologicalOrder() const;

  std::vector<std::vector<int>> edges_;
  absl::flat_hash_map<std::string, int> index_;
  std::vector<Missing> missing_;
  int entry_ = -1;
};

}  // namespace vinculo::profiling
