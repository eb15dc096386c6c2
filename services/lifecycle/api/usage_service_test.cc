#include "services/lifecycle/api/usage_service.h"

#include <gtest/gtest.h>

#include "services/lifecycle/api/api_fixture.h"

namespace vinculo::lifecycle {
namespace {

using test::StatusIs;
using enum absl::StatusCode;

constexpr char kRequestId[] = "0190a5b2-7c1e-7000-8000-000000000002";
constexpr absl::CivilDay kDay(2024, 6, 12);

class UsageServiceTest : public ApiFixture {
 protected:
  UsageServiceTest() : module(LiveModule(Engage("acme").engagement_id(), "cases")) {}

  absl::Status Upsert(const v1::UsageFact& fact, v1::UsageFact* stored, const std::string& request_id = "",
                      const rpc::Caller& caller = {}) {
    v1::UpsertUsageRequest request;
    *request.mutable_fact() = fact;
    request.set_request_id(request_id);
    return Call(*usage, &Usage::UpsertUsage, request, stored, caller);
  }
  v1::GetUsageResponse Get(bool partial = false) {
    v1::GetUsageRequest request;
    request.set_module_instance_id(module.module_instance_id());
    request.set_include_partial(partial);
    v1::GetUsageResponse response;
    EXPECT_OK(Call(*usage, &Usage::GetUsage, request, &response));
    return response;
  }

