#include "services/messaging/test_rig.h"

namespace vinculo::messaging {
namespace {

using ::vinculo::test::IsOk;
using ::vinculo::test::StatusIs;
using Code = absl::StatusCode;

class ChannelTest : public Rig {
 protected:
  template <class Request, class Response>
  absl::Status Channels(grpc::Status (v1::ChannelService::Stub::*method)(grpc::ClientContext*, const Request&,
                                                                         Response*),
                        Request request, Response* out) {
    if constexpr (requires { request.set_request_id(""); }) request.set_request_id(NewId());
    return Call(*channel_stub_, method, request, out);
  }
  static const v1::Budget* Find(const v1::Budgets& budgets, const std::string& limit) {
    for (const v1::Budget& b : budgets.budgets()) {
      if (b.limit() == limit) return &b;
    }
    return nullptr;
  }
};

TEST_F(ChannelTest, AChannelAndItsSenderChangeUnderTheirEtags) {
  Connect();
  v1::UpdateChannelRequest channel;
  channel.mutable_channel()->set_id(channel_.id());
  channel.mutable_channel()->set_display_name("Motos");
  channel.mutable_channel()->set_portfolio_id("300");
  channel.mutable_channel()->set_etag(channel_.etag());
  v1::Channel c;
  ASSERT_THAT(Channels(&v1::ChannelService::Stub::UpdateChannel, channel, &c), IsOk());
  EXPECT_EQ(c.display_name(), "Motos");
  EXPECT_EQ(c.portfolio_id(), "300");
  EXPECT_EQ(c.app(), "main") << "what was not named stays";
  EXPECT_THAT(Channels(&v1::ChannelService::Stub::UpdateChannel, channel, &c),
              StatusIs(Code::kAborted, "ETAG_MISMATCH"));
  v1::UpdateSenderRequest sender;
  sender.mutable_sender()->set_id(sender_.id());
  sender.mutable_sender()->set_throughput(20);
  sender.mutable_sender()->set_daily_reach(2000);
  sender.mutable_update_mask()->add_paths("throughput");
  sender.mutable_update_mask()->add_paths("daily_reach");
  v1::Sender s;
  ASSERT_THAT(Channels(&v1::ChannelService::Stub::UpdateSender, sender, &s), IsOk());
  EXPECT_EQ(s.throughput(), 20);
  EXPECT_EQ(s.daily_reach(), 2000);
  EXPECT_TRUE(s.is_default());
  sender.mutable_sender()->set_phone_number("+5491140000009");
  sender.mutable_sender()->set_throughput(-1);
  sender.mutable_update_mask()->add_paths("phone_number");
  sender.mutable_update_mask()->add_paths("is_default");
  EXPECT_THAT(Channels(&v1::ChannelService::Stub::UpdateSender, sender, &s),
              StatusIs(Code::kInvalidArgument, "INVALID_FIELDS"));
}

TEST_F(ChannelTest, APortfolioBelongsToOneTenant) {
  Connect();
  v1::UpdateChannelRequest update;
  update.mutable_channel()->set_id(channel_.id());
  update.mutable_channel()->set_portfolio_id("300");
  v1::Channel c;
  ASSERT_THAT(Channels(&v1::ChannelService::Stub::UpdateChannel, update, &c), IsOk());
  v1::CreateChannelRequest mine, theirs;
  mine.set_request_id(NewId());
  mine.set_display_name("x");
  mine.set_waba_id("200000000000002");
  mine.set_portfolio_id("300");
  mine.set_app("main");
  mine.set_access_token("token");
  ASSERT_THAT(Call(*channel_stub_, &v1::ChannelService::Stub::CreateChannel, mine, &c), IsOk()) << "the same tenant's";
  theirs = mine;
  theirs.set_request_id(NewId());
  theirs.set_waba_id("200000000000003");
  EXPECT_THAT(Call(*channel_stub_, &v1::ChannelService::Stub::CreateChannel, theirs, &c, {.tenant = "acme"}),
              StatusIs(Code::kAlreadyExists, "PROVIDER_ID_TAKEN"));
}

TEST_F(ChannelTest, ANewTokenIsUsedByTheNextRequest) {
  Connect();
  ImportPeople(3);
  ApproveTemplate();
  Configure({{"graph", {{"access_tokens", {"the-new-one"}}}}});
  StartSending();
  const v1::Campaign campaign = NewCampaign();
  Launch(campaign.id());
  ASSERT_TRUE(Eventually([&] { return Report(campaign.id()).state() == v1::CAMPAIGN_STATE_PAUSED; }));
  v1::GetChannelRequest get;
  get.set_channel_id(channel_.id());
  v1::Channel c;
  ASSERT_THAT(Call(*channel_stub_, &v1::ChannelService::Stub::GetChannel, get, &c), IsOk());
  EXPECT_EQ(c.state(), "BLOCKED");
  v1::RotateTokenRequest rotate;
  rotate.set_channel_id(channel_.id());
  rotate.set_access_token("the-new-one");
  ASSERT_THAT(Channels(&v1::ChannelService::Stub::RotateToken, rotate, &c), IsOk());
  EXPECT_EQ(c.access_token_tail(), "-one");
  v1::ResumeSenderRequest resume;
  resume.set_sender_id(sender_.id());
  v1::Sender s;
  ASSERT_THAT(Channels(&v1::ChannelService::Stub::ResumeSender, resume, &s), IsOk());
  v1::ResumeCampaignRequest again;
  again.set_campaign_id(campaign.id());
  v1::Campaign resumed;
  ASSERT_THAT(Call(*campaign_stub_, &v1::CampaignService::Stub::ResumeCampaign, again, &resumed), IsOk());
  EXPECT_TRUE(Eventually([&] { return Report(campaign.id()).accepted_ever() == 3; }));
}

TEST_F(ChannelTest, WhatsAppIsAskedForTheWebhooksOfAnAccountUntilItAgrees) {
  const auto subscriptions = [&] {
    return nlohmann::json::parse(Control("GET", "counts").body)["graph"]["subscriptions"].get<int>();
  };
  Configure({{"faults", {{{"on", "graph"}, {"path", "/v25.0/200"}, {"first", 1}, {"do", "reset"}}}}});
  Connect();
  ASSERT_TRUE(Eventually([&] { return subscriptions() == 1; })) << "again after a lost connection";
  v1::RotateTokenRequest rotate;
  rotate.set_channel_id(channel_.id());
  rotate.set_access_token("another");
  v1::Channel c;
  ASSERT_THAT(Channels(&v1::ChannelService::Stub::RotateToken, rotate, &c), IsOk());
  EXPECT_TRUE(Eventually([&] { return subscriptions() == 2; })) << "under the new token";
}

TEST_F(ChannelTest, ASenderIsReadFromWhatsAppWhileItsCallerWaits) {
  Connect();
  Configure({{"graph",
              {{"senders",
                {{"100000000000001",
                  {{"fields",
                    {{"throughput", {{"level", "HIGH"}}},
                     {"quality_rating", "YELLOW"},
                     {"whatsapp_business_manager_messaging_limit", "TIER_2K"}}}}}}}}}});
  v1::RefreshSenderRequest refresh;
  refresh.set_sender_id(sender_.id());
  v1::Sender s;
  ASSERT_THAT(Channels(&v1::ChannelService::Stub::RefreshSender, refresh, &s), IsOk());
  EXPECT_EQ(s.tier(), "TIER_2K");
  EXPECT_EQ(s.daily_reach(), 2000);
  EXPECT_EQ(s.throughput(), 1000);
  EXPECT_EQ(s.quality(), "YELLOW");
  EXPECT_EQ(Events("sender.limit_changed").size(), 2u);
  Configure({{"faults", {{{"on", "graph"}, {"do", "http"}, {"http", 500}}}}});
  EXPECT_THAT(Channels(&v1::ChannelService::Stub::RefreshSender, refresh, &s),
              StatusIs(Code::kUnavailable, "PROVIDER_UNAVAILABLE"));
}

TEST_F(ChannelTest, BudgetsShowEachLimitWithItsUse) {
  Connect();
  v1::UpdateSenderRequest limits;
  limits.mutable_sender()->set_id(sender_.id());
  limits.mutable_sender()->set_daily_reach(250);
  limits.mutable_update_mask()->add_paths("daily_reach");
  v1::Sender s;
  ASSERT_THAT(Channels(&v1::ChannelService::Stub::UpdateSender, limits, &s), IsOk());
  ImportPeople(5);
  ApproveTemplate();
  StartSending();
  const v1::Campaign campaign = NewCampaign();
  Launch(campaign.id());
  ASSERT_TRUE(Eventually([&] { return Report(campaign.id()).accepted_ever() == 5; }));
  v1::GetBudgetsRequest request;
  request.set_contact_id(Lookup("+5491120000000").id());
  v1::Budgets budgets;
  ASSERT_THAT(Channels(&v1::ChannelService::Stub::GetBudgets, request, &budgets), IsOk());
  EXPECT_EQ(budgets.sender_id(), sender_.id());
  ASSERT_NE(Find(budgets, "REACH"), nullptr);
  EXPECT_EQ(Find(budgets, "REACH")->used(), 5);
  EXPECT_EQ(Find(budgets, "REACH")->allowed(), 250);
  EXPECT_FALSE(Find(budgets, "REACH")->has_spent_until());
  EXPECT_EQ(Find(budgets, "REACH_BULK")->allowed(), 245);
  EXPECT_EQ(Find(budgets, "NUMBER")->allowed(), 1000);
  EXPECT_EQ(Find(budgets, "PAIR")->used(), 1);
  ASSERT_NE(Find(budgets, "MANAGEMENT"), nullptr);
  EXPECT_EQ(Find(budgets, "MANAGEMENT")->subject(), channel_.id());
  EXPECT_EQ(Find(budgets, "MANAGEMENT")->allowed(), 180);
  EXPECT_GE(Find(budgets, "MANAGEMENT")->used(), 1) << "the template was submitted";
  EXPECT_EQ(Find(budgets, "MANAGEMENT_CREATE")->allowed(), 90);
  EXPECT_EQ(Find(budgets, "MANAGEMENT_CREATE")->used(), 1);
  EXPECT_FALSE(Find(budgets, "MANAGEMENT_CREATE")->has_spent_until());
}

TEST_F(ChannelTest, TheChecklistFollowsWhatIsStored) {
  const auto done = [&] {
    v1::SetupChecklist list;
    EXPECT_THAT(Channels(&v1::ChannelService::Stub::GetSetupChecklist, v1::GetSetupChecklistRequest(), &list), IsOk());
    std::vector<std::string> out;
    for (const v1::SetupStep& step : list.steps()) {
      if (step.done()) out.push_back(step.step());
      EXPECT_EQ(step.help_code(), "S_" + step.step());
    }
    EXPECT_EQ(list.complete(), out.size() == 7u);
    return out;
  };
  EXPECT_TRUE(done().empty());
  Connect();
  EXPECT_THAT(done(), testing::ElementsAre("CHANNEL_CONNECTED"));
  ImportPeople(2);
  ApproveTemplate();
  StartSending();
  const v1::Campaign campaign = NewCampaign();
  Launch(campaign.id());
  ASSERT_TRUE(Eventually([&] { return Report(campaign.id()).delivered_ever() == 2; }));
  EXPECT_EQ(done().size(), 7u);
}

}  // namespace
}  // namespace vinculo::messaging
