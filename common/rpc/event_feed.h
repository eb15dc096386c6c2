#pragma once

#include <memory>

#include "absl/time/time.h"
#include "common/rpc/call.h"
#include "common/rpc/stream.h"
#include "common/sql/database.h"
#include "vinculo/events/v1/event_feed.grpc.pb.h"

namespace vinculo::rpc {

// Wakes those who wait for events: a thread of its own, told by commits.
class EventBell;

// The event feed that every service serves from its own store. Construct before the store's first write (it listens to
// commits); `runtime` and `database` outlive it, and it outlives the server.
class EventFeedService final : public events::v1::EventFeed::CallbackService {
 public:
  EventFeedService(Runtime& runtime, sql::Database& database, absl::Duration heartbeat = absl::Seconds(15));
  ~EventFeedService() override;

  VINCULO_UNARY(Read, events::v1::ReadRequest, events::v1::ReadResponse)
  VINCULO_SERVER_STREAM(Watch, events::v1::WatchRequest, events::v1::WatchResponse)

 private:
  Runtime& runtime_;
  sql::Database& database_;
  const std::shared_ptr<EventBell> bell_;
};

}  // namespace vinculo::rpc
