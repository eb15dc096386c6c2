// Two processes on one store: only a server has that.
#include "services/messaging/store/message_repository.h"
#include "services/messaging/test_rig.h"

namespace vinculo::messaging {
namespace {

using ::vinculo::test::IsOk;

class DispatcherReplicas : public Rig {};

TEST_F(DispatcherReplicas, WhatAnotherProcessQueuesIsSeenBeforeTheNextSweep) {
  Connect();
  ApproveTemplate();
  ImportPeople(1);
  DispatcherOptions options{.tenants = {"demo"}, .holder = "looks", .sweep = absl::InfiniteDuration()};
  Dispatcher dispatcher(*db_, contacts_, key_, provider_, metrics_, options);
  dispatcher.Start();
  ASSERT_TRUE(Eventually([&] { return dispatcher.TryReserve("demo", *Uuid::Parse(sender_.id())); })) << "held";
  const auto other = sql::Database::Open({.url = db_.url(), .as_found = true});
  ASSERT_THAT(other, IsOk());
  const absl::Time now = absl::Now();
  ASSERT_THAT((*other)->WriteAndWait(sql::TestScope(),
                                     [&](sql::Transaction& tx) {
                                       return MessageRepository::Insert(
                                           tx, {.id = Uuid::New(now),
                                                .contact_id = *Uuid::Parse(Lookup("+5491120000000").id()),
                                                .sender_id = *Uuid::Parse(sender_.id()),
                                                .due_at = now,
                                                .expire_at = now + absl::Hours(1),
                                                .content = TemplateContent{"promo", "es_AR", {{"body.1", "Ana"}}},
                                                .version = 1,
                                                .category = Category::kUtility,
                                                .created_at = now});
                                     }),
              IsOk());
  EXPECT_TRUE(Eventually([&] { return Recipients()["reached"] == 1; }, absl::Seconds(20)));
  dispatcher.Stop();
}

}  // namespace
}  // namespace vinculo::messaging
