#include "services/lifecycle/api/lifecycle_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/lifecycle/api/api_fixture.h"

namespace vinculo::lifecycle {
namespace {

using test::StatusIs;
using testing::ElementsAre;
using testing::IsEmpty;
using enum absl::StatusCode;

constexpr char kRequestId[] = "0190a5b2-7c1e-7000-8000-000000000001";
constexpr char kNobody[] = "0190a5b2-7c1e-7000-8000-0000000000ff";

class LifecycleServiceTest : public ApiFixture {
 protected:
  v1::ModuleInstance Get(const std::string& id, const rpc::Caller& caller = {}, absl::StatusCode code = kOk) {
    v1::GetModuleInstanceRequest request;
    request.set_module_instance_id(id);
    v1::ModuleInstance module;
    EXPECT_THAT(Call(*lifecycle, &Lifecycle::GetModuleInstance, request, &module, caller), StatusIs(code));
    return module;
  }
  absl::Status Request(const std::string& id, v1::Stage to) {
    v1::RequestTransitionRequest request;
    request.set_module_instance_id(id);
    request.set_to_stage(to);
    v1::ModuleInstance module;
    return Call(*lifecycle, &Lifecycle::RequestTransition, request, &module);
  }
  std::vector<v1::StageEvent> History(const std::string& id) {
    v1::GetStageHistoryRequest request;
    request.set_module_instance_id(id);
    v1::GetStageHistoryResponse response;
    EXPECT_OK(Call(*lifecycle, &Lifecycle::GetStageHistory, request, &response));
    return {response.stage_events().begin(), response.stage_events().end()};
  }
  // Four weeks of (started, completed) up to the week of 10 June.
  void FourWeeks(const std::string& customer, const std::string& key, int64_t started, int64_t completed) {
    std::vector<v1::UsageFact> facts;
    for (int week = 0; week < 4; ++week)
      facts.push_back(Fact(customer, key, absl::CivilDay(2024, 6, 10) - 7 * week, started, completed));
    EXPECT_EQ(Ingest(facts)->accepted_count(), 4);
  }
};

TEST_F(LifecycleServiceTest, FirstEngagementMakesTheAccount) {
  const v1::Engagement engagement = Engage("acme");
  EXPECT_EQ(engagement.sequence_no(), 1);
  v1::GetAccountRequest request;
  request.set_customer_id("acme");
  v1::Account account;
  ASSERT_OK(Call(*lifecycle, &Lifecycle::GetAccount, request, &account, {.roles = {"agent"}}));
  EXPECT_EQ(account.name(), "Name of acme");
  EXPECT_EQ(account.engagement_id(), engagement.engagement_id());
  EXPECT_EQ(account.stage(), v1::STAGE_UNSPECIFIED);
  EXPECT_THAT(EventTypes(), ElementsAre("engagement.opened"));
}

TEST_F(LifecycleServiceTest, OneOpenEngagementAtATime) {
  const v1::Engagement first = Engage("acme");
  v1::CreateEngagementRequest request;
  request.set_customer_id("acme");
  v1::Engagement engagement;
  EXPECT_THAT(Call(*lifecycle, &Lifecycle::CreateEngagement, request, &engagement),
              StatusIs(kAlreadyExists, "ENGAGEMENT_OPEN"));
  v1::ModuleInstance module;
  ASSERT_OK(AddModule(first.engagement_id(), "cases", &module));
  ASSERT_OK(Force(module.module_instance_id(), v1::STAGE_LOST, clock.Now(), &module));
  ASSERT_OK(Call(*lifecycle, &Lifecycle::CreateEngagement, request, &engagement)) << "a client that comes back";
  EXPECT_EQ(engagement.sequence_no(), 2);
  v1::ListEngagementsRequest list;
  list.set_customer_id("acme");
  v1::ListEngagementsResponse engagements;
  ASSERT_OK(Call(*lifecycle, &Lifecycle::ListEngagements, list, &engagements));
  ASSERT_EQ(engagements.engagements_size(), 2);
  EXPECT_TRUE(engagements.engagements(0).has_closed_at());
  EXPECT_THAT(AddModule(first.engagement_id(), "cases", &module), StatusIs(kFailedPrecondition, "ENGAGEMENT_CLOSED"));
}

TEST_F(LifecycleServiceTest, AModuleIsSoldOncePerEngagement) {
  const v1::Engagement engagement = Engage("acme");
  v1::ModuleInstance module;
  ASSERT_OK(AddModule(engagement.engagement_id(), "cases", &module));
  EXPECT_EQ(module.stage(), v1::STAGE_NEW);
  EXPECT_THAT(AddModule(engagement.engagement_id(), "cases", &module), StatusIs(kAlreadyExists, "MODULE_ACTIVE"));
  EXPECT_THAT(AddModule(engagement.engagement_id(), "nothing", &module), StatusIs(kNotFound, "MODULE_DEF_NOT_FOUND"));
  EXPECT_THAT(AddModule(kNobody, "cases", &module), StatusIs(kNotFound, "ENGAGEMENT_NOT_FOUND"));
  EXPECT_THAT(EventTypes(), ElementsAre("engagement.opened", "stage.changed"));
}

TEST_F(LifecycleServiceTest, ReachesEarlyAdoptionByForceAndDelivery) {
  const v1::ModuleInstance module = LiveModule(Engage("acme").engagement_id(), "cases");
  EXPECT_EQ(module.stage(), v1::STAGE_EARLY_ADOPTION);
  EXPECT_EQ(absl::FromUnixSeconds(module.go_live_at().seconds()), At(absl::CivilDay(2023, 2, 1)));
  const auto history = History(module.module_instance_id());
  ASSERT_EQ(history.size(), 4);
  EXPECT_EQ(history[0].reason(), "FORCED");
  EXPECT_TRUE(history[0].bypass());
  EXPECT_EQ(history[0].comment(), "agreed with the client");
  EXPECT_EQ(history[0].actor(), "tester");
  EXPECT_EQ(history[1].reason(), "PRODUCTION_DELIVERED");
  EXPECT_FALSE(history[1].bypass());
  EXPECT_EQ(history[3].from_stage(), v1::STAGE_UNSPECIFIED);
}

TEST_F(LifecycleServiceTest, ForceNeedsAReasonAndLeavesLostAlone) {
  v1::ModuleInstance module;
  ASSERT_OK(AddModule(Engage("acme").engagement_id(), "cases", &module));
  const std::string id = module.module_instance_id();
  EXPECT_THAT(Force(id, v1::STAGE_ADOPTION, clock.Now(), &module, ""), StatusIs(kInvalidArgument, "REASON_REQUIRED"));
  EXPECT_THAT(Force(id, v1::STAGE_UNSPECIFIED, clock.Now(), &module), StatusIs(kInvalidArgument, "INVALID_FIELDS"));
  EXPECT_THAT(Force(id, v1::STAGE_ADOPTION, clock.Now() + absl::Hours(1), &module),
              StatusIs(kInvalidArgument, "INVALID_FIELDS"));
  EXPECT_THAT(Force(id, v1::STAGE_ADOPTION, At(absl::CivilDay(2022, 1, 1)), &module),
              StatusIs(kInvalidArgument, "INVALID_FIELDS"))
      << "before the present stage";
  EXPECT_THAT(Force(id, v1::STAGE_NEW, clock.Now(), &module), StatusIs(kFailedPrecondition, "TRANSITION_NOT_ALLOWED"));
  EXPECT_THAT(Force(id, v1::STAGE_ADOPTION, clock.Now(), &module, "x", {.roles = {"cs"}}), StatusIs(kPermissionDenied));
  ASSERT_OK(Force(id, v1::STAGE_LOST, clock.Now(), &module, "x", {.roles = {"cs_lead"}}));
  EXPECT_THAT(Force(id, v1::STAGE_NEW, clock.Now(), &module), StatusIs(kFailedPrecondition, "ALREADY_LOST"));
}

TEST_F(LifecycleServiceTest, RequestsAreHeldByGatesAndRules) {
  const v1::Engagement engagement = Engage("acme");
  v1::ModuleInstance fresh;
  ASSERT_OK(AddModule(engagement.engagement_id(), "onboardings", &fresh));
  EXPECT_THAT(Request(fresh.module_instance_id(), v1::STAGE_IMPLEMENTATION),
              StatusIs(kFailedPrecondition, "HANDOFF_REQUIRED"));
  EXPECT_THAT(Request(fresh.module_instance_id(), v1::STAGE_SUCCESS),
              StatusIs(kFailedPrecondition, "TRANSITION_NOT_ALLOWED"));
  EXPECT_THAT(Request(fresh.module_instance_id(), v1::STAGE_CHURN),
              StatusIs(kFailedPrecondition, "TRANSITION_NOT_ALLOWED"));
  const v1::ModuleInstance live = LiveModule(engagement.engagement_id(), "cases");
  FourWeeks("acme", "cases", 10, 7);
  const absl::Status refused = Request(live.module_instance_id(), v1::STAGE_ADOPTION);
  EXPECT_THAT(refused, StatusIs(kFailedPrecondition, "USAGE_RULE_NOT_MET"));
  const auto details = GetErrorDetails(refused);
  ASSERT_TRUE(details);
  EXPECT_THAT(details->metadata, testing::Contains(testing::Pair("r4_numerator", "28")));
  EXPECT_THAT(details->metadata, testing::Contains(testing::Pair("r4_denominator", "40")));
  EXPECT_EQ(Ingest({Fact("acme", "cases", absl::CivilDay(2024, 6, 10), 10, 8, 2)})->accepted_count(), 1);
  EXPECT_OK(Request(live.module_instance_id(), v1::STAGE_ADOPTION));
  EXPECT_EQ(Get(live.module_instance_id()).stage(), v1::STAGE_ADOPTION);
  EXPECT_EQ(History(live.module_instance_id())[0].evidence().r4().completed(), 29);
}

TEST_F(LifecycleServiceTest, EvaluationMovesOnceAWeekAndDryRunOnlyTells) {
  const v1::ModuleInstance module = LiveModule(Engage("acme").engagement_id(), "cases");
  FourWeeks("acme", "cases", 10, 8);
  v1::EvaluateStagesRequest request;
  request.set_dry_run(true);
  const auto dry = Evaluate(request, {.roles = {"cs"}});
  ASSERT_OK(dry);
  ASSERT_EQ(dry->size(), 1);
  EXPECT_EQ((*dry)[0].to_stage(), v1::STAGE_ADOPTION);
  EXPECT_EQ((*dry)[0].evidence().last_week(), "2024-W24");
  EXPECT_EQ(Get(module.module_instance_id()).stage(), v1::STAGE_EARLY_ADOPTION);
  request.set_dry_run(false);
  request.set_week("2024-W24");
  const size_t events = EventTypes().size();
  ASSERT_OK(Evaluate(request));
  EXPECT_EQ(Get(module.module_instance_id()).stage(), v1::STAGE_ADOPTION);
  EXPECT_EQ(Get(module.module_instance_id()).evaluated_week(), "2024-W24");
  EXPECT_EQ(EventTypes().size(), events + 1);
  const auto again = Evaluate(request);
  ASSERT_OK(again);
  EXPECT_TRUE((*again)[0].already_evaluated());
  EXPECT_EQ(EventTypes().size(), events + 1);
  EXPECT_EQ(server.registry().Render().find("lifecycle_stage_moves_total{to=\"ADOPTION\"} 1") == std::string::npos,
            false);
}

TEST_F(LifecycleServiceTest, EvaluationRefusesWeeksThatAreNotOver) {
  v1::EvaluateStagesRequest request;
  request.set_week("2024-W25");
  EXPECT_THAT(Evaluate(request), StatusIs(kFailedPrecondition, "PARTIAL_PERIOD"));
  for (const char* week : {"2024-06", "2024-W54", "nonsense", "1969-W10"}) {
    request.set_week(week);
    EXPECT_THAT(Evaluate(request), StatusIs(kInvalidArgument, "INVALID_FIELDS")) << week;
  }
  EXPECT_THAT(Evaluate({}, {.roles = {"agent"}}), StatusIs(kPermissionDenied));
}

TEST_F(LifecycleServiceTest, EvaluationOfNamedClientsLeavesOthersAlone) {
  const v1::ModuleInstance a = LiveModule(Engage("a").engagement_id(), "cases");
  const v1::ModuleInstance b = LiveModule(Engage("b").engagement_id(), "cases");
  v1::EvaluateStagesRequest request;
  request.add_customer_ids("nobody");
  request.add_customer_ids("b");
  const auto outcomes = Evaluate(request);
  ASSERT_OK(outcomes);
  ASSERT_EQ(outcomes->size(), 1);
  EXPECT_EQ((*outcomes)[0].reason(), "NO_VOLUME");
  EXPECT_EQ(Get(b.module_instance_id()).stage(), v1::STAGE_LOW_USAGE);
  EXPECT_EQ(Get(a.module_instance_id()).stage(), v1::STAGE_EARLY_ADOPTION);
}

TEST_F(LifecycleServiceTest, AccountShowsItsModulesAndDerivedStage) {
  const v1::Engagement engagement = Engage("acme");
  LiveModule(engagement.engagement_id(), "cases");
  v1::ModuleInstance low = LiveModule(engagement.engagement_id(), "onboardings");
  ASSERT_OK(Force(low.module_instance_id(), v1::STAGE_LOW_USAGE, clock.Now(), &low));
  v1::ModuleInstance lost = LiveModule(engagement.engagement_id(), "requirements");
  ASSERT_OK(Force(lost.module_instance_id(), v1::STAGE_LOST, clock.Now(), &lost));
  v1::GetAccountRequest request;
  request.set_customer_id("acme");
  v1::Account account;
  ASSERT_OK(Call(*lifecycle, &Lifecycle::GetAccount, request, &account));
  EXPECT_EQ(account.stage(), v1::STAGE_LOW_USAGE);
  EXPECT_EQ(account.modules_size(), 3);
  EXPECT_TRUE(account.partial_churn());
}

TEST_F(LifecycleServiceTest, UpdateTakesTheMaskAndTheEtag) {
  Engage("acme");
  v1::UpdateAccountRequest request;
  request.mutable_account()->set_customer_id("acme");
  request.mutable_account()->set_owner_cs("ana");
  request.mutable_account()->set_users_count(40);
  v1::Account account;
  ASSERT_OK(Call(*lifecycle, &Lifecycle::UpdateAccount, request, &account));
  EXPECT_EQ(account.owner_cs(), "ana");
  EXPECT_EQ(account.name(), "Name of acme") << "not set, so not touched";
  const std::string etag = account.etag();
  request.mutable_account()->set_etag("\"1\"");
  EXPECT_THAT(Call(*lifecycle, &Lifecycle::UpdateAccount, request, &account), StatusIs(kAborted, "ETAG_MISMATCH"));
  request.mutable_account()->set_etag(etag);
  request.mutable_update_mask()->add_paths("users_count");
  request.mutable_account()->clear_users_count();
  ASSERT_OK(Call(*lifecycle, &Lifecycle::UpdateAccount, request, &account));
  EXPECT_FALSE(account.has_users_count());
  EXPECT_EQ(account.owner_cs(), "ana");
  request.mutable_account()->clear_etag();
  request.mutable_update_mask()->add_paths("shoe_size");
  EXPECT_THAT(Call(*lifecycle, &Lifecycle::UpdateAccount, request, &account),
              StatusIs(kInvalidArgument, "INVALID_FIELDS"));
  request.clear_update_mask();
  request.mutable_account()->set_time_zone("-03:00");
  EXPECT_THAT(Call(*lifecycle, &Lifecycle::UpdateAccount, request, &account), StatusIs(kInvalidArgument));
  request.mutable_account()->set_customer_id("nobody");
  request.mutable_account()->clear_time_zone();
  EXPECT_THAT(Call(*lifecycle, &Lifecycle::UpdateAccount, request, &account), StatusIs(kNotFound, "ACCOUNT_NOT_FOUND"));
}

TEST_F(LifecycleServiceTest, ARequestIdRepeatsTheAnswerAndNothingElse) {
  v1::CreateEngagementRequest request;
  request.set_customer_id("acme");
  request.set_request_id(kRequestId);
  v1::Engagement first, second;
  ASSERT_OK(Call(*lifecycle, &Lifecycle::CreateEngagement, request, &first));
  ASSERT_OK(Call(*lifecycle, &Lifecycle::CreateEngagement, request, &second));
  EXPECT_EQ(first.engagement_id(), second.engagement_id());
  EXPECT_THAT(EventTypes(), ElementsAre("engagement.opened"));
  request.set_customer_id("other");
  EXPECT_THAT(Call(*lifecycle, &Lifecycle::CreateEngagement, request, &second),
              StatusIs(kInvalidArgument, "REQUEST_ID_REUSED"));
}

TEST_F(LifecycleServiceTest, AnotherTenantsIdsAreNotFound) {
  const v1::Engagement engagement = Engage("acme");
  const v1::ModuleInstance module = LiveModule(engagement.engagement_id(), "cases");
  const rpc::Caller other{.tenant = "other"};
  Get(module.module_instance_id(), other, kNotFound);
  v1::GetEngagementRequest get;
  get.set_engagement_id(engagement.engagement_id());
  v1::Engagement found;
  EXPECT_THAT(Call(*lifecycle, &Lifecycle::GetEngagement, get, &found, other),
              StatusIs(kNotFound, "ENGAGEMENT_NOT_FOUND"));
  v1::GetAccountRequest account_request;
  account_request.set_customer_id("acme");
  v1::Account account;
  EXPECT_THAT(Call(*lifecycle, &Lifecycle::GetAccount, account_request, &account, other),
              StatusIs(kNotFound, "ACCOUNT_NOT_FOUND"));
  v1::GetStageHistoryRequest history;
  history.set_module_instance_id(module.module_instance_id());
  v1::GetStageHistoryResponse events;
  EXPECT_THAT(Call(*lifecycle, &Lifecycle::GetStageHistory, history, &events, other),
              StatusIs(kNotFound, "MODULE_INSTANCE_NOT_FOUND"));
  v1::ModuleInstance moved;
  EXPECT_THAT(Force(module.module_instance_id(), v1::STAGE_LOST, clock.Now(), &moved, "x", other), StatusIs(kNotFound));
  EXPECT_EQ(Get(module.module_instance_id()).stage(), v1::STAGE_EARLY_ADOPTION);
  v1::ListModuleInstancesRequest list;
  v1::ListModuleInstancesResponse modules;
  ASSERT_OK(Call(*lifecycle, &Lifecycle::ListModuleInstances, list, &modules, other));
  EXPECT_THAT(modules.module_instances(), IsEmpty());
}

TEST_F(LifecycleServiceTest, ListsPageByTokenAndRefuseForeignOnes) {
  for (const char* customer : {"a", "b", "c"}) Engage(customer);
  v1::ListAccountsRequest request;
  request.set_page_size(2);
  v1::ListAccountsResponse page;
  ASSERT_OK(Call(*lifecycle, &Lifecycle::ListAccounts, request, &page));
  ASSERT_EQ(page.accounts_size(), 2);
  const std::string token = page.next_page_token();
  ASSERT_FALSE(token.empty());
  request.set_page_token(token);
  ASSERT_OK(Call(*lifecycle, &Lifecycle::ListAccounts, request, &page));
  ASSERT_EQ(page.accounts_size(), 1);
  EXPECT_EQ(page.accounts(0).customer_id(), "c");
  EXPECT_TRUE(page.next_page_token().empty());
  const auto refused = [&] { return Call(*lifecycle, &Lifecycle::ListAccounts, request, &page); };
  request.set_owner_cs("ana");
  EXPECT_THAT(refused(), StatusIs(kInvalidArgument, "PAGE_TOKEN")) << "another filter";
  request.clear_owner_cs();
  EXPECT_THAT(Call(*lifecycle, &Lifecycle::ListAccounts, request, &page, {.tenant = "other"}),
              StatusIs(kInvalidArgument, "PAGE_TOKEN"));
  request.set_page_token("nonsense");
  EXPECT_THAT(refused(), StatusIs(kInvalidArgument, "PAGE_TOKEN"));
  request.clear_page_token();
  request.set_page_size(-1);
  EXPECT_THAT(refused(), StatusIs(kInvalidArgument, "INVALID_FIELDS"));
}

TEST_F(LifecycleServiceTest, ModulesWithLowUsageAreOneCall) {
  for (const char* customer : {"a", "b", "c"}) LiveModule(Engage(customer).engagement_id(), "cases");
  FourWeeks("b", "cases", 10, 6);
  ASSERT_OK(Evaluate({}));
  v1::ListModuleInstancesRequest request;
  request.set_stage(v1::STAGE_LOW_USAGE);
  request.set_module_key("cases");
  request.set_page_size(1);
  std::vector<std::string> customers;
  do {
    v1::ListModuleInstancesResponse page;
    ASSERT_OK(Call(*lifecycle, &Lifecycle::ListModuleInstances, request, &page));
    for (const auto& module : page.module_instances()) customers.push_back(module.customer_id());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(customers, ElementsAre("a", "c"));
}

TEST_F(LifecycleServiceTest, ModuleDefsAreThreeAndTheTenantsOwn) {
  v1::PutModuleDefRequest put;
  put.mutable_module_def()->set_module_key("payments");
  put.mutable_module_def()->set_unit_name("payment");
  put.mutable_module_def()->set_active(true);
  v1::ModuleDef def;
  ASSERT_OK(Call(*lifecycle, &Lifecycle::PutModuleDef, put, &def, {.roles = {"ops"}}));
  put.mutable_module_def()->set_etag("\"7\"");
  EXPECT_THAT(Call(*lifecycle, &Lifecycle::PutModuleDef, put, &def), StatusIs(kAborted, "ETAG_MISMATCH"));
  put.mutable_module_def()->set_etag(def.etag());
  put.mutable_module_def()->set_active(false);
  ASSERT_OK(Call(*lifecycle, &Lifecycle::PutModuleDef, put, &def));
  v1::ModuleInstance module;
  EXPECT_THAT(AddModule(Engage("acme").engagement_id(), "payments", &module),
              StatusIs(kFailedPrecondition, "MODULE_INACTIVE"));
  put.mutable_module_def()->set_module_key("No Slug");
  EXPECT_THAT(Call(*lifecycle, &Lifecycle::PutModuleDef, put, &def), StatusIs(kInvalidArgument, "INVALID_FIELDS"));
  v1::ListModuleDefsRequest list;
  list.set_page_size(3);
  v1::ListModuleDefsResponse page;
  ASSERT_OK(Call(*lifecycle, &Lifecycle::ListModuleDefs, list, &page));
  ASSERT_EQ(page.module_defs_size(), 3);
  EXPECT_EQ(page.module_defs(2).module_key(), "payments");
  list.set_page_token(page.next_page_token());
  ASSERT_OK(Call(*lifecycle, &Lifecycle::ListModuleDefs, list, &page));
  ASSERT_EQ(page.module_defs_size(), 1);
  EXPECT_EQ(page.module_defs(0).module_key(), "requirements");
}

TEST_F(LifecycleServiceTest, SuppressionFreezesAndThaws) {
  const v1::ModuleInstance module = LiveModule(Engage("acme").engagement_id(), "cases");
  v1::SuppressAutomationRequest request;
  request.set_module_instance_id(module.module_instance_id());
  api::SetTimestamp(clock.Now() + absl::Hours(24), request.mutable_suppressed_until());
  v1::ModuleInstance changed;
  EXPECT_THAT(Call(*lifecycle, &Lifecycle::SuppressAutomation, request, &changed),
              StatusIs(kInvalidArgument, "REASON_REQUIRED"));
  request.set_reason("summer break");
  ASSERT_OK(Call(*lifecycle, &Lifecycle::SuppressAutomation, request, &changed));
  EXPECT_EQ((*Evaluate({}))[0].reason(), "SUPPRESSED");
  EXPECT_EQ(History(module.module_instance_id())[0].comment(), "summer break");
  request.clear_suppressed_until();
  ASSERT_OK(Call(*lifecycle, &Lifecycle::SuppressAutomation, request, &changed));
  EXPECT_FALSE(changed.has_suppressed_until());
  api::SetTimestamp(clock.Now() + absl::Hours(24 * 400), request.mutable_suppressed_until());
  EXPECT_THAT(Call(*lifecycle, &Lifecycle::SuppressAutomation, request, &changed),
              StatusIs(kInvalidArgument, "INVALID_FIELDS"));
}

TEST_F(LifecycleServiceTest, EveryViolationIsNamedAtOnce) {
  v1::CreateEngagementRequest request;
  api::SetTimestamp(clock.Now() + absl::Hours(1), request.mutable_opened_at());
  request.set_account_name(std::string(300, 'x'));
  v1::Engagement engagement;
  const absl::Status status = Call(*lifecycle, &Lifecycle::CreateEngagement, request, &engagement);
  EXPECT_THAT(status, StatusIs(kInvalidArgument, "INVALID_FIELDS"));
  std::vector<std::string> fields;
  const auto details = GetErrorDetails(status);
  ASSERT_TRUE(details);
  for (const FieldViolation& violation : details->violations) fields.push_back(violation.field);
  EXPECT_THAT(fields, ElementsAre("customer_id", "account_name", "opened_at"));
}

TEST_F(LifecycleServiceTest, DeliveryIsForImplementationOnly) {
  v1::ModuleInstance module;
  ASSERT_OK(AddModule(Engage("acme").engagement_id(), "cases", &module));
  v1::MarkProductionDeliveredRequest request;
  request.set_module_instance_id(module.module_instance_id());
  const auto deliver = [&] {
    return Call(*lifecycle, &Lifecycle::MarkProductionDelivered, request, &module, {.roles = {"ops"}});
  };
  EXPECT_THAT(deliver(), StatusIs(kFailedPrecondition, "TRANSITION_NOT_ALLOWED"));
  ASSERT_OK(Force(request.module_instance_id(), v1::STAGE_IMPLEMENTATION, clock.Now(), &module));
  api::SetTimestamp(clock.Now() + absl::Hours(1), request.mutable_go_live_at());
  EXPECT_THAT(deliver(), StatusIs(kInvalidArgument, "INVALID_FIELDS")) << "never in the future";
  request.clear_go_live_at();
  request.set_etag("\"1\"");
  EXPECT_THAT(deliver(), StatusIs(kAborted, "ETAG_MISMATCH"));
  request.clear_etag();
  ASSERT_OK(deliver());
  EXPECT_EQ(module.stage(), v1::STAGE_FRIENDS_AND_FAMILY);
}

}  // namespace
}  // namespace vinculo::lifecycle
