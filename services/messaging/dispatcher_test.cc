#include "common/status/status_macros.h"
#include "services/messaging/store/channel_repository.h"
#include "services/messaging/store/message_repository.h"
#include "services/messaging/test_rig.h"
#include "services/messaging/work/dispatch_intents.h"

namespace vinculo::messaging {
namespace {

using ::vinculo::test::IsOk;

// Holders that come and go, as the sandbox counts what they send.
class DispatcherTest : public Rig {
 protected:
  void SetThroughput(int throughput) {
    v1::UpdateSenderRequest request;
    request.set_request_id(NewId());
    request.mutable_sender()->set_id(sender_.id());
    request.mutable_sender()->set_throughput(throughput);
    v1::Sender s;
    ASSERT_THAT(Call(*channel_stub_, &v1::ChannelService::Stub::UpdateSender, request, &s), IsOk());
  }
  DispatcherOptions Options(const std::string& holder) { return {.tenants = {"demo"}, .holder = holder}; }
  DispatcherOptions Late() {
    DispatcherOptions options = Options("late");
    options.intent_age_max = absl::ZeroDuration();
    return options;
  }

  DispatcherOptions Narrow() {
    DispatcherOptions options = Options("narrow");
    options.in_flight_max = 4;
    options.bulk_in_flight_max = 3;
    return options;
  }

  // Somebody else takes the sender over before its time.
  void TakeOver() {
    ASSERT_THAT(db_->WriteAndWait(sql::TestScope(),
                                  [&](sql::Transaction& tx) -> absl::Status {
                                    const absl::Time later = absl::Now() + absl::Hours(1);
                                    const Uuid sender = *Uuid::Parse(sender_.id());
                                    ASSIGN_OR_RETURN(const int64_t token,
                                                     ChannelRepository::ClaimDispatcher(tx, sender, "other", later,
                                                                                        later + absl::Hours(1)));
                                    return RecoverOrphans(tx, sender, token, absl::Minutes(10), absl::Now()).status();
                                  }),
                IsOk());
  }

