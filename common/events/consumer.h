#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "common/sql/database.h"
#include "vinculo/events/v1/event_feed.pb.h"

namespace vinculo::events {

// Where events come from: another service's feed. Implemented by clients/cpp over gRPC.
class FeedSource {
 public:
  virtual ~FeedSource() = default;

  // A batch, oldest first, and the position after it. The source sends no further batch until `ack` was called: with
  // true when the batch has been applied, with false to get it again after a pause.
  using Ack = absl::AnyInvocable<void(bool applied)>;
  using OnBatch = absl::AnyInvocable<void(vinculo::events::v1::WatchResponse batch, Ack ack)>;

  // A running subscription; destroying it ends it and waits until no callback runs.
  class Subscription {
   public:
    virtual ~Subscription() = default;
  };

  // Follows the tenant's feed after `after_seq`, reconnecting with back-off for as long as the subscription lives.
  virtual std::unique_ptr<Subscription> Watch(const std::string& tenant, int64_t after_seq,
                                              std::vector<std::string> types, OnBatch on_batch) = 0;
};

// Applies one event inside the consumer's own transaction, together with the cursor, so that its effect happens exactly
// once. May run again for the same event when the transaction is repeated. An error rolls back the batch, which comes
// again after a pause; an event that failed kPoisonTries times is stored in `feed_dead_letter` and the feed goes on
// without it.
using Apply =
    std::function<absl::Status(sql::Transaction& tx, const vinculo::events::v1::Event& event, absl::Time now)>;

inline constexpr int kPoisonTries = 8;

// Follows one source for all tenants of the installation. Start once; the destructor stops and waits. Replicas on one
// store take turns: one applies a tenant's events, the others see from the cursor that it did, and step in when it
// falls silent.
class Consumer {
 public:
  // `name` identifies the source in the cursor table ("messaging"). `database` and `source` outlive the consumer.
  Consumer(std::string name, sql::Database& database, FeedSource& source, std::vector<std::string> types, Apply apply);
  ~Consumer();

  // Loads each tenant's cursor and begins to watch. Errors: those of the store.
  absl::Status Start(const std::vector<std::string>& tenants);

 private:
  struct Following;
  // The feed is this replica's until it goes silent. UNAVAILABLE when it is another's.
  absl::Status TakeTurn(sql::Transaction& tx, absl::Time now) const;
  void OnBatch(Following& following, vinculo::events::v1::WatchResponse batch, FeedSource::Ack ack);

  const std::string name_;
  sql::Database& database_;
  FeedSource& source_;
  const std::vector<std::string> types_;
  const Apply apply_;
  const std::string holder_;  // names this replica; a new one for each start
  std::vector<std::unique_ptr<Following>> following_;
};

// The cursor of `source` for tx.tenant(): the seq of the last applied event, 0 at the beginning.
absl::StatusOr<int64_t> LoadCursor(sql::Transaction& tx, const std::string& source);
absl::Status SaveCursor(sql::Transaction& tx, const std::string& source, int64_t seq);

// Empties those of tx.tenant()'s dead letters that contain one of `needles`, walking them after `cursor` in steps of
// `limit`; returns the next cursor, empty when the walk is complete. That an event failed, and which, stays.
absl::StatusOr<std::string> RedactDeadLetters(sql::Transaction& tx, absl::string_view cursor,
                                              const std::vector<std::string>& needles, int limit);

}  // namespace vinculo::events
