#pragma once

#include <memory>
#include <string>
#include <vector>

#include "clients/cpp/channel.h"
#include "common/events/consumer.h"

namespace vinculo::clients {

// A service's event feed as a source for events::Consumer: follows EventFeed.Watch, one batch in flight, and takes it up again from
// the last applied event after every break, with a back-off of 0.1 to 5 s. A consumer that slept longer than events are kept is
// told so in the log and goes on at the oldest event there is.
class FeedWatcher final : public events::FeedSource {
 public:
  explicit FeedWatcher(std::shared_ptr<Channel> channel) : channel_(std::move(channel)) {}
  std::unique_ptr<Subscription> Watch(const std::string& tenant, int64_t after_seq, std::vector<std::string> types,
                                      OnBatch on_batch) override;

 private:
  const std::shared_ptr<Channel> channel_;
};

}  // namespace vinculo::clients
