#include <nlohmann/json.hpp>

#include "services/profiling/api/api_fixture.h"

namespace vinculo::profiling {
namespace {

using Stub = v1::CatalogueService::Stub;
using ::testing::ElementsAre;

class CatalogueServiceTest : public ApiFixture {
 protected:
  v1::Product SomeProduct(const std::string& id) {
    v1::Product product;
    product.set_product_id(id);
    (*product.mutable_names())["es"] = "Producto " + id;
    return product;
  }
  absl::Status Recommend(const std::vector<std::pair<std::string, std::string>>& answers, v1::Recommendation* out,
                         const std::string& matrix = "car-finder") {
    v1::ExplainRecommendationRequest request;
    request.set_matrix_id(matrix);
    request.set_language("es");
    for (const auto& [question, choice] : answers) {
      v1::Answer* answer = request.add_answers();
      answer->set_question_id(question);
      answer->add_choice_ids(choice);
    }
    return Call(*catalogue, &Stub::ExplainRecommendation, request, out);
  }
};

TEST_F(CatalogueServiceTest, RecommendsAsWorkedOutByHand) {
  PublishSamples();
  for (const std::string& line : Lines("samples/flow/recommendations.expected.jsonl")) {
    const auto row = nlohmann::json::parse(line);
    std::vector<std::pair<std::string, std::string>> answers;
    for (const auto& [question, choice] : row["answers"].items())
      answers.emplace_back(question, choice.get<std::string>());
    v1::Recommendation out;
    const absl::Status status = Recommend(answers, &out);
    ASSERT_TRUE(status.ok()) << status;
    ASSERT_EQ(out.products_size(), 2) << line;
    EXPECT_EQ(out.products(0).product_id(), row["first"].get<std::string>()) << line;
    EXPECT_EQ(out.products(0).score(), row["first_score"].get<std::string>()) << line;
    EXPECT_EQ(out.products(1).product_id(), row["second"].get<std::string>()) << line;
    EXPECT_EQ(out.products(1).score(), row["second_score"].get<std::string>()) << line;
    int64_t sum = 0;
    for (const auto& part : out.products(0).contributions()) sum += part.score_micro();
    EXPECT_EQ(sum, out.products(0).score_micro());
    EXPECT_EQ(out.matrix_hash().size(), 64u);
  }
}

TEST_F(CatalogueServiceTest, GoodProductsAreKeptBesideBadOnes) {
  v1::Product bad = SomeProduct("bad");
  bad.set_image_url("http://plain.example/x.jpg");
  v1::Product nameless;
  nameless.set_product_id("nameless");
  const auto response = PutProducts({SomeProduct("a"), bad, SomeProduct("b"), nameless});
  EXPECT_EQ(response.created(), 2);
  EXPECT_EQ(response.rejected(), 2);
  EXPECT_EQ(response.results(1).outcome(), v1::UpsertProductsResponse::Result::OUTCOME_REJECTED);
  EXPECT_EQ(response.results(1).index(), 1);
  const auto again = PutProducts({SomeProduct("a"), SomeProduct("b")});
  EXPECT_EQ(again.unchanged(), 2);
  v1::ListProductsRequest list;
  list.set_page_size(1);
  v1::ListProductsResponse page;
  ASSERT_TRUE(Call(*catalogue, &Stub::ListProducts, list, &page).ok());
  EXPECT_EQ(page.products(0).product_id(), "a");
  list.set_page_token(page.next_page_token());
  ASSERT_TRUE(Call(*catalogue, &Stub::ListProducts, list, &page).ok());
  EXPECT_EQ(page.products(0).product_id(), "b");
  EXPECT_TRUE(page.next_page_token().empty());
  list.set_page_token("nonsense");
  EXPECT_EQ(ErrorReason(Call(*catalogue, &Stub::ListProducts, list, &page)), "PAGE_TOKEN");
}

TEST_F(CatalogueServiceTest, AtomicIsAllOrNothing) {
  v1::Product bad = SomeProduct("bad");
  bad.set_image_url("http://plain.example/x.jpg");
  absl::Status status;
  PutProducts({SomeProduct("a"), bad}, true, &status);
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  v1::ListProductsResponse page;
  ASSERT_TRUE(Call(*catalogue, &Stub::ListProducts, v1::ListProductsRequest(), &page).ok());
  EXPECT_EQ(page.products_size(), 0);
}

TEST_F(CatalogueServiceTest, MatrixVersionsGrowOnlyWithChanges) {
  PublishSamples();
  v1::PutMatrixRequest put;
  *put.mutable_matrix() = FromJson<v1::Matrix>(ReadFile("samples/flow/matrix.json"));
  v1::Matrix out;
  ASSERT_TRUE(Call(*catalogue, &Stub::PutMatrix, put, &out).ok());
  EXPECT_EQ(out.version(), 1);
  put.mutable_matrix()->set_min_score(1);
  ASSERT_TRUE(Call(*catalogue, &Stub::PutMatrix, put, &out).ok());
  EXPECT_EQ(out.version(), 2);
  put.mutable_matrix()->set_etag("\"1\"");
  put.mutable_matrix()->set_min_score(2);
  EXPECT_EQ(ErrorReason(Call(*catalogue, &Stub::PutMatrix, put, &out)), "ETAG_MISMATCH");
  v1::GetMatrixRequest get;
  get.set_matrix_id("car-finder");
  get.set_version(1);
  ASSERT_TRUE(Call(*catalogue, &Stub::GetMatrix, get, &out).ok());
  EXPECT_FALSE(out.has_min_score());
}

TEST_F(CatalogueServiceTest, ProductSwitchedOffIsOutAtOnce) {
  PublishSamples();
  v1::Recommendation before, after;
  ASSERT_TRUE(Recommend({{"use", "city"}}, &before).ok());
  v1::SetAvailabilityRequest off;
  off.set_product_id(before.products(0).product_id());
  v1::Product product;
  ASSERT_TRUE(Call(*catalogue, &Stub::SetAvailability, off, &product).ok());
  ASSERT_TRUE(Recommend({{"use", "city"}}, &after).ok());
  EXPECT_EQ(after.products(0).product_id(), before.products(1).product_id());
  ASSERT_GT(after.disqualified_size(), 0);
  EXPECT_EQ(after.disqualified(0).cause(), v1::Disqualification::CAUSE_UNAVAILABLE);
}

TEST_F(CatalogueServiceTest, UnknownNamesAreToldWithTheirPlace) {
  PublishSamples();
  v1::Recommendation out;
  EXPECT_EQ(ErrorReason(Recommend({{"colour", "red"}}, &out)), "UNKNOWN_REFERENCE");
  EXPECT_EQ(ErrorReason(Recommend({{"use", "moon"}}, &out)), "UNKNOWN_REFERENCE");
  EXPECT_EQ(ErrorReason(Recommend({{"use", "city"}, {"use", "city"}}, &out)), "INVALID_FIELDS");
  EXPECT_EQ(ErrorReason(Recommend({}, &out, "nothing")), "MATRIX_NOT_FOUND");
}

TEST_F(CatalogueServiceTest, OtherTenantsSeeNothing) {
  PublishSamples();
  v1::GetMatrixRequest get;
  get.set_matrix_id("car-finder");
  v1::Matrix out;
  EXPECT_EQ(ErrorReason(Call(*catalogue, &Stub::GetMatrix, get, &out, {.tenant = "other"})), "MATRIX_NOT_FOUND");
}

TEST_F(CatalogueServiceTest, RolesAreAskedFor) {
  v1::PutMatrixRequest put;
  v1::Matrix out;
  EXPECT_TRUE(absl::IsPermissionDenied(Call(*catalogue, &Stub::PutMatrix, put, &out, {.roles = {"agent"}})));
}

}  // namespace
}  // namespace vinculo::profiling
