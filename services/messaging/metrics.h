#pragma once

#include "common/metrics/registry.h"
#include "services/messaging/domain/provider.h"

namespace vinculo::messaging {

// Business metrics; RPC, SQL, HTTP and job metrics come from common.
struct Metrics {
  explicit Metrics(metrics::Registry& registry)
      : sends(registry.AddCounters("messaging_sends_total", "Send requests by how they ended.", "result",
                                   {"accepted", "refused", "not_sent", "ambiguous", "untried"})),
        provider_errors(registry.AddCounters("messaging_provider_errors_total",
                                             "Refused send requests by WhatsApp's code, as far as it is known.", "code",
                                             ErrorClasses::Default().Labels())),
        in_flight(registry.AddGauge("messaging_sends_in_flight", "Send requests whose answer is awaited.")),
        webhook_posts(registry.AddCounters("messaging_webhook_posts_total", "Webhook deliveries by answer.", "answer",
                                           {"stored", "unsigned", "forged", "full", "failed"})),
        webhook_items(registry.AddCounters("messaging_webhook_items_total", "Items of webhooks by what they were.",
                                           "kind",
                                           {"message", "status", "template", "preference", "number", "account",
                                            "notice", "error", "echo", "parked", "duplicate", "unknown", "failed"})),
        upkeep(registry.AddCounters(
            "messaging_upkeep_total", "What was swept, by kind.", "kind",
            {"expired", "parked_dropped", "raw_deleted", "media_forgotten", "imports_interrupted"})),
        feed_events(registry.AddCounters("messaging_feed_events_total",
                                         "Events applied, by the service they came from.", "source", {"profiling"})),
        intents(registry.AddHistogram("messaging_intents_per_commit", "Intents committed in one transaction.",
                                      metrics::PowersOfTwo())) {}

  metrics::Labeled<metrics::Counter> sends;
  metrics::Labeled<metrics::Counter> provider_errors;
  metrics::Gauge& in_flight;
  metrics::Labeled<metrics::Counter> webhook_posts;
  metrics::Labeled<metrics::Counter> webhook_items;
  metrics::Labeled<metrics::Counter> upkeep;
  metrics::Labeled<metrics::Counter> feed_events;
  metrics::Histogram& intents;
};

}  // namespace vinculo::messaging
