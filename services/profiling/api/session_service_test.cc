#include <thread>

#include "services/profiling/api/api_fixture.h"

namespace vinculo::profiling {
namespace {

using Stub = v1::SessionService::Stub;
using ::testing::Contains;
using ::testing::Not;

class SessionServiceTest : public ApiFixture {
 protected:
  SessionServiceTest() { PublishSamples(); }
  v1::Session Get(const std::string& id) {
    v1::GetSessionRequest get;
    get.set_session_id(id);
    v1::Session session;
    EXPECT_TRUE(Call(*sessions, &Stub::GetSession, get, &session).ok());
    return session;
  }
};

TEST_F(SessionServiceTest, WalksFromHelloToALead) {
  const v1::HandleInboundResponse done = WalkToLead("visitor-1");
  EXPECT_EQ(done.session().state(), v1::Session::STATE_COMPLETED);
  EXPECT_EQ(done.session().outcome(), "quoted");
  ASSERT_FALSE(done.session().lead_id().empty());
  EXPECT_EQ(done.session().answers_size(), 5);
  v1::GetLeadRequest get;
  get.set_lead_id(done.session().lead_id());
  v1::Lead lead;
  ASSERT_TRUE(Call(*leads, &v1::LeadService::Stub::GetLead, get, &lead).ok());
  EXPECT_EQ(lead.email(), "ana@example.com");
  EXPECT_EQ(lead.first_name(), "Ana María");
  EXPECT_EQ(lead.last_name(), "Gómez");
  EXPECT_EQ(lead.product_id(), done.session().selected_product_id());
  for (const char* type : {"profile.created", "session.started", "recommendation.made", "product.selected",
                           "profile.consent_changed", "lead.created", "session.ended", "profile.updated"}) {
    EXPECT_THAT(EventTypes(), Contains(type));
  }
  const v1::Session whole = Get(done.session().session_id());
  ASSERT_EQ(whole.recommendation().products_size(), 2);
  EXPECT_GT(whole.recommendation().products(0).contributions_size(), 0);
  EXPECT_EQ(whole.recommendation().matrix_hash().size(), 64u);
  v1::GetTranscriptRequest transcript;
  transcript.set_session_id(done.session().session_id());
  v1::Transcript said;
  ASSERT_TRUE(Call(*sessions, &Stub::GetTranscript, transcript, &said).ok());
  EXPECT_GT(said.entries_size(), 15);
}

TEST_F(SessionServiceTest, CapturedDataReachesTheProfile) {
  const std::string id = WalkToLead("visitor-1").session().profile_id();
  v1::GetProfileRequest get;
  get.set_profile_id(id);
  v1::Profile profile;
  ASSERT_TRUE(Call(*profiles, &v1::ProfileService::Stub::GetProfile, get, &profile).ok());
  EXPECT_EQ(profile.name(), "Ana María Gómez");
  ASSERT_EQ(profile.consents_size(), 1);
  EXPECT_EQ(profile.consents(0).decision(), v1::Consent::DECISION_GRANTED);
  EXPECT_FALSE(profile.consents(0).text().empty());
  v1::ResolveIdentityRequest resolve;
  resolve.set_type(v1::Identity::TYPE_EMAIL);
  resolve.set_value("ANA@Example.com");
  ASSERT_TRUE(Call(*profiles, &v1::ProfileService::Stub::ResolveIdentity, resolve, &profile).ok());
  EXPECT_EQ(profile.profile_id(), id);
}

TEST_F(SessionServiceTest, OneEventAHundredTimesIsOneEffect) {
  Say("visitor-1", "hola", true);
  const v1::HandleInboundRequest request = Inbound("visitor-1", "the-event", "1");
  constexpr int kThreads = 10, kEach = 10;
  std::vector<std::string> replies(kThreads * kEach);
  std::vector<int> fresh(kThreads * kEach);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        v1::HandleInboundResponse response;
        EXPECT_TRUE(Call(*sessions, &Stub::HandleInbound, request, &response).ok());
        fresh[t * kEach + i] = !response.duplicate();
        response.clear_duplicate();
        replies[t * kEach + i] = response.SerializeAsString();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(std::count(fresh.begin(), fresh.end(), 1), 1);
  for (const std::string& reply : replies) EXPECT_EQ(reply, replies[0]);
  v1::HandleInboundResponse parsed;
  parsed.ParseFromString(replies[0]);
  EXPECT_EQ(Get(parsed.session().session_id()).answers_size(), 1);
}

TEST_F(SessionServiceTest, BadAnswerIsANormalReply) {
  Say("visitor-1", "hola", true);
  const v1::HandleInboundResponse bad = Say("visitor-1", "no sé qué decir");
  EXPECT_EQ(bad.outcome(), v1::INBOUND_OUTCOME_INVALID);
  EXPECT_EQ(bad.invalid_reason(), "NO_MATCH");
  EXPECT_TRUE(bad.handled());
  EXPECT_EQ(Say("visitor-1", "99").invalid_reason(), "OUT_OF_RANGE");
}

TEST_F(SessionServiceTest, WithoutSessionNobodyHandlesIt) {
  const v1::HandleInboundResponse reply = Say("visitor-1", "hola");
  EXPECT_FALSE(reply.handled());
  EXPECT_EQ(reply.outcome(), v1::INBOUND_OUTCOME_UNHANDLED);
}

TEST_F(SessionServiceTest, ExpiresAtItsDeadlineAndNotBefore) {
  const v1::HandleInboundResponse start = Say("visitor-1", "hola", true);
  const absl::Time expires = absl::FromUnixSeconds(start.session().expires_at().seconds());
  clock.Set(expires - absl::Microseconds(1));
  EXPECT_EQ(Say("visitor-1", "1").outcome(), v1::INBOUND_OUTCOME_VALID);
  clock.Set(clock.Now() + absl::Hours(24));
  const v1::HandleInboundResponse late = Say("visitor-1", "1");
  EXPECT_EQ(late.outcome(), v1::INBOUND_OUTCOME_STARTED);
  EXPECT_EQ(late.session().resumed_from(), start.session().session_id());
  EXPECT_EQ(Get(start.session().session_id()).state(), v1::Session::STATE_EXPIRED);
  EXPECT_EQ(late.session().answers_size(), 1);
}

TEST_F(SessionServiceTest, TimerEndsQuietSessions) {
  const v1::HandleInboundResponse start = Say("visitor-1", "hola", true);
  const Uuid id = *Uuid::Parse(start.session().session_id());
  const auto fire = [&] {
    return db->WriteAndWait(sql::TestScope(),
                            [&](sql::Transaction& tx) { return engine.OnTimer(tx, id, clock.Now()); });
  };
  clock.Advance(absl::Hours(1));
  Say("visitor-1", "1");
  clock.Advance(absl::Hours(23));
  const auto later = fire();
  ASSERT_TRUE(later.ok());
  EXPECT_TRUE(later->has_value()) << "the answer moved the deadline";
  clock.Set(**later);
  EXPECT_FALSE(fire()->has_value());
  EXPECT_EQ(Get(id.ToString()).end_reason(), "EXPIRED");
  EXPECT_THAT(EventTypes(), Contains("session.ended"));
}

TEST_F(SessionServiceTest, PublishingDoesNotTouchRunningSessions) {
  const v1::HandleInboundResponse start = Say("visitor-1", "hola", true);
  v1::GetFlowRequest get;
  get.set_flow_id(flow_id);
  v1::Flow flow, out;
  ASSERT_TRUE(Call(*flows, &v1::FlowService::Stub::GetFlow, get, &flow).ok());
  flow.set_name("Otro");
  v1::UpdateDraftRequest update;
  *update.mutable_flow() = flow;
  ASSERT_TRUE(Call(*flows, &v1::FlowService::Stub::UpdateDraft, update, &out).ok());
  EXPECT_EQ(Publish(flow_id).version(), 2);
  const v1::HandleInboundResponse answer = Say("visitor-1", "1");
  EXPECT_EQ(answer.outcome(), v1::INBOUND_OUTCOME_VALID);
  EXPECT_EQ(answer.session().version(), 1);
  EXPECT_EQ(Say("visitor-2", "hola", true).session().version(), 2);
}

TEST_F(SessionServiceTest, StartingTwiceResumes) {
  v1::StartSessionRequest start;
  start.set_flow_id(flow_id);
  start.set_channel(v1::CHANNEL_WEBCHAT);
  start.set_channel_identity("visitor-1");
  v1::StartSessionResponse first, second;
  ASSERT_TRUE(Call(*sessions, &Stub::StartSession, start, &first).ok());
  ASSERT_TRUE(Call(*sessions, &Stub::StartSession, start, &second).ok());
  EXPECT_TRUE(second.resumed());
  EXPECT_EQ(first.session().session_id(), second.session().session_id());
  start.set_flow_id("nothing");
  EXPECT_EQ(ErrorReason(Call(*sessions, &Stub::StartSession, start, &first)), "FLOW_NOT_FOUND");
}

TEST_F(SessionServiceTest, PromptMovedIsTold) {
  const v1::HandleInboundResponse start = Say("visitor-1", "hola", true);
  v1::HandleInboundRequest request = Inbound("visitor-1", "x1", "1");
  request.set_prompt_seq(start.session().prompt_seq() + 1);
  v1::HandleInboundResponse response;
  const absl::Status moved = Call(*sessions, &Stub::HandleInbound, request, &response);
  EXPECT_TRUE(absl::IsAborted(moved));
  EXPECT_EQ(ErrorReason(moved), "PROMPT_MOVED");
  request.set_prompt_seq(start.session().prompt_seq());
  EXPECT_TRUE(Call(*sessions, &Stub::HandleInbound, request, &response).ok());
}

TEST_F(SessionServiceTest, ControlsAndHandoff) {
  const v1::HandleInboundResponse start = Say("visitor-1", "hola", true);
  Say("visitor-1", "1");
  v1::ControlSessionRequest control;
  control.set_session_id(start.session().session_id());
  control.set_action(v1::ControlSessionRequest::ACTION_BACK);
  v1::ControlSessionResponse out;
  ASSERT_TRUE(Call(*sessions, &Stub::ControlSession, control, &out).ok());
  EXPECT_EQ(out.session().answers_size(), 0);
  control.set_action(v1::ControlSessionRequest::ACTION_HANDOFF);
  ASSERT_TRUE(Call(*sessions, &Stub::ControlSession, control, &out).ok());
  EXPECT_EQ(out.session().outcome(), "HANDOFF");
  EXPECT_THAT(EventTypes(), Contains("handoff.requested"));
  EXPECT_EQ(ErrorReason(Call(*sessions, &Stub::ControlSession, control, &out)), "SESSION_ENDED");
}

TEST_F(SessionServiceTest, TestSessionsTellNobody) {
  v1::StartSessionRequest start;
  start.set_flow_id(flow_id);
  start.set_channel(v1::CHANNEL_WEBCHAT);
  start.set_channel_identity("tester");
  start.set_test(true);
  v1::StartSessionResponse out;
  ASSERT_TRUE(Call(*sessions, &Stub::StartSession, start, &out).ok());
  EXPECT_THAT(EventTypes(), Not(Contains("session.started")));
}

TEST_F(SessionServiceTest, BadRequestsNameEveryField) {
  v1::HandleInboundResponse response;
  const absl::Status status = Call(*sessions, &Stub::HandleInbound, v1::HandleInboundRequest(), &response);
  EXPECT_EQ(ErrorReason(status), "INVALID_FIELDS");
  EXPECT_EQ(GetErrorDetails(status)->violations.size(), 4u);
}

TEST_F(SessionServiceTest, OtherTenantsSessionIsNotFound) {
  const v1::HandleInboundResponse start = Say("visitor-1", "hola", true);
  v1::GetSessionRequest get;
  get.set_session_id(start.session().session_id());
  v1::Session session;
  EXPECT_EQ(ErrorReason(Call(*sessions, &Stub::GetSession, get, &session, {.tenant = "other"})), "SESSION_NOT_FOUND");
}

}  // namespace
}  // namespace vinculo::profiling
