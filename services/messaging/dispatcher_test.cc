#include "services/messaging/test_rig.h"

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
