// Two processes on one store: only a server has that.
#include <gtest/gtest.h>

#include "services/messaging/work/inbox_world.h"

namespace vinculo::messaging {
namespace {

TEST(InboxReplicas, ApplyEachItemOnceBetweenThem) {
  World world;
  Metrics other(world.other_registry_);
  Inbox one(world.db(), world.contacts(), world.metrics_, {"main", "t", {kSecret}});
  Inbox two(world.db(), world.contacts(), other, {"main", "t", {kSecret}});
  one.Start();
  two.Start();
  world.Store(Bodies(Changes(), 2));
  while (world.Waiting() > 0) std::this_thread::yield();
  one.Stop();
  two.Stop();
  const auto count = [&](const char* kind) {
    return world.metrics_.webhook_items[kind].Value() + other.webhook_items[kind].Value();
  };
  EXPECT_EQ(count("message"), 7);
  EXPECT_EQ(count("duplicate"), 0) << "nothing was applied by both";
  World alone;
  alone.Store(Bodies(Changes(), 2));
  alone.Process();
  EXPECT_EQ(world.Snapshot(), alone.Snapshot());
}

}  // namespace
}  // namespace vinculo::messaging
