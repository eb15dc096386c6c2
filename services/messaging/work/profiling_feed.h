#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/sql/transaction.h"
#include "services/messaging/store/contact_repository.h"
#include "vinculo/events/v1/event_feed.pb.h"

namespace vinculo::messaging {

// What messaging follows of profiling [M-115].
std::vector<std::string> ProfilingEventTypes();

// Applies one event of profiling's feed. `session.started` sets a hold by its own time, `session.ended` clears only a
// hold of its own session; a decision about `marketing` or `transactional` becomes consent of the customer's contacts,
// unless it came from here: a yes given in a flow is an act of the person's own. `profile.erased` erases the customer's
// contacts, `profile.merged` makes them the other customer's. Events about what we do not know have
// no effect.
absl::Status ApplyProfilingEvent(const ContactRepository& contacts, sql::Transaction& tx,
                                 const events::v1::Event& event, absl::Time now);

}  // namespace vinculo::messaging