  const v1::ModuleInstance module;
};

TEST_F(UsageServiceTest, IngestReportsEachRefusedItemAndKeepsTheRest) {
  v1::UsageFact nobody = Fact("nobody", "cases", kDay, 1, 1);
  v1::UsageFact no_module = Fact("acme", "onboardings", kDay, 1, 1);
  v1::UsageFact future = Fact("acme", "cases", absl::CivilDay(2024, 6, 19), 1, 1);
  v1::UsageFact negative = Fact("acme", "cases", kDay, -1, 0);
  negative.set_module_key("");
  v1::UsageFact above = Fact("acme", "cases", kDay, 1, 2);
  v1::UsageFact good = Fact("acme", "cases", kDay, 10, 4, 5);
  v1::UsageFact conflict = Fact("acme", "cases", kDay, 10, 5, 5);
  v1::UsageFact stale = Fact("acme", "cases", kDay, 10, 5, 4);
  v1::UsageFact last = Fact("acme", "cases", kDay + 1, 6, 6);
  const auto report = Ingest({nobody, no_module, future, negative, above, good, good, conflict, stale, last}, 3);
  ASSERT_OK(report);
  EXPECT_EQ(report->received_count(), 10);
  EXPECT_EQ(report->accepted_count(), 2);
  EXPECT_EQ(report->unchanged_count(), 1);
  EXPECT_EQ(report->refused_count(), 7);
  std::vector<std::pair<int64_t, std::string>> refused;
  for (const v1::RefusedUsage& r : report->refused()) refused.emplace_back(r.index(), r.reason());
  const std::vector<std::pair<int64_t, std::string>> expected = {
      {0, "UNKNOWN_MODULE"},          {1, "UNKNOWN_MODULE"}, {2, "INVALID_FIELDS"}, {3, "INVALID_FIELDS"},
      {4, "COMPLETED_ABOVE_STARTED"}, {7, "FACT_CONFLICT"},  {8, "STALE_REVISION"}};
  EXPECT_EQ(refused, expected);
  EXPECT_THAT(report->refused(2).message(), testing::HasSubstr("local_date"));
  EXPECT_THAT(report->refused(3).message(),
              testing::AllOf(testing::HasSubstr("module_key"), testing::HasSubstr("started")));
  EXPECT_EQ(report->refused(0).customer_id(), "nobody");
  const v1::GetUsageResponse weeks = Get(/*partial=*/true);
  ASSERT_EQ(weeks.rollups_size(), 1);
  EXPECT_EQ(weeks.rollups(0).bucket(), "2024-W24");
  EXPECT_EQ(weeks.total().started(), 16);
  EXPECT_EQ(weeks.total().completed(), 10);
  EXPECT_EQ(weeks.total().percent(), 62.5);
}

TEST_F(UsageServiceTest, IngestDoesNotDependOnOrder) {
  std::vector<v1::UsageFact> facts;
  for (int day = 0; day < 60; ++day) {
    for (int revision = 1; revision <= 2; ++revision) {
      facts.push_back(Fact("acme", "cases", kDay - day, 10 + revision, day % 10 + revision, revision));
    }
  }
  ASSERT_OK(Ingest(facts, 7));
  const std::string forward = Get(true).SerializeAsString();
  const v1::Engagement other = Engage("other");
  const v1::ModuleInstance twin = LiveModule(other.engagement_id(), "cases");
  std::reverse(facts.begin(), facts.end());
  for (v1::UsageFact& fact : facts) fact.set_customer_id("other");
  EXPECT_EQ(Ingest(facts, 11)->refused_count(), 60) << "the lower revisions come too late";
  v1::GetUsageRequest request;
  request.set_module_instance_id(twin.module_instance_id());
  request.set_include_partial(true);
  v1::GetUsageResponse backward;
  ASSERT_OK(Call(*usage, &Usage::GetUsage, request, &backward));
  EXPECT_EQ(backward.SerializeAsString(), forward);
}

TEST_F(UsageServiceTest, IngestAgainChangesNothing) {
  const std::vector<v1::UsageFact> facts = {Fact("acme", "cases", kDay, 10, 4), Fact("acme", "cases", kDay + 1, 3, 1)};
  ASSERT_OK(Ingest(facts));
  const auto again = Ingest(facts);
  EXPECT_EQ(again->unchanged_count(), 2);
  EXPECT_EQ(Get(true).total().started(), 13);
}

TEST_F(UsageServiceTest, IngestNeedsItsRoleAndBoundedMessages) {
  EXPECT_THAT(Ingest({Fact("acme", "cases", kDay, 1, 1)}, 1000, {.roles = {"agent"}}), StatusIs(kPermissionDenied));
  EXPECT_EQ(Ingest({})->received_count(), 0);
  const std::vector<v1::UsageFact> many(1001, Fact("acme", "cases", kDay, 1, 1));
  EXPECT_THAT(Ingest(many, 1001), StatusIs(kInvalidArgument, "INVALID_FIELDS"));
  EXPECT_EQ(Get(true).total().started(), 0);
}

TEST_F(UsageServiceTest, AnotherTenantsClientIsUnknown) {
  const auto report = Ingest({Fact("acme", "cases", kDay, 1, 1)}, 1000, {.tenant = "other", .roles = {"service"}});
  ASSERT_OK(report);
  EXPECT_EQ(report->refused(0).reason(), "UNKNOWN_MODULE");
  v1::GetUsageRequest request;
  request.set_module_instance_id(module.module_instance_id());
  v1::GetUsageResponse response;
  EXPECT_THAT(Call(*usage, &Usage::GetUsage, request, &response, {.tenant = "other"}),
              StatusIs(kNotFound, "MODULE_INSTANCE_NOT_FOUND"));
}

TEST_F(UsageServiceTest, UpsertTakesOneFactAndSaysWhyNot) {
  v1::UsageFact stored;
  v1::UsageFact fact = Fact("acme", "cases", kDay, 10, 4, 2);
  fact.set_active_users(7);
  ASSERT_OK(Upsert(fact, &stored, kRequestId));
  EXPECT_EQ(stored.module_instance_id(), module.module_instance_id());
  EXPECT_EQ(stored.source(), "default");
  EXPECT_EQ(stored.active_users(), 7);
  EXPECT_EQ(stored.attribution(), v1::ATTRIBUTION_COHORT);
  ASSERT_OK(Upsert(fact, &stored, kRequestId));
  fact.set_completed(5);
  EXPECT_THAT(Upsert(fact, &stored, kRequestId), StatusIs(kInvalidArgument, "REQUEST_ID_REUSED"));
  EXPECT_THAT(Upsert(fact, &stored), StatusIs(kFailedPrecondition, "FACT_CONFLICT"));
  fact.set_revision(1);
  EXPECT_THAT(Upsert(fact, &stored), StatusIs(kFailedPrecondition, "STALE_REVISION"));
  fact.set_completed(11);
  EXPECT_THAT(Upsert(fact, &stored), StatusIs(kInvalidArgument, "COMPLETED_ABOVE_STARTED"));
  EXPECT_THAT(Upsert(Fact("acme", "payments", kDay, 1, 1), &stored), StatusIs(kNotFound, "UNKNOWN_MODULE"));
  EXPECT_THAT(Upsert(fact, &stored, "no-uuid"), StatusIs(kInvalidArgument, "INVALID_FIELDS"));
  fact.set_local_date("2024-02-30");
  const absl::Status bad = Upsert(fact, &stored);
  EXPECT_THAT(bad, StatusIs(kInvalidArgument, "INVALID_FIELDS"));
  EXPECT_EQ(GetErrorDetails(bad)->violations[0].field, "fact.local_date");
}

TEST_F(UsageServiceTest, TotalsAreCappedOverTheWindow) {
  v1::UsageFact fact = Fact("acme", "cases", kDay, 10, 15);
  fact.set_attribution(v1::ATTRIBUTION_EVENT);
  ASSERT_OK(Ingest({fact, Fact("acme", "cases", kDay - 7, 10, 2)}));
  const v1::GetUsageResponse weeks = Get();
  ASSERT_EQ(weeks.rollups_size(), 2);
  EXPECT_TRUE(weeks.rollups(1).ratio().capped());
  EXPECT_EQ(weeks.rollups(1).ratio().completed(), 10);
  EXPECT_EQ(weeks.total().completed(), 17) << "over both weeks 17 of 20 were completed, so nothing is cut";
  EXPECT_FALSE(weeks.total().capped());
}

TEST_F(UsageServiceTest, GetLeavesTheRunningWeekOutUnlessAsked) {
  ASSERT_OK(Ingest({Fact("acme", "cases", kDay, 10, 4), Fact("acme", "cases", absl::CivilDay(2024, 6, 17), 5, 5)}));
  EXPECT_EQ(Get().rollups_size(), 1);
  EXPECT_EQ(Get().total().started(), 10);
  const v1::GetUsageResponse all = Get(true);
  ASSERT_EQ(all.rollups_size(), 2);
  EXPECT_TRUE(all.rollups(0).complete());
  EXPECT_FALSE(all.rollups(1).complete());
  v1::GetUsageRequest request;
  request.set_module_instance_id(module.module_instance_id());
  request.set_bucket(v1::USAGE_BUCKET_MONTH);
  request.set_include_partial(true);
  v1::GetUsageResponse months;
  ASSERT_OK(Call(*usage, &Usage::GetUsage, request, &months));
  ASSERT_EQ(months.rollups_size(), 1);
  EXPECT_EQ(months.rollups(0).bucket(), "2024-06");
  EXPECT_EQ(months.rollups(0).ratio().started(), 15);
  request.set_start_date("2024-06-10");
  request.set_end_date("2024-06-09");
  EXPECT_THAT(Call(*usage, &Usage::GetUsage, request, &months), StatusIs(kInvalidArgument, "INVALID_FIELDS"));
}

TEST_F(UsageServiceTest, ListPagesThroughFacts) {
  std::vector<v1::UsageFact> facts;
  for (int day = 0; day < 5; ++day) facts.push_back(Fact("acme", "cases", kDay - day, 1, 1));
  facts.push_back(Fact("acme", "cases", kDay, 2, 1));
  facts.back().set_source("crm");
  ASSERT_OK(Ingest(facts));
  v1::ListUsageRequest request;
  request.set_module_instance_id(module.module_instance_id());
  request.set_page_size(4);
  v1::ListUsageResponse page;
  ASSERT_OK(Call(*usage, &Usage::ListUsage, request, &page));
  ASSERT_EQ(page.facts_size(), 4);
  EXPECT_EQ(page.facts(0).local_date(), "2024-06-08");
  request.set_page_token(page.next_page_token());
  ASSERT_OK(Call(*usage, &Usage::ListUsage, request, &page));
  ASSERT_EQ(page.facts_size(), 2);
  EXPECT_EQ(page.facts(0).source(), "crm");
  EXPECT_EQ(page.facts(1).source(), "default");
  request.set_page_token("!!");
  EXPECT_THAT(Call(*usage, &Usage::ListUsage, request, &page), StatusIs(kInvalidArgument, "PAGE_TOKEN"));
}

TEST_F(UsageServiceTest, RebuildFindsNothingToMend) {
  ASSERT_OK(Ingest({Fact("acme", "cases", kDay, 10, 4), Fact("acme", "cases", kDay - 30, 3, 1)}));
  v1::RebuildRollupsRequest request;
  v1::RebuildRollupsResponse response;
  ASSERT_OK(Call(*usage, &Usage::RebuildRollups, request, &response));
  EXPECT_EQ(response.module_instance_count(), 1);
  EXPECT_EQ(response.rollup_count(), 4);
  EXPECT_EQ(response.differing_count(), 0);
  request.set_customer_id("nobody");
  ASSERT_OK(Call(*usage, &Usage::RebuildRollups, request, &response));
  EXPECT_EQ(response.module_instance_count(), 0);
}

}  // namespace
}  // namespace vinculo::lifecycle
