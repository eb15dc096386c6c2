#pragma once

#include "common/metrics/registry.h"

namespace vinculo::support {

// What the service counts about its business; calls, statements and jobs are counted by common.
struct Metrics {
  explicit Metrics(metrics::Registry& registry)
      : deliveries(registry.AddCounters("support_deliveries_total",
                                        "Replies and surveys handed to messaging, by what it said.", "outcome",
                                        {"accepted", "refused", "postponed"})),
        feed_events(registry.AddCounters("support_feed_events_total", "Events applied, by the service they came from.",
                                         "source", {"messaging", "profiling"})) {}

  metrics::Labeled<metrics::Counter> deliveries;
  metrics::Labeled<metrics::Counter> feed_events;
};

}  // namespace vinculo::support
