#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/sql/transaction.h"
#include "services/support/store/desk.h"
#include "vinculo/events/v1/event_feed.pb.h"

namespace vinculo::support {

// What support follows of profiling.
std::vector<std::string> ProfilingEventTypes();

// Applies one event of profiling's feed: `handoff.requested` and `inbound.unhandled` open or continue a conversation
// with the message that led to them, at its original time; `profile.contact_linked` files a contact's conversations
// under its customer.
absl::Status ApplyProfilingEvent(const Desk& desk, sql::Transaction& tx, const events::v1::Event& event,
                                 absl::Time now);

}  // namespace vinculo::support
