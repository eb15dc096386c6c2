#include "services/lifecycle/metrics.h"

#include <string>
#include <vector>

namespace vinculo::lifecycle {
namespace {

std::vector<std::string> StageNames() {
  std::vector<std::string> names;
  for (int i = static_cast<int>(Stage::kNew); i <= static_cast<int>(Stage::kLost); ++i) {
    names.emplace_back(StageName(static_cast<Stage>(i)));
  }
  return names;
}

}  // namespace

Metrics::Metrics(metrics::Registry& registry)
    : usage_facts(registry.AddCounters("lifecycle_usage_facts_total", "Usage facts by what became of them.", "result",
                                       std::vector<std::string>{"accepted", "unchanged", "refused"})),
      stage_moves(registry.AddCounters("lifecycle_stage_moves_total", "Moves of modules by the stage they moved to.",
                                       "to", StageNames())),
      health_snapshots(registry.AddCounter("lifecycle_health_snapshots_total", "Health snapshots written.")),
      support_events(registry.AddCounter("lifecycle_support_events_total", "Events of support that were applied.")) {}

}  // namespace vinculo::lifecycle
