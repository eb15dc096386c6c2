#include "services/lifecycle/api/health_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/lifecycle/api/api_fixture.h"

namespace vinculo::lifecycle {
namespace {

using test::StatusIs;
using testing::ElementsAre;
using enum absl::StatusCode;

constexpr char kRequestId[] = "0190a5b2-7c1e-7000-8000-000000000003";
constexpr absl::CivilDay kDay(2024, 6, 12);

struct Counts {
  int64_t completed = -1;  // -1: not contracted
  int64_t started = 0;
};

class HealthServiceTest : public ApiFixture {
 protected:
  // A client with these counts in onboardings, cases and requirements.
  void Client(const std::string& customer, Counts onboardings, Counts cases = {}, Counts requirements = {}) {
    const std::string engagement = Engage(customer).engagement_id();
    const std::pair<const char*, Counts> modules[] = {
        {"onboardings", onboardings}, {"cases", cases}, {"requirements", requirements}};
    for (const auto& [key, counts] : modules) {
      if (counts.completed < 0) continue;
      LiveModule(engagement, key);
      EXPECT_EQ(Ingest({Fact(customer, key, kDay, counts.started, counts.completed)})->accepted_count(), 1);
    }
  }
  v1::ComputeHealthResponse Compute(const std::string& as_of = "", const std::string& request_id = "") {
    v1::ComputeHealthRequest request;
    request.set_as_of_date(as_of);
    request.set_request_id(request_id);
    v1::ComputeHealthResponse response;
    EXPECT_OK(Call(*health, &Health::ComputeHealth, request, &response));
    return response;
  }
  absl::Status Get(const std::string& customer, v1::Health* found, const std::string& as_of = "",
                   const rpc::Caller& caller = {}) {
    v1::GetHealthRequest request;
    request.set_customer_id(customer);
    request.set_as_of_date(as_of);
    return Call(*health, &Health::GetHealth, request, found, caller);
  }
  std::string Export(const v1::ExportHealthRequest& request = {}) {
    const auto context = server.Context();
    auto reader = health->ExportHealth(context.get(), request);
    std::string csv;
    v1::ExportHealthResponse piece;
    while (reader->Read(&piece)) csv += piece.csv();
    EXPECT_OK(rpc::FromGrpcStatus(reader->Finish()));
    return csv;
  }
};

TEST_F(HealthServiceTest, TheWorkedTableComesOutOfIngestedUsage) {
  const std::vector<std::tuple<Counts, Counts, Counts, double, std::string>> table = {
      {{57, 106}, {4, 1694}, {}, 3.39, "Churn Risk"},
      {{}, {496, 2780}, {}, 17.84, "Churn Risk"},
      {{3, 23}, {0, 2}, {4, 6}, 22.58, "Churn Risk"},
      {{1, 4}, {}, {}, 25.00, "Churn Risk"},
      {{2, 3}, {0, 3}, {}, 33.33, "Churn Risk"},
      {{201, 202}, {1948, 7311}, {3228, 7409}, 36.03, "Needs Attention"},
      {{271, 287}, {56, 854}, {247, 305}, 39.70, "Needs Attention"},
      {{38, 79}, {}, {}, 48.10, "Needs Attention"},
      {{}, {}, {576, 579}, 99.48, "Top Performer"},
      {{447, 458}, {}, {60, 61}, 97.69, "Top Performer"},
      {{20, 23}, {}, {5953, 6204}, 95.92, "Top Performer"},
      {{134, 153}, {}, {}, 87.58, "Top Performer"},
  };
  int row = 0;
  for (const auto& [ob, cases, requirements, score, tier] : table)
    Client(absl::StrCat("row", ++row), ob, cases, requirements);
  const v1::ComputeHealthResponse computed = Compute();
  EXPECT_EQ(computed.account_count(), 12);
  ASSERT_EQ(computed.tiers_size(), 4);
  EXPECT_EQ(computed.tiers(0).count(), 5);
  EXPECT_EQ(computed.tiers(1).count(), 3);
  EXPECT_EQ(computed.tiers(2).count(), 4);
  EXPECT_EQ(computed.tiers(3).tier(), "NO_DATA");
  row = 0;
  for (const auto& [ob, cases, requirements, score, tier] : table) {
    SCOPED_TRACE(++row);
    v1::Health found;
    ASSERT_OK(Get(absl::StrCat("row", row), &found));
    EXPECT_DOUBLE_EQ(found.score(), score);
    EXPECT_EQ(found.tier(), tier);
  }
}

TEST_F(HealthServiceTest, GetShowsTermsTrendAndWindow) {
  Client("acme", {3, 10});
  Compute("2024-06-12");
  EXPECT_EQ(Ingest({Fact("acme", "onboardings", kDay + 5, 10, 10)})->accepted_count(), 1);
  clock.Advance(absl::Hours(24 * 7));
  Compute();
  v1::Health found;
  ASSERT_OK(Get("acme", &found));
  EXPECT_EQ(found.as_of_date(), "2024-06-25");
  EXPECT_EQ(found.window_start_date(), "2023-12-01");
  EXPECT_EQ(found.name(), "Name of acme");
  EXPECT_EQ(found.score(), 65.0);
  ASSERT_EQ(found.modules_size(), 1);
  EXPECT_EQ(found.modules(0).ratio().started(), 20);
  ASSERT_EQ(found.deltas_size(), 3);
  EXPECT_EQ(found.deltas(0).as_of_date(), "2024-06-12");
  EXPECT_EQ(found.deltas(0).change(), 35.0);
  EXPECT_FALSE(found.deltas(2).has_change());
  EXPECT_NEAR(found.slope_per_week(), 35.0 / 13 * 7, 1e-9);
  EXPECT_EQ(found.conversations_per_month(), 0);
  EXPECT_FALSE(found.has_mean_rating());
  ASSERT_OK(Get("acme", &found, "2024-06-24"));
  EXPECT_EQ(found.as_of_date(), "2024-06-12");
  EXPECT_EQ(found.score(), 30.0);
  EXPECT_THAT(Get("acme", &found, "2024-06-11"), StatusIs(kNotFound, "HEALTH_NOT_FOUND"));
  EXPECT_THAT(Get("nobody", &found), StatusIs(kNotFound, "ACCOUNT_NOT_FOUND"));
  EXPECT_THAT(Get("acme", &found, "", {.tenant = "other"}), StatusIs(kNotFound, "ACCOUNT_NOT_FOUND"));
  EXPECT_THAT(Get("acme", &found, "yesterday"), StatusIs(kInvalidArgument, "INVALID_FIELDS"));
}

TEST_F(HealthServiceTest, ExplanationAddsUpToTheScore) {
  Client("acme", {57, 106}, {4, 1694}, {0, 0});
  Compute();
  v1::ExplainHealthRequest request;
  request.set_customer_id("acme");
  v1::ExplainHealthResponse response;
  ASSERT_OK(Call(*health, &Health::ExplainHealth, request, &response, {.roles = {"agent"}}));
  ASSERT_EQ(response.terms_size(), 3);
  double sum = 0;
  for (const v1::HealthTerm& term : response.terms()) sum += term.contribution();
  EXPECT_NEAR(sum, response.score_exact(), 1e-9);
  EXPECT_EQ(response.health().score(), 3.39);
  EXPECT_EQ(response.terms(0).module_key(), "cases");
  EXPECT_EQ(response.terms(0).denominator(), 1694);
  EXPECT_EQ(response.terms(2).state(), v1::RATIO_STATE_NO_VOLUME);
  EXPECT_FALSE(response.terms(2).has_ratio());
  ASSERT_EQ(response.bands_size(), 3);
  EXPECT_EQ(response.bands(2).upper(), 100);
  EXPECT_FALSE(response.tier_explanation().empty());
}

TEST_F(HealthServiceTest, ListPutsThoseWhoNeedAttentionFirst) {
  Client("good", {95, 100});
  Client("bad", {10, 100});
  Client("silent", {0, 0});
  Client("fair", {50, 100}, {50, 100});
  Compute();
  const auto list = [&](v1::ListHealthRequest request) {
    std::vector<std::string> found;
    do {
      v1::ListHealthResponse page;
      EXPECT_OK(Call(*health, &Health::ListHealth, request, &page));
      for (const v1::Health& h : page.health()) found.push_back(h.customer_id());
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    return found;
  };
  v1::ListHealthRequest request;
  request.set_page_size(1);
  EXPECT_THAT(list(request), ElementsAre("bad", "fair", "good", "silent"));
  request.set_tier("Top Performer");
  EXPECT_THAT(list(request), ElementsAre("good"));
  request.clear_tier();
  request.set_module_key("cases");
  EXPECT_THAT(list(request), ElementsAre("fair"));
  v1::ListHealthResponse page;
  request.set_page_token("bad token");
  EXPECT_THAT(Call(*health, &Health::ListHealth, request, &page), StatusIs(kInvalidArgument, "PAGE_TOKEN"));
}

TEST_F(HealthServiceTest, ComputingAgainAddsARevisionAndARepetitionDoesNot) {
  Client("acme", {3, 10});
  Compute("", kRequestId);
  const v1::ComputeHealthResponse again = Compute("", kRequestId);
  EXPECT_EQ(again.snapshot_count(), 1);
  v1::Health found;
  ASSERT_OK(Get("acme", &found));
  EXPECT_EQ(found.revision(), 1);
  Compute();
  ASSERT_OK(Get("acme", &found));
  EXPECT_EQ(found.revision(), 2);
  v1::ComputeHealthRequest request;
  request.set_request_id(kRequestId);
  request.set_as_of_date("2024-06-01");
  v1::ComputeHealthResponse response;
  EXPECT_THAT(Call(*health, &Health::ComputeHealth, request, &response),
              StatusIs(kInvalidArgument, "REQUEST_ID_REUSED"));
  request.clear_request_id();
  request.set_as_of_date("2024-06-19");
  EXPECT_THAT(Call(*health, &Health::ComputeHealth, request, &response), StatusIs(kInvalidArgument, "INVALID_FIELDS"))
      << "tomorrow";
}

TEST_F(HealthServiceTest, ComputeForNamedClientsTellsTierChanges) {
  Client("acme", {60, 100});
  Client("other", {60, 100});
  Compute("2024-06-12");
  EXPECT_EQ(Ingest({Fact("acme", "onboardings", kDay + 1, 900, 0)})->accepted_count(), 1);
  v1::ComputeHealthRequest request;
  request.add_customer_ids("acme");
  request.add_customer_ids("nobody");
  v1::ComputeHealthResponse response;
  const size_t before = EventTypes().size();
  ASSERT_OK(Call(*health, &Health::ComputeHealth, request, &response, {.roles = {"cs"}}));
  EXPECT_EQ(response.account_count(), 1);
  std::vector<std::string> types = EventTypes();
  types.erase(types.begin(), types.begin() + static_cast<int64_t>(before));
  EXPECT_THAT(types, ElementsAre("health.computed", "health.tier_changed"));
}

TEST_F(HealthServiceTest, ExportHasTheColumnsOfTheFigureInScoreOrder) {
  Client("=cmd", {57, 106}, {4, 1694});
  Client("top", {}, {}, {576, 579});
  Compute();
  EXPECT_EQ(
      Export(),
      "Name,Tier,OB_Ratio,D_OB,Cases_Ratio,D_Cases,Requirements_Ratio,D_Requirements,WCHS,avg_rating,conversations\r\n"
      "Name of =cmd,Churn Risk,53.77,106,0.24,1694,,,3.39,,0.00\r\n"
      "Name of top,Top Performer,,,,,99.48,579,99.48,,0.00\r\n");
  v1::ExportHealthRequest request;
  request.set_tier("nothing");
  EXPECT_EQ(Export(request),
            "Name,Tier,OB_Ratio,D_OB,Cases_Ratio,D_Cases,Requirements_Ratio,D_Requirements,WCHS,avg_rating,"
            "conversations\r\n");
}

TEST_F(HealthServiceTest, ExportStreamsManyPagesAndOwnModules) {
  v1::PutModuleDefRequest put;
  put.mutable_module_def()->set_module_key("payments");
  put.mutable_module_def()->set_active(true);
  v1::ModuleDef def;
  ASSERT_OK(Call(*lifecycle, &Lifecycle::PutModuleDef, put, &def));
  for (int i = 0; i < 205; ++i) {
    v1::ModuleInstance module;
    ASSERT_OK(AddModule(Engage(absl::StrCat("c", i)).engagement_id(), "payments", &module));
  }
  Compute();
  const std::string csv = Export();
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 206);
  EXPECT_NE(csv.find("conversations,payments_Ratio,D_payments\r\n"), std::string::npos);
  EXPECT_NE(csv.find("Name of c204,NO_DATA,,,,,,,,,0.00,,0\r\n"), std::string::npos);
}

}  // namespace
}  // namespace vinculo::lifecycle
