#include "services/profiling/api/api_fixture.h"
#include "services/profiling/api/convert_flow.h"

namespace vinculo::profiling {
namespace {

using Stub = v1::FlowService::Stub;

class FlowServiceTest : public ApiFixture {
 protected:
  v1::Flow Get() {
    v1::GetFlowRequest get;
    get.set_flow_id(flow_id);
    v1::Flow flow;
    EXPECT_TRUE(Call(*flows, &Stub::GetFlow, get, &flow).ok());
    return flow;
  }
  v1::Question* QuestionOf(v1::Flow& flow, const std::string& id) {
    for (auto& node : *flow.mutable_draft()->mutable_nodes()) {
      if (node.node_id() == id) return node.mutable_question();
    }
    return nullptr;
  }
  absl::Status Update(const v1::Flow& flow, v1::Flow* out) {
    v1::UpdateDraftRequest request;
    *request.mutable_flow() = flow;
    return Call(*flows, &Stub::UpdateDraft, request, out);
  }
};

TEST_F(FlowServiceTest, PublishesTheSamplesFlow) {
  const v1::FlowVersion version = PublishSamples();
  EXPECT_EQ(version.version(), 1);
  EXPECT_EQ(version.matrix_version(), 1);
  EXPECT_EQ(version.lint_report().errors(), 0);
  EXPECT_EQ(version.lint_report().analysis().paths(), 576);
  EXPECT_EQ(version.lint_report().analysis().longest_path(), 5);
  EXPECT_EQ(Get().state(), v1::Flow::STATE_LIVE);
}

TEST_F(FlowServiceTest, PublishingWhatIsLiveReturnsIt) {
  const v1::FlowVersion first = PublishSamples();
  const v1::FlowVersion again = Publish(flow_id);
  EXPECT_EQ(again.version(), 1);
  v1::Flow flow = Get(), changed;
  flow.set_name("Otro nombre");
  ASSERT_TRUE(Update(flow, &changed).ok());
  EXPECT_EQ(Publish(flow_id).version(), 2);
  v1::GetVersionRequest get;
  get.set_flow_id(flow_id);
  get.set_version(1);
  v1::FlowVersion old;
  ASSERT_TRUE(Call(*flows, &Stub::GetVersion, get, &old).ok());
  EXPECT_EQ(old.state(), v1::FlowVersion::STATE_DRAINING);
  EXPECT_EQ(old.definition_hash(), first.definition_hash());
}

TEST_F(FlowServiceTest, ErrorsKeepEverythingAsItWas) {
  PublishSamples();
  v1::Flow flow = Get(), out;
  QuestionOf(flow, "use")->set_default_next("nowhere");
  ASSERT_TRUE(Update(flow, &out).ok());
  v1::PublishFlowRequest publish;
  publish.set_flow_id(flow_id);
  v1::FlowVersion version;
  const absl::Status refused = Call(*flows, &Stub::PublishFlow, publish, &version);
  EXPECT_TRUE(absl::IsFailedPrecondition(refused));
  EXPECT_EQ(ErrorReason(refused), "LINT_ERRORS");
  ASSERT_TRUE(GetErrorDetails(refused).has_value());
  EXPECT_FALSE(GetErrorDetails(refused)->violations.empty());
  EXPECT_EQ(Get().published_version(), 1);
  v1::ValidateFlowRequest validate;
  validate.set_flow_id(flow_id);
  v1::LintReport report;
  ASSERT_TRUE(Call(*flows, &Stub::ValidateFlow, validate, &report).ok());
  EXPECT_GT(report.errors(), 0);
  EXPECT_EQ(report.findings(0).rule(), "NEXT_MISSING");
}

TEST_F(FlowServiceTest, OfTwoEditorsTheSecondIsTold) {
  PublishSamples();
  v1::Flow mine = Get(), theirs = mine, out;
  mine.set_name("Mío");
  theirs.set_name("Suyo");
  ASSERT_TRUE(Update(mine, &out).ok());
  const absl::Status late = Update(theirs, &out);
  EXPECT_TRUE(absl::IsAborted(late));
  EXPECT_EQ(ErrorReason(late), "ETAG_MISMATCH");
  EXPECT_EQ(Get().name(), "Mío");
  v1::Flow same = Get();
  const std::string etag = same.etag();
  ASSERT_TRUE(Update(same, &out).ok());
  EXPECT_EQ(out.etag(), etag) << "saving what is there already makes no new revision";
}

TEST_F(FlowServiceTest, LimitsHoldForDrafts) {
  PublishSamples();
  v1::Flow flow = Get(), out;
  for (int i = 0; i < 10; ++i) *QuestionOf(flow, "use")->add_choices() = QuestionOf(flow, "use")->choices(0);
  const absl::Status status = Update(flow, &out);
  EXPECT_EQ(ErrorReason(status), "LIMIT_EXCEEDED");
}

TEST_F(FlowServiceTest, RequestIdsAreGoodForOneBody) {
  v1::CreateFlowRequest create;
  create.set_request_id("0190aaaa-0000-7000-8000-000000000001");
  *create.mutable_flow() = FromJson<v1::Flow>(ReadFile("samples/flow/flow.json"));
  v1::Flow first, again;
  ASSERT_TRUE(Call(*flows, &Stub::CreateFlow, create, &first).ok());
  ASSERT_TRUE(Call(*flows, &Stub::CreateFlow, create, &again).ok());
  EXPECT_EQ(StableBytes(first), StableBytes(again));
  create.mutable_flow()->set_name("Otro");
  EXPECT_EQ(ErrorReason(Call(*flows, &Stub::CreateFlow, create, &again)), "REQUEST_ID_REUSED");
  create.clear_request_id();
  EXPECT_EQ(ErrorReason(Call(*flows, &Stub::CreateFlow, create, &again)), "SLUG_TAKEN");
  create.set_request_id("no uuid");
  EXPECT_EQ(ErrorReason(Call(*flows, &Stub::CreateFlow, create, &again)), "INVALID_FIELDS");
}

TEST_F(FlowServiceTest, OtherTenantsFlowIsNotFound) {
  PublishSamples();
  v1::GetFlowRequest get;
  get.set_flow_id(flow_id);
  v1::Flow out;
  EXPECT_EQ(ErrorReason(Call(*flows, &Stub::GetFlow, get, &out, {.tenant = "other"})), "FLOW_NOT_FOUND");
}

TEST_F(FlowServiceTest, SimulationHasNoEffectAndNoChance) {
  PublishSamples();
  const size_t events = EventTypes().size();
  v1::SimulateFlowRequest request;
  request.set_flow_id(flow_id);
  request.set_language("es");
  for (int i = 0; i < 6; ++i) request.add_inputs()->set_tap(1);
  request.add_inputs()->set_text("Ana Gómez");
  request.add_inputs()->set_text("ana@example.com");
  request.add_inputs()->set_tap(1);
  v1::SimulateFlowResponse once, twice;
  ASSERT_TRUE(Call(*flows, &Stub::SimulateFlow, request, &once).ok());
  ASSERT_TRUE(Call(*flows, &Stub::SimulateFlow, request, &twice).ok());
  EXPECT_EQ(once.session().outcome(), "quoted");
  EXPECT_THAT(once.lead_payload(), ::testing::HasSubstr("ana@example.com"));
  EXPECT_EQ(once.SerializeAsString(), twice.SerializeAsString());
  EXPECT_EQ(EventTypes().size(), events);
  v1::ListSessionsRequest list;
  list.set_flow_id(flow_id);
  v1::ListSessionsResponse none;
  ASSERT_TRUE(Call(*sessions, &v1::SessionService::Stub::ListSessions, list, &none).ok());
  EXPECT_EQ(none.sessions_size(), 0);
}

}  // namespace
}  // namespace vinculo::profiling
