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
  EXPECT_THAT(expected, testing::HasSubstr("message 0 READ sent 1s delivered 2s read 3s"));
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

TEST(InboxBound, WhenTooManyWaitThePlatformIsToldToComeAgain) {
  World world;
  Inbox inbox(world.db(), world.contacts(), world.metrics_,
              {.slug = "main", .verify_token = "t", .secrets = {kSecret}, .waiting_max = 2});
  http::Listener listener({.address = {"127.0.0.1", 0}, .max_body_bytes = 1 << 20});
  inbox.Serve(listener);
  ASSERT_THAT(listener.Start(), IsOk());
  http::Client client({.guard = http::AddressGuard({listener.address()})});
  const std::string body = "not even JSON";
  const auto post = [&] {
    return client
        .SendAndWait({.method = "POST",
                      .url = listener.url() + "/webhooks/whatsapp/main",
                      .headers = {{"X-Hub-Signature-256", http::HubSignature(kSecret, body)}},
                      .body = body})
        .status;
  };
  EXPECT_EQ(post(), 200);
  EXPECT_EQ(post(), 200);
  EXPECT_EQ(post(), 503);
  inbox.Start();
  while (world.Waiting() > 0) std::this_thread::yield();
  inbox.WaitIdle();
  EXPECT_EQ(post(), 200) << "there is room again";
  listener.Stop();
  inbox.Stop();
}

}  // namespace
}  // namespace vinculo::messaging
