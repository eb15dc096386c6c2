#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/sql/transaction.h"
#include "vinculo/events/v1/event_feed.pb.h"

namespace vinculo::lifecycle {

// The types of support's events that say how often a client needed help and how content it was.
std::vector<std::string> SupportEventTypes();

// Applies one of them in the consumer's transaction. Events of other types and those about nobody's conversation are
// passed over. DATA_LOSS for a payload that cannot be read.
absl::Status ApplySupportEvent(sql::Transaction& tx, const events::v1::Event& event, absl::Time now);

}  // namespace vinculo::lifecycle