  Dispatcher narrow_{*db_, contacts_, key_, provider_, metrics_, Narrow()};
  Dispatcher late_{*db_, contacts_, key_, provider_, metrics_, Late()};
  Dispatcher first_{*db_, contacts_, key_, provider_, metrics_, Options("first")};
};

TEST_F(DispatcherTest, AnIntentThatIsTooOldIsNotWrittenAndWaitsAgain) {
  Connect();
  ImportPeople(3);
  ApproveTemplate();
  late_.Start();
  const v1::Campaign campaign = NewCampaign();
  Launch(campaign.id());
  ASSERT_TRUE(Eventually([&] { return metrics_.sends["untried"].Value() >= 3; }));
  late_.Stop();
  EXPECT_EQ(Recipients()["reached"], 0);
  EXPECT_EQ(Report(campaign.id()).queued(), 3);
  StartSending();
  ASSERT_TRUE(Eventually([&] { return Report(campaign.id()).accepted_ever() == 3; }));
  EXPECT_EQ(Recipients()["max_accepted"], 1);
  ExpectRecountAgrees(campaign.id());
}

TEST_F(DispatcherTest, NoSecondHoldsMoreThanTheNumbersRateAcrossATakeover) {
  Connect();
  SetThroughput(80);
  ImportPeople(230);
  ApproveTemplate();
  first_.Start();
  const v1::Campaign campaign = NewCampaign();
  Launch(campaign.id());
  ASSERT_TRUE(Eventually([&] { return Report(campaign.id()).accepted_ever() >= 60; }));
  first_.Stop();
  StartSending();
  ASSERT_TRUE(Eventually([&] { return Report(campaign.id()).accepted_ever() == 230; }));
  const nlohmann::json counts = nlohmann::json::parse(Control("GET", "counts").body);
  EXPECT_LE(counts["send"]["senders"]["100000000000001"]["max_in_a_second"], 76) << counts["send"].dump();
  EXPECT_EQ(Recipients()["max_accepted"], 1);
}

TEST_F(DispatcherTest, NoMoreThanTheBoundAreInFlightAndBulkLeavesRoom) {
  Connect();
  ImportPeople(12);
  ApproveTemplate();
  Configure({{"faults", {{{"on", "send"}, {"do", "delay"}, {"delay_ms", 50}}}}});
  narrow_.Start();
  const v1::Campaign campaign = NewCampaign();
  Launch(campaign.id());
  double most = 0;
  const auto all_reached = [&] {
    most = std::max(most, metrics_.in_flight.Value());
    return Report(campaign.id()).accepted_ever() == 12;
  };
  ASSERT_TRUE(Eventually(all_reached));
  EXPECT_EQ(most, 3) << "bulk may use three of four";
  narrow_.Stop();
}

TEST_F(DispatcherTest, WhatWasAnsweredAfterTheLeaseWasLostIsRecorded) {
  Connect();
  ImportPeople(3);
  ApproveTemplate();
  // No status tells of them: only the answers do.
  Configure({{"webhook", {{"url", ""}}}, {"faults", {{{"on", "send"}, {"do", "delay"}, {"delay_ms", 1000}}}}});
  DispatcherOptions options = Options("loses");
  options.renew = absl::Milliseconds(10);  // and so soon learns that it holds the sender no longer
  Dispatcher dispatcher(*db_, contacts_, key_, provider_, metrics_, options);
  dispatcher.Start();
  const v1::Campaign campaign = NewCampaign();
  Launch(campaign.id());
  ASSERT_TRUE(Eventually([&] { return metrics_.in_flight.Value() == 3; }));
  TakeOver();
  EXPECT_EQ(Report(campaign.id()).unknown(), 3);
  EXPECT_TRUE(Eventually([&] { return Report(campaign.id()).accepted_ever() == 3; }))
      << Report(campaign.id()).ShortDebugString();
  dispatcher.Stop();  // has nothing left to write
  ExpectRecountAgrees(campaign.id());
}

TEST_F(DispatcherTest, ACommitThatLandsAfterItsSessionDiedLeavesNothingSending) {
  Connect();
  ImportPeople(1);
  DispatcherOptions options = Options("sweeps");
  options.sweep = absl::Milliseconds(10);
  Dispatcher dispatcher(*db_, contacts_, key_, provider_, metrics_, options);
  dispatcher.Start();
  ASSERT_TRUE(Eventually([&] { return dispatcher.TryReserve("demo", *Uuid::Parse(sender_.id())); })) << "held";
  const absl::Time now = absl::Now();
  Message m{.id = Uuid::New(now),
            .contact_id = *Uuid::Parse(Lookup("+5491120000000").id()),
            .sender_id = *Uuid::Parse(sender_.id()),
            .due_at = now,
            .expire_at = now + absl::Hours(1),
            .content = TextContent{"Hola", false},
            .created_at = now};
  m.progress = {.phase = Phase::kSending, .attempt = 1};  // under a token before the first
  ASSERT_THAT(
      db_->WriteAndWait(sql::TestScope(), [&](sql::Transaction& tx) { return MessageRepository::Insert(tx, m); }),
      IsOk());
  EXPECT_TRUE(Eventually([&] {
    const auto is =
        db_->ReadInline(sql::TestScope(), [&](sql::Transaction& tx) { return MessageRepository::Get(tx, m.id); });
    return is.ok() && is->state() == MessageState::kUnknown;
  }));
  dispatcher.Stop();
}

TEST_F(DispatcherTest, AReadMarkTakesASlotOnlyWhereTheSenderIsHeld) {
  Connect();
  SetThroughput(2);
  const Uuid sender = *Uuid::Parse(sender_.id());
  EXPECT_FALSE(dispatcher_->TryReserve("demo", sender)) << "not held yet";
  StartSending();
  ASSERT_TRUE(Eventually([&] { return dispatcher_->TryReserve("demo", sender); }));
  EXPECT_FALSE(dispatcher_->TryReserve("demo", sender)) << "one in a second, the other is kept for what comes in";
  EXPECT_FALSE(first_.TryReserve("demo", sender));
}

}  // namespace
}  // namespace vinculo::messaging
