#pragma once

#include "common/metrics/registry.h"
#include "services/lifecycle/domain/stage.h"

namespace vinculo::lifecycle {

// What the service counts about its business; calls, statements and jobs are counted by common.
class Metrics {
 public:
  explicit Metrics(metrics::Registry& registry);

  metrics::Labeled<metrics::Counter> usage_facts;  // accepted, unchanged, refused
  metrics::Labeled<metrics::Counter> stage_moves;  // by the stage moved to
  metrics::Counter& health_snapshots;
  metrics::Counter& support_events;

  void CountMove(Stage to) { stage_moves[StageName(to)].Increment(); }
};

}  // namespace vinculo::lifecycle
