#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/sql/transaction.h"
#include "services/profiling/store/session_engine.h"
#include "vinculo/events/v1/event_feed.pb.h"

namespace vinculo::profiling {

// What this service does with messaging's feed: a message routed here drives a session (or is passed on to support),
// every contact heard from gets a profile, opt-outs and opt-ins become consents. Effects land in the consumer's
// transaction, so each happens once.
class FeedEvents {
 public:
  FeedEvents(SessionEngine& engine, EmitEvent emit) : engine_(engine), emit_(std::move(emit)) {}

  // The event types to subscribe to.
  static const std::vector<std::string>& Types();
  absl::Status Apply(sql::Transaction& tx, const events::v1::Event& event, absl::Time now) const;

 private:
  absl::Status Received(sql::Transaction& tx, const events::v1::Event& event, absl::Time now) const;
  template <class Payload>
  absl::Status Consented(sql::Transaction& tx, const events::v1::Event& event, bool granted, absl::Time now) const;

  SessionEngine& engine_;
  const EmitEvent emit_;
};

}  // namespace vinculo::profiling
