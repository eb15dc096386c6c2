#include "clients/cpp/feed_watcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/events/event_log.h"
#include "common/rpc/event_feed.h"
#include "common/rpc/test_server.h"
#include "common/sql/test_database.h"
#include "common/testing/status_matchers.h"
#include "vinculo/echo/v1/echo.pb.h"

namespace vinculo::clients {
namespace {

namespace v1 = events::v1;

// Applies batches as a consumer does, on a thread of its own choosing, and remembers what it saw.
class Recorder {
 public:
  events::FeedSource::OnBatch Callback() {
    return [this](v1::WatchResponse batch, events::FeedSource::Ack ack) {
      bool applied = true;
      {
        absl::MutexLock lock(&mutex_);
        if (refuse_ > 0) {
          --refuse_;
          applied = false;
        } else {
          for (const v1::Event& event : batch.events()) seen_.push_back(event.seq());
        }
        if (hold_) {
          held_ = std::move(ack);
          return;
        }
      }
      ack(applied);
    };
  }
  std::vector<int64_t> WaitFor(size_t count) {
    absl::MutexLock lock(&mutex_);
    const auto enough = [&]() { return seen_.size() >= count; };
    mutex_.AwaitWithTimeout(absl::Condition(&enough), absl::Seconds(20));
    return seen_;
  }
  void Refuse(int times) {
    absl::MutexLock lock(&mutex_);
    refuse_ = times;
  }
  void Hold() {
    absl::MutexLock lock(&mutex_);
    hold_ = true;
  }
  events::FeedSource::Ack TakeHeld() {
    absl::MutexLock lock(&mutex_);
    return std::move(held_);
  }

 private:
  absl::Mutex mutex_;
  std::vector<int64_t> seen_ ABSL_GUARDED_BY(mutex_);
  int refuse_ ABSL_GUARDED_BY(mutex_) = 0;
  bool hold_ ABSL_GUARDED_BY(mutex_) = false;
  events::FeedSource::Ack held_ ABSL_GUARDED_BY(mutex_);
};

class FeedWatcherTest : public ::testing::Test {
 protected:
  FeedWatcherTest() {
    server_.Add<v1::EventFeed>(feed_);
    server_.Start();
    channel_ = *Channel::Open({.target = server_.address(), .insecure_loopback = true},
                              std::make_shared<FixedToken>(server_.Token({.roles = {"service"}})));
    source_ = std::make_unique<FeedWatcher>(channel_, FeedWatcher::Options{.first_wait = absl::Milliseconds(1)});
  }
  ~FeedWatcherTest() override {
    source_ = nullptr;
    server_.Stop();
  }
  void Append(const std::string& type = "a") {
    ASSERT_OK(database_->WriteAndWait(sql::TestScope(), [&](sql::Transaction& tx) {
      return events::Append(
          tx, {.type = type, .subject = "s", .occurred_at = absl::UnixEpoch(), .payload = echo::v1::Line()},
          absl::Now());
    }));
  }

  sql::TestDatabase database_{std::vector<sql::MigrationSet>{{"events", &events::Migrations()}}};
  rpc::TestServer server_;
  rpc::EventFeedService feed_{server_.runtime(), *database_, absl::Milliseconds(20)};
  std::shared_ptr<Channel> channel_;
  std::unique_ptr<FeedWatcher> source_;
  Recorder recorder_;
};

TEST_F(FeedWatcherTest, DeliversWhatIsThereThenWhatComes) {
  Append();
  Append();
  const auto subscription = source_->Watch("demo", 0, {}, recorder_.Callback());
  EXPECT_THAT(recorder_.WaitFor(2), ::testing::ElementsAre(1, 2));
  Append();
  EXPECT_THAT(recorder_.WaitFor(3), ::testing::ElementsAre(1, 2, 3));
}

TEST_F(FeedWatcherTest, StartsAtTheCursor) {
  for (int i = 0; i < 3; ++i) Append();
  const auto subscription = source_->Watch("demo", 2, {}, recorder_.Callback());
  EXPECT_THAT(recorder_.WaitFor(1), ::testing::ElementsAre(3));
}

TEST_F(FeedWatcherTest, WhatWasNotAppliedComesAgain) {
  recorder_.Refuse(3);
  Append();
  const auto subscription = source_->Watch("demo", 0, {}, recorder_.Callback());
  EXPECT_THAT(recorder_.WaitFor(1), ::testing::ElementsAre(1));
}

TEST_F(FeedWatcherTest, GoesOnAtTheOldestEventWhenItSleptTooLong) {
  for (int i = 0; i < 4; ++i) Append();
  ASSERT_OK(database_->WriteAndWait(sql::TestScope(),
                                    [](sql::Transaction& tx) { return events::Sweep(tx, absl::InfiniteFuture(), 2); }));
  const auto subscription = source_->Watch("demo", 1, {}, recorder_.Callback());
  EXPECT_THAT(recorder_.WaitFor(2), ::testing::ElementsAre(3, 4));
}

TEST_F(FeedWatcherTest, NextBatchWaitsForTheAck) {
  recorder_.Hold();
  Append();
  const auto subscription = source_->Watch("demo", 0, {}, recorder_.Callback());
  recorder_.WaitFor(1);
  Append();
  events::FeedSource::Ack ack;
  while (!ack) ack = recorder_.TakeHeld();
  EXPECT_THAT(recorder_.WaitFor(1), ::testing::ElementsAre(1)) << "the second is not sent before";
  ack(true);
  EXPECT_THAT(recorder_.WaitFor(2), ::testing::ElementsAre(1, 2));
}

TEST_F(FeedWatcherTest, EndsWhileABatchIsWithTheConsumer) {
  recorder_.Hold();
  Append();
  auto subscription = source_->Watch("demo", 0, {}, recorder_.Callback());
  events::FeedSource::Ack ack;
  while (!ack) ack = recorder_.TakeHeld();
  subscription = nullptr;
  ack(true);
}

TEST_F(FeedWatcherTest, ConnectsAgainAfterTheServerWentAway) {
  Append();
  const auto subscription = source_->Watch("demo", 0, {}, recorder_.Callback());
  EXPECT_THAT(recorder_.WaitFor(1), ::testing::ElementsAre(1));
  const std::string address = server_.address();
  server_.Stop();
  rpc::TestServer second({.server = {.address = address}, .minter = server_.shared_minter()});
  rpc::EventFeedService feed(second.runtime(), *database_, absl::Milliseconds(20));
  second.Add<v1::EventFeed>(feed);
  second.Start();
  Append();
  EXPECT_THAT(recorder_.WaitFor(2), ::testing::ElementsAre(1, 2));
  second.Stop();
}

}  // namespace
}  // namespace vinculo::clients
