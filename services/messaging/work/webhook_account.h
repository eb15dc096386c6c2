#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "services/messaging/domain/webhook_item.h"
#include "services/messaging/work/json_view.h"

namespace vinculo::messaging {

// Every webhook field but `messages`: templates, numbers, accounts, preferences, notices, messages of the phone app.
// `entry` is the account's part of the body, `value` that of the change. Adds to `out`; returns how many parts it did
// not know, 1 for an unknown field.
int ParseAccountChange(const JsonView& entry, const std::string& field, const JsonView& value, absl::Time now,
                       std::vector<WebhookItem>& out);

}  // namespace vinculo::messaging
