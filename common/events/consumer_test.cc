#include "common/events/consumer.h"

#include <gtest/gtest.h>

#include "common/events/event_log.h"
#include "common/sql/test_database.h"

namespace vinculo::events {
namespace {

using vinculo::events::v1::Event;
using vinculo::events::v1::WatchResponse;

// A feed whose batches the test hands out.
class ScriptedSource : public FeedSource {
 public:
  std::unique_ptr<Subscription> Watch(const std::string&, int64_t after_seq, std::vector<std::string>,
                                      OnBatch on_batch) override {
    after = after_seq;
    on_batch_ = std::move(on_batch);
    return std::make_unique<Subscription>();
  }
  // Sends events `from`..`to` and tells whether they were applied.
  bool Send(int64_t from, int64_t to) {
    WatchResponse batch;
    for (int64_t seq = from; seq <= to; ++seq) {
      Event* event = batch.add_events();
      event->set_seq(seq);
      event->set_type("thing.done");
    }
    batch.set_next_after_seq(to);
    bool applied = false;
    absl::Notification done;
    on_batch_(batch, [&](bool ok) {
      applied = ok;
      done.Notify();
    });
    done.WaitForNotification();
    return applied;
  }
  int64_t after = -1;

 private:
  OnBatch on_batch_;
};

constexpr sql::Query kInsert{"seen_insert", "INSERT INTO seen(tenant_id, seq) VALUES (?,?)"};
constexpr sql::Query kCount{"seen_count", "SELECT count(*) FROM seen WHERE tenant_id = ?"};
const std::vector<sql::Migration> kSteps = {
    {1, "seen",
     "CREATE TABLE seen (tenant_id TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (tenant_id, seq)) STRICT"}};

class ConsumerTest : public testing::Test {
 protected:
  ConsumerTest() : database_(std::vector<sql::MigrationSet>{{"events", &Migrations()}, {"test", &kSteps}}, &clock_) {}
  std::unique_ptr<Consumer> Start(int64_t poison = 0) { return Follow(source_, poison); }
  std::unique_ptr<Consumer> Follow(ScriptedSource& source, int64_t poison = 0) {
    auto consumer =
        std::make_unique<Consumer>("other", *database_, source, std::vector<std::string>{},
                                   [poison](sql::Transaction& tx, const Event& event, absl::Time) -> absl::Status {
                                     if (event.seq() == poison) return absl::InternalError("cannot");
                                     return tx.Exec(kInsert, tx.tenant(), event.seq());
                                   });
    EXPECT_TRUE(consumer->Start({"demo"}).ok());
    return consumer;
  }
  int64_t Seen() {
    return **database_->ReadInline(sql::TestScope(), [](sql::Transaction& tx) {
      return tx.Find(
          kCount, [](const sql::Row& row) { return row.Int(0); }, tx.tenant());
    });
  }
  ManualClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  sql::TestDatabase database_;
  ScriptedSource source_;
};

TEST_F(ConsumerTest, AppliesEachEventOnceHoweverOftenItComes) {
  auto consumer = Start();
  EXPECT_EQ(source_.after, 0);
  EXPECT_TRUE(source_.Send(1, 3));
  EXPECT_TRUE(source_.Send(2, 4));
  EXPECT_TRUE(source_.Send(1, 4));
  EXPECT_EQ(Seen(), 4);
  consumer.reset();
  database_.Reopen();
  consumer = Start();
  EXPECT_EQ(source_.after, 4);
}

TEST_F(ConsumerTest, GoesOnAfterAnEventThatCannotBeApplied) {
  auto consumer = Start(/*poison=*/2);
  int refused = 0;
  while (!source_.Send(1, 3)) {
    ++refused;
    EXPECT_EQ(Seen(), 0);
  }
  EXPECT_EQ(refused, kPoisonTries);
  EXPECT_EQ(Seen(), 2);
}

TEST_F(ConsumerTest, DeadLettersThatNameSomebodyAreEmptied) {
  auto consumer = Start(/*poison=*/2);
  while (!source_.Send(1, 3)) {
  }
  const auto redact = [&](const std::string& cursor, const std::string& needle) {
    return database_->WriteAndWait(sql::TestScope(), [&](sql::Transaction& tx) {
      return RedactDeadLetters(tx, cursor, {"nobody", needle}, 1);
    });
  };
  const auto left = [&] {
    constexpr sql::Query kEvents{"test_dead_letters", "SELECT event FROM feed_dead_letter WHERE tenant_id = ?"};
    return **database_->ReadInline(sql::TestScope(), [&](sql::Transaction& tx) {
      return tx.Find(
          kEvents, [](const sql::Row& row) { return row.Bytes(0); }, tx.tenant());
    });
  };
  const std::string kept = left();
  absl::StatusOr<std::string> next = redact("", "a stranger");
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(left(), kept);
  EXPECT_EQ(redact(*next, "thing.done").value_or("?"), "") << "the walk goes on after the cursor, and is complete";
  EXPECT_EQ(left(), kept);
  ASSERT_TRUE(redact("", "thing.done").ok());
  EXPECT_EQ(left(), "") << "what it said is gone, that it failed stays";
}

TEST_F(ConsumerTest, ReplicasOnOneStoreTakeTurns) {
  const bool shared = database_->engine().shared();
  const auto first = Follow(source_);
  ScriptedSource other_source;
  const auto second = Follow(other_source);
  EXPECT_TRUE(source_.Send(1, 3));
  EXPECT_TRUE(other_source.Send(1, 3)) << "applied already: nothing to take a turn for";
  EXPECT_EQ(other_source.Send(1, 5), !shared);
  clock_.Advance(absl::Seconds(10));
  EXPECT_TRUE(source_.Send(4, 5));
  EXPECT_EQ(other_source.Send(6, 6), !shared) << "each batch prolongs the turn";
  clock_.Advance(absl::Seconds(16));
  EXPECT_TRUE(other_source.Send(6, 6)) << "the first has fallen silent";
  EXPECT_EQ(source_.Send(7, 7), !shared);
  EXPECT_EQ(Seen(), shared ? 6 : 7);
}

}  // namespace
}  // namespace vinculo::events
