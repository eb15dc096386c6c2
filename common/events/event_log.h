#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/sql/migration.h"
#include "common/sql/transaction.h"

namespace google::protobuf {
class Message;
}

namespace vinculo::events {

// How long events can be read again.
inline constexpr absl::Duration kRetention = absl::Hours(14 * 24);

// A change on its way into the log. `payload` is one message of the service's events.proto; it must outlive the call.
struct Event {
  std::string type;  // such as `ticket.created`
  std::string subject;
  absl::Time occurred_at;
  const google::protobuf::Message& payload;
};

// An event as stored.
struct StoredEvent {
  int64_t seq;
  std::string id;
  std::string type;
  std::string subject;
  absl::Time occurred_at;
  std::string payload_type;  // full name of the payload's message
  std::string payload;       // its bytes
};

// Writes the event in the transaction of the change it tells of. `seq` is the tenant's next number: gapless, in commit
// order. `recorded_at` is the time fixed outside the closure.
absl::Status Append(sql::Transaction& tx, const Event& event, absl::Time recorded_at);

// Up to `limit` events of tx.tenant() after `after_seq`, oldest first. FAILED_PRECONDITION EVENTS_EXPIRED (metadata:
// oldest_seq) when later ones were already swept.
absl::StatusOr<std::vector<StoredEvent>> Read(sql::Transaction& tx, int64_t after_seq, int limit);

// Replaces the payload of one event, so that what it said of a person who is forgotten is gone. Readers that have it
// keep what they read.
absl::Status Redact(sql::Transaction& tx, int64_t seq, const std::string& payload);

// The seq of the tenant's newest event, 0 when there is none.
absl::StatusOr<int64_t> LastSeq(sql::Transaction& tx);

// Deletes up to `limit` of the tenant's oldest events recorded before `before`; returns how many.
absl::StatusOr<int64_t> Sweep(sql::Transaction& tx, absl::Time before, int limit);

// Tables of this folder (component "events").
const std::vector<sql::Migration>& Migrations();

}  // namespace vinculo::events
