// The webhook path as a whole: bodies in, rows out.
#include "services/messaging/work/inbox.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>
#include <thread>

#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "common/http/client.h"
#include "common/http/hub_signature.h"
#include "common/time/clock.h"
#include "services/messaging/store/inbound_repository.h"
#include "services/messaging/store/inbox_repository.h"
#include "services/messaging/work/inbox_world.h"

namespace vinculo::messaging {
namespace {

using ::vinculo::test::IsOk;

TEST(InboxOrder, AnyPermutationRepetitionAndSplitOfWebhooksLeavesEqualRows) {
  World straight;
  straight.Store(Bodies(Changes(), 1));
  straight.Process();
  const std::string expected = straight.Snapshot();
  EXPECT_THAT(expected, testing::HasSubstr("message 0 READ accepted 0 sent 1s delivered 2s read 3s"));
  EXPECT_THAT(expected, testing::HasSubstr("message 4 READ accepted 5s sent 6s delivered 5s read 7s"));
  EXPECT_THAT(expected, testing::HasSubstr("received 7 echoed 1"));
  std::mt19937 random(11);
  for (int round = 0; round < 8; ++round) {
    std::vector<std::string> changes = Changes();
    for (const std::string& again : Changes()) {
      if (random() % 2 == 0) changes.push_back(again);
    }
    std::shuffle(changes.begin(), changes.end(), random);
    World shuffled;
    shuffled.Store(Bodies(changes, 1 + random() % 7));
    shuffled.Process();
    EXPECT_EQ(shuffled.Snapshot(), expected) << "round " << round;
  }
}

TEST(InboxReplay, AppliesOnceMoreWithoutFurtherEffect) {
  World world;
  world.Store(Bodies(Changes(), 3));
  world.Process();
  const std::string before = world.Snapshot();
  // Ids never go back, so that those made after a look at the real clock are of today.
  const absl::Time to = SystemClock::Get()->Now() + absl::Hours(1);
  const auto replayed = world.db().WriteAndWait(
      sql::TestScope(), [to](sql::Transaction& tx) { return RawInbox::Replay(tx, kNow, to, 1000); });
  ASSERT_THAT(replayed, IsOk());
  EXPECT_EQ(*replayed, static_cast<int64_t>(Bodies(Changes(), 3).size()));
  EXPECT_EQ(world.Waiting(), *replayed);
  world.Process();
  EXPECT_EQ(world.Snapshot(), before);
}

// An inbox that takes two bodies and no more, behind its listener.
class InboxBound : public testing::Test {
 protected:
  void SetUp() override {
    inbox_.Serve(listener_);
    ASSERT_THAT(listener_.Start(), IsOk());
    client_.emplace(http::ClientOptions{.guard = http::AddressGuard({listener_.address()})});
  }
  int Post() {
    const std::string body = "not even JSON";
    return client_
        ->SendAndWait({.method = "POST",
                       .url = listener_.url() + "/webhooks/whatsapp/main",
                       .headers = {{"X-Hub-Signature-256", http::HubSignature(kSecret, body)}},
                       .body = body})
        .status;
  }
  void WaitUntilApplied() {
    while (world_.Waiting() > 0) std::this_thread::yield();
    inbox_.WaitIdle();
  }

  World world_;
  Inbox inbox_{world_.db(),
               world_.contacts(),
               world_.metrics_,
               {.slug = "main", .verify_token = "t", .secrets = {kSecret}, .waiting_max = 2}};
  http::Listener listener_{{.address = {"127.0.0.1", 0}, .max_body_bytes = 1 << 20}};
  std::optional<http::Client> client_;
};

TEST_F(InboxBound, WhenTooManyWaitThePlatformIsToldToComeAgain) {
  EXPECT_EQ(Post(), 200);
  EXPECT_EQ(Post(), 200);
  EXPECT_EQ(Post(), 503);
  inbox_.Start();
  WaitUntilApplied();
  EXPECT_EQ(Post(), 200) << "there is room again";
  listener_.Stop();
  inbox_.Stop();
}

TEST_F(InboxBound, IsTheSameAfterAReplay) {
  world_.Store(Bodies(Changes(), 1));
  inbox_.Start();
  WaitUntilApplied();
  const absl::Time to = SystemClock::Get()->Now() + absl::Hours(1);
  ASSERT_THAT(world_.db().WriteAndWait(sql::TestScope(),
                                       [to](sql::Transaction& tx) { return RawInbox::Replay(tx, kNow, to, 1000); }),
              IsOk());
  WaitUntilApplied();
  inbox_.Stop();
  EXPECT_EQ(Post(), 200);
  EXPECT_EQ(Post(), 200);
  EXPECT_EQ(Post(), 503) << "what was applied once more made no room";
  listener_.Stop();
}

}  // namespace
}  // namespace vinculo::messaging
