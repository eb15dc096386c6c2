#pragma once

#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/messaging/domain/webhook_item.h"

namespace vinculo::messaging {

struct ParsedWebhook {
  std::vector<WebhookItem> items;  // in the order of the body
  int unknown = 0;                 // fields, types and statuses that are counted and ignored
};

// Reads a webhook body as WhatsApp writes it, item by item: a strange item never costs its neighbours, and any bytes at
// all give an answer. Numbers may come as strings, times in milliseconds; a time in the future counts as `now`. [M-98]
ParsedWebhook ParseWebhook(absl::string_view body, absl::Time now);

}  // namespace vinculo::messaging
