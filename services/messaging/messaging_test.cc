#include "services/messaging/test_rig.h"

namespace vinculo::messaging {
namespace {

using ::vinculo::test::IsOk;
using ::vinculo::test::StatusIs;
using Code = absl::StatusCode;

class MessagingTest : public Rig {};

TEST_F(MessagingTest, ACampaignReachesEverybodyExactlyOnce) {
  Connect();
  // A confirmed opt-out would be a second message, and so many of them would pause the campaign.
  v1::UpdatePolicyRequest quiet;
  quiet.set_request_id(NewId());
  quiet.mutable_policy()->mutable_protection()->set_opt_out_percent(100);
  for (const char* path : {"confirm_opt_out", "protection"}) quiet.mutable_update_mask()->add_paths(path);
  v1::Policy policy;
  ASSERT_THAT(Call(*channel_stub_, &v1::ChannelService::Stub::UpdatePolicy, quiet, &policy), IsOk());
  ImportPeople(200);
  ApproveTemplate();
  Configure({{"customers",
              {{"rules",
                {{{"kind", "template"}, {"share", 0.2}, {"reply", {{"choice", 0}}}},
                 {{"kind", "template"}, {"from", 0.2}, {"share", 0.3}, {"reply", {{"choice", 1}}}},
                 {{"kind", "template"}}}}}}});
  const v1::Campaign campaign = NewCampaign();
  v1::PreflightCampaignRequest preflight;
  preflight.set_campaign_id(campaign.id());
  v1::PreflightCampaignResponse flight;
  ASSERT_THAT(Call(*campaign_stub_, &v1::CampaignService::Stub::PreflightCampaign, preflight, &flight), IsOk());
  EXPECT_EQ(flight.matched(), 200);
  EXPECT_EQ(flight.reachable(), 200);
  ASSERT_EQ(flight.samples_size(), 10);
  EXPECT_THAT(flight.samples(0).rendered().body(), testing::StartsWith("Hola P"));
  StartSending();
  Launch(campaign.id());
  ASSERT_TRUE(Eventually([&] { return Report(campaign.id()).state() == v1::CAMPAIGN_STATE_COMPLETED; }))
      << Report(campaign.id()).ShortDebugString();
  ASSERT_TRUE(Eventually([&] { return Report(campaign.id()).delivered_ever() == 200; }))
      << Report(campaign.id()).ShortDebugString();
  ASSERT_TRUE(Eventually([&] {
    const v1::CampaignReport r = Report(campaign.id());
    return r.opt_outs() > 0 && r.repliers_direct() > r.opt_outs();
  })) << Report(campaign.id()).ShortDebugString();
  const nlohmann::json seen = Recipients();
  EXPECT_EQ(seen["reached"], 200) << seen.dump();
  EXPECT_EQ(seen["max_accepted"], 1);
  ExpectRecountAgrees(campaign.id());
  const std::vector<events::v1::Event> received = Events("message.received");
  ASSERT_FALSE(received.empty());
  v1::MessageReceived first;
  ASSERT_TRUE(received[0].payload().UnpackTo(&first));
  EXPECT_EQ(first.route(), v1::ROUTE_PROFILING);
  EXPECT_EQ(first.ref(), "flow-1");
  EXPECT_TRUE(first.campaign_direct());
  EXPECT_EQ(Events("contact.opted_out").size(), static_cast<size_t>(Report(campaign.id()).opt_outs()));
}

TEST_F(MessagingTest, LostAnswersBecomeUnknownAndAreSettledByTheirStatus) {
  Connect();
  ImportPeople(20);
  ApproveTemplate();
  Configure({{"faults", {{{"on", "send"}, {"each_first", 1}, {"do", "reset"}, {"accept", true}}}}});
  const v1::Campaign campaign = NewCampaign();
  StartSending();
  Launch(campaign.id());
  ASSERT_TRUE(Eventually([&] { return Report(campaign.id()).delivered_ever() == 20; }))
      << Report(campaign.id()).ShortDebugString();
  const nlohmann::json seen = Recipients();
  EXPECT_EQ(seen["max_accepted"], 1) << "nobody is written to twice";
  ExpectRecountAgrees(campaign.id());
}

TEST_F(MessagingTest, RefusalsAreCountedByTheirCode) {
  Connect();
  ImportPeople(20);
  ApproveTemplate();
  Configure({{"faults", {{{"on", "send"}, {"to_suffix", "3"}, {"do", "error"}, {"code", 131026}}}}});
  const v1::Campaign campaign = NewCampaign();
  StartSending();
  Launch(campaign.id());
  // A status may come before the answer to another send.
  v1::CampaignReport r;
  ASSERT_TRUE(Eventually([&] {
    r = Report(campaign.id());
    return r.delivered_ever() == 18 && r.refused() == 2;
  })) << r.ShortDebugString();
  ASSERT_EQ(r.failed_by_reason_size(), 1);
  EXPECT_EQ(r.failed_by_reason(0).reason(), "PROVIDER_131026");
  EXPECT_EQ(Events("message.failed").size(), 2u);
}

TEST_F(MessagingTest, PauseResumeAndCancelLoseAndRepeatNobody) {
  Connect();
  ImportPeople(60);
  ApproveTemplate();
  const v1::Campaign campaign = NewCampaign();
  StartSending();
  Launch(campaign.id());
  ASSERT_TRUE(Eventually([&] { return Report(campaign.id()).state() >= v1::CAMPAIGN_STATE_RUNNING; }));
  for (int i = 0; i < 5; ++i) {
    v1::PauseCampaignRequest pause;
    pause.set_campaign_id(campaign.id());
    v1::Campaign c;
    if (!Call(*campaign_stub_, &v1::CampaignService::Stub::PauseCampaign, pause, &c).ok()) break;
    const int64_t attempted = Report(campaign.id()).attempted();
    EXPECT_EQ(Report(campaign.id()).attempted(), attempted) << "no intent commits after the answer";
    v1::ResumeCampaignRequest resume;
    resume.set_campaign_id(campaign.id());
    EXPECT_THAT(Call(*campaign_stub_, &v1::CampaignService::Stub::ResumeCampaign, resume, &c), IsOk());
  }
  ASSERT_TRUE(Eventually([&] { return Report(campaign.id()).delivered_ever() == 60; }))
      << Report(campaign.id()).ShortDebugString();
  EXPECT_EQ(Recipients()["max_accepted"], 1);
  ASSERT_TRUE(Eventually([&] { return Report(campaign.id()).state() == v1::CAMPAIGN_STATE_COMPLETED; }));
  v1::CancelCampaignRequest cancel;
  cancel.set_campaign_id(campaign.id());
  v1::Campaign c;
  EXPECT_THAT(Call(*campaign_stub_, &v1::CampaignService::Stub::CancelCampaign, cancel, &c),
              StatusIs(Code::kFailedPrecondition, "CAMPAIGN_STATE"));
}

TEST_F(MessagingTest, ACancelledCampaignSkipsTheRest) {
  Connect();
  ImportPeople(10);
  ApproveTemplate();
  const v1::Campaign campaign = NewCampaign();
  Launch(campaign.id());  // nobody dispatches yet
  ASSERT_TRUE(Eventually([&] { return Report(campaign.id()).queued() == 10; }));
  v1::CancelCampaignRequest cancel;
  cancel.set_campaign_id(campaign.id());
  v1::Campaign c;
  ASSERT_THAT(Call(*campaign_stub_, &v1::CampaignService::Stub::CancelCampaign, cancel, &c), IsOk());
  ASSERT_TRUE(Eventually([&] { return Report(campaign.id()).skipped() == 10; }));
  EXPECT_EQ(Report(campaign.id()).skipped_by_reason(0).reason(), "CAMPAIGN_CANCELLED");
  ExpectRecountAgrees(campaign.id());
}

TEST_F(MessagingTest, WhatStandsInTheWayRefusesTheLaunch) {
  Connect();
  ImportPeople(2);
  const v1::Campaign campaign = NewCampaign();
  v1::ScheduleCampaignRequest schedule;
  schedule.set_campaign_id(campaign.id());
  v1::Campaign c;
  const absl::Status refused = Call(*campaign_stub_, &v1::CampaignService::Stub::ScheduleCampaign, schedule, &c);
  EXPECT_THAT(refused, StatusIs(Code::kFailedPrecondition, "PREFLIGHT_BLOCKED"));
  EXPECT_EQ(Report(campaign.id()).state(), v1::CAMPAIGN_STATE_DRAFT);
}

TEST_F(MessagingTest, AConversationGoesBackAndForth) {
  Connect();
  StartSending();
  Control("POST", "inbound",
          R"({"from":"5491120000000","phone_number_id":"100000000000001","text":"hola","name":"Ana"})");
  ASSERT_TRUE(Eventually([&] { return Events("message.received").size() == 1; }));
  v1::MessageReceived received;
  ASSERT_TRUE(Events("message.received")[0].payload().UnpackTo(&received));
  EXPECT_EQ(received.route(), v1::ROUTE_SUPPORT);
  EXPECT_EQ(received.profile_name(), "Ana");
  v1::SendMessageRequest reply;
  reply.set_request_id(NewId());
  reply.mutable_recipient()->set_contact_id(received.contact_id());
  reply.mutable_content()->mutable_text()->set_body("¿En qué te ayudo?");
  reply.mutable_hold()->set_route(v1::ROUTE_SUPPORT);
  reply.mutable_hold()->set_ref("conversation-1");
  (*reply.mutable_labels())["conversation"] = "1";
  v1::Message m;
  ASSERT_THAT(Call(*message_stub_, &v1::MessageService::Stub::SendMessage, reply, &m), IsOk());
  v1::GetMessageRequest get;
  get.set_message_id(m.id());
  ASSERT_TRUE(Eventually([&] {
    return Call(*message_stub_, &v1::MessageService::Stub::GetMessage, get, &m).ok() &&
           m.state() >= v1::MESSAGE_STATE_DELIVERED;
  })) << m.ShortDebugString();
  ASSERT_TRUE(Eventually([&] { return !Events("message.delivered").empty(); }));
  v1::MessageDelivered delivered;
  ASSERT_TRUE(Events("message.delivered")[0].payload().UnpackTo(&delivered));
  EXPECT_EQ(delivered.message().labels().at("conversation"), "1");
  Control("POST", "inbound", R"({"from":"5491120000000","phone_number_id":"100000000000001","text":"mi auto"})");
  ASSERT_TRUE(Eventually([&] { return Events("message.received").size() == 2; }));
  ASSERT_TRUE(Events("message.received")[1].payload().UnpackTo(&received));
  EXPECT_EQ(received.ref(), "conversation-1");
}

TEST_F(MessagingTest, DuplicatesAndReorderedWebhooksDoNoHarm) {
  Connect();
  ImportPeople(30);
  ApproveTemplate();
  Configure({{"webhook",
              {{"duplicate_rate", 0.5},
               {"reorder_rate", 0.5},
               {"ms_timestamp_rate", 0.3},
               {"wrong_signature_rate", 0.1},
               {"read_share", 1.0}}},
             {"customers", {{"rules", {{{"kind", "template"}, {"reply", {{"text", "hola"}}}}}}}}});
  const v1::Campaign campaign = NewCampaign();
  StartSending();
  Launch(campaign.id());
  ASSERT_TRUE(Eventually([&] { return Report(campaign.id()).read() == 30; }))
      << Report(campaign.id()).ShortDebugString();
  ASSERT_TRUE(Eventually([&] { return Events("message.received").size() >= 30; }));
  inbox_.WaitIdle();
  EXPECT_EQ(Events("message.received").size(), 30u);
  ExpectRecountAgrees(campaign.id());
}

TEST_F(MessagingTest, WebhooksNeedTheirSignatureOverTheRawBytes) {
  const std::string body = R"({"t":"caf\u00e9 \/ ok"})";
  EXPECT_EQ(Post(body, "").status, 401);
  EXPECT_EQ(Post(body, "sha256=0000").status, 403);
  EXPECT_EQ(Post(body, http::HubSignature("another secret", body)).status, 403);
  EXPECT_EQ(Post(body, "sha256=6ebc98d95d8c281c683ca1de6ca671eee9dc902b5f5064f7bf29bac00958f77c").status, 200);
  EXPECT_EQ(Post("not json at all", http::HubSignature(kSecret, "not json at all")).status, 200)
      << "stored all the same";
  inbox_.WaitIdle();
  EXPECT_EQ(Events("message.received").size(), 0u);
}

TEST_F(MessagingTest, TheWebhookVerifiesItself) {
  const auto get = [&](const std::string& query) {
    return poster_->SendAndWait({.url = absl::StrCat(listener_.url(), "/webhooks/whatsapp", query)});
  };
  EXPECT_EQ(get("?hub.mode=subscribe&hub.verify_token=verify-me&hub.challenge=C-1").body, "C-1");
  EXPECT_EQ(get("?hub.mode=subscribe&hub.verify_token=wrong&hub.challenge=C-1").status, 403);
  EXPECT_EQ(get("/main?hub.mode=subscribe&hub.verify_token=verify-me&hub.challenge=C-2").body, "C-2");
  EXPECT_EQ(get("/other?hub.mode=subscribe&hub.verify_token=verify-me&hub.challenge=C").status, 404);
}

TEST_F(MessagingTest, ARejectedTemplateSaysWhyAndOneThatIsPausedStopsItsCampaign) {
  Connect();
  ImportPeople(5);
  ApproveTemplate();
  const v1::Campaign campaign = NewCampaign();
  Launch(campaign.id());
  ASSERT_TRUE(Eventually([&] { return Report(campaign.id()).queued() == 5; }));
  Control("POST", "templates", R"({"name":"promo","status":"PAUSED"})");
  v1::GetTemplateRequest get;
  get.set_name("promo");
  v1::Template t;
  ASSERT_TRUE(Eventually([&] {
    return Call(*template_stub_, &v1::TemplateService::Stub::GetTemplate, get, &t).ok() &&
           t.translations(0).status() == "PAUSED";
  })) << t.ShortDebugString();
  StartSending();
  ASSERT_TRUE(Eventually([&] { return Report(campaign.id()).state() == v1::CAMPAIGN_STATE_PAUSED; }));
  EXPECT_EQ(Recipients()["reached"], 0);
  v1::CampaignPaused paused;
  ASSERT_TRUE(Events("campaign.paused").at(0).payload().UnpackTo(&paused));
  EXPECT_EQ(paused.reason(), "TEMPLATE_UNAVAILABLE");
}

TEST_F(MessagingTest, ABlockedSenderResumesOnceItsCauseIsSolved) {
  Connect();
  ImportPeople(5);
  ApproveTemplate();
  Configure({{"faults", {{{"on", "send"}, {"do", "error"}, {"code", 190}, {"first", 1}}}}});
  const v1::Campaign campaign = NewCampaign();
  StartSending();
  Launch(campaign.id());
  ASSERT_TRUE(Eventually([&] { return Report(campaign.id()).state() == v1::CAMPAIGN_STATE_PAUSED; }));
  v1::ResumeCampaignRequest resume;
  resume.set_campaign_id(campaign.id());
  v1::Campaign c;
  EXPECT_THAT(Call(*campaign_stub_, &v1::CampaignService::Stub::ResumeCampaign, resume, &c),
              StatusIs(Code::kFailedPrecondition, "PREFLIGHT_BLOCKED"));
  v1::ResumeSenderRequest unblock;
  unblock.set_sender_id(sender_.id());
  v1::Sender sender;
  ASSERT_THAT(Call(*channel_stub_, &v1::ChannelService::Stub::ResumeSender, unblock, &sender), IsOk());
  EXPECT_EQ(sender.state(), "ACTIVE");
  ASSERT_THAT(Call(*campaign_stub_, &v1::CampaignService::Stub::ResumeCampaign, resume, &c), IsOk());
  ASSERT_TRUE(Eventually([&] { return Report(campaign.id()).delivered_ever() == 5; }))
      << Report(campaign.id()).ShortDebugString();
  EXPECT_EQ(Recipients()["max_accepted"], 1);
}

}  // namespace
}  // namespace vinculo::messaging
