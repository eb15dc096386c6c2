#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "clients/cpp/channel.h"
#include "common/events/consumer.h"

namespace vinculo::clients {

// The event feed of one service, as events::Consumer wants it: watched over a stream, resumed where the last applied
// batch ended, connected again with back-off for as long as the subscription lives, one batch in flight. A consumer
// that slept longer than events are kept is told so in the log and goes on at the oldest event there is. Thread-safe.
class FeedWatcher final : public events::FeedSource {
 public:
  struct Options {
    absl::Duration first_wait = absl::Milliseconds(100);  // before connecting again; doubles, +-20 %
    absl::Duration longest_wait = absl::Seconds(10);
  };
  explicit FeedWatcher(std::shared_ptr<Channel> channel) : FeedWatcher(std::move(channel), Options()) {}
  FeedWatcher(std::shared_ptr<Channel> channel, Options options);
  // After all of its subscriptions.
  ~FeedWatcher() override;

  std::unique_ptr<Subscription> Watch(const std::string& tenant, int64_t after_seq, std::vector<std::string> types,
                                      OnBatch on_batch) override;

 private:
  class Timer;
  class Following;
  class Handle;
  const std::shared_ptr<Channel> channel_;
  const Options options_;
  const std::shared_ptr<Timer> timer_;
};

}  // namespace vinculo::clients
