#include "services/profiling/api/catalogue_service.h"

#include <algorithm>

#include "common/api/etag.h"
#include "common/api/page.h"
#include "common/api/time.h"
#include "common/status/status_macros.h"
#include "common/text/validate.h"
#include "services/profiling/api/after_commit.h"
#include "services/profiling/api/convert_catalogue.h"
#include "services/profiling/api/convert_flow.h"
#include "services/profiling/api/product_import.h"
#include "services/profiling/store/catalogue_repository.h"

namespace vinculo::profiling {
namespace {

void RenderStoredProduct(const ProductRow& row, v1::Product* out) {
  out->ParseFromString(row.body);
  out->set_etag(api::FormatEtag(row.revision));
}

void RenderStoredMatrix(const MatrixRow& row, v1::Matrix* out) {
  out->ParseFromString(row.body);
  out->set_version(row.version);
  out->set_etag(api::FormatEtag(row.version));
}

}  // namespace

CatalogueService::CatalogueService(rpc::Runtime& runtime, sql::Database& database, Published& published)
    : runtime_(runtime), db_(database), published_(published) {}
CatalogueService::~CatalogueService() = default;

rpc::ReadStream<v1::UpsertProductsRequest, v1::UpsertProductsResponse>* CatalogueService::UpsertProducts(
    rpc::StreamContext context) {
  return ImportProducts(std::move(context), db_, published_);
}

void CatalogueService::ListProducts(rpc::Call<v1::ListProductsRequest, v1::ListProductsResponse> call) {
  FieldViolations bad;
  const int size = api::ParsePageSize(call.request().page_size(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const auto key =
      api::ParsePageToken({call.scope().tenant(), "profiling.CatalogueService.ListProducts", "", "product_id"},
                          call.request().page_token(), "s");
  if (!key.ok()) return call.Fail(key.status());
  const std::string after = *key ? std::get<std::string>((**key)[0]) : "";
  db_.ReadOnPool(
      call.scope(),
      [after, size](sql::Transaction& tx) { return CatalogueRepository::ListProducts(tx, after, size + 1); },
      call.Reply(
          [size, tenant = call.scope().tenant()](const std::vector<ProductRow>& rows, v1::ListProductsResponse* out) {
            for (int i = 0; i < std::min<int>(size, static_cast<int>(rows.size())); ++i)
              RenderStoredProduct(rows[i], out->add_products());
            if (static_cast<int>(rows.size()) > size) {
              out->set_next_page_token(api::EncodePageToken(
                  {tenant, "profiling.CatalogueService.ListProducts", "", "product_id"}, {rows[size - 1].product_id}));
            }
          }));
}

void CatalogueService::SetAvailability(rpc::Call<v1::SetAvailabilityRequest, v1::Product> call) {
  FieldViolations bad;
  const v1::SetAvailabilityRequest& in = call.request();
  const std::string id = text::ParseSlug("product_id", in.product_id(), bad);
  const auto from =
      api::ParseOptionalTimestamp("available_from", in.has_available_from() ? &in.available_from() : nullptr, bad);
  const auto until =
      api::ParseOptionalTimestamp("available_until", in.has_available_until() ? &in.available_until() : nullptr, bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  db_.Write(
      call.scope(),
      [id, active = in.active(), from, until](sql::Transaction& tx) -> absl::StatusOr<ProductRow> {
        ASSIGN_OR_RETURN(auto row, CatalogueRepository::FindProduct(tx, id));
        if (!row) return NotFound("product", id);
        v1::Product product;
        product.ParseFromString(row->body);
        product.set_active(active);
        product.clear_available_from();
        product.clear_available_until();
        if (from) api::SetTimestamp(*from, product.mutable_available_from());
        if (until) api::SetTimestamp(*until, product.mutable_available_until());
        row->body = StableBytes(product);
        ++row->revision;
        RETURN_IF_ERROR(CatalogueRepository::PutProduct(tx, *row));
        return *row;
      },
      Republishing(published_, call.scope().tenant(), call.Reply(RenderStoredProduct)));
}

void CatalogueService::PutMatrix(rpc::Call<v1::PutMatrixRequest, v1::Matrix> call) {
  FieldViolations bad;
  v1::Matrix in = call.request().matrix();
  const Matrix matrix = ParseMatrix(in, bad);
  const auto expected = api::ParseEtag(in.etag(), bad, "matrix.etag");
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  in.clear_etag();
  in.clear_version();
  db_.Write(
      call.scope(),
      [id = matrix.matrix_id, body = StableBytes(in), expected,
       now = call.now()](sql::Transaction& tx) -> absl::StatusOr<MatrixRow> {
        ASSIGN_OR_RETURN(const auto before, CatalogueRepository::FindMatrix(tx, id, 0));
        RETURN_IF_ERROR(api::CheckRevision("matrix", id, expected, before ? before->version : 0));
        if (before && before->body == body) return *before;
        MatrixRow row{id, before ? before->version + 1 : 1, body};
        RETURN_IF_ERROR(CatalogueRepository::InsertMatrix(tx, row, now));
        return row;
      },
      Republishing(published_, call.scope().tenant(), call.Reply(RenderStoredMatrix)));
}

void CatalogueService::GetMatrix(rpc::Call<v1::GetMatrixRequest, v1::Matrix> call) {
  FieldViolations bad;
  const std::string id = text::ParseSlug("matrix_id", call.request().matrix_id(), bad);
  const int version = static_cast<int>(text::ParseInRange("version", call.request().version(), 0, INT32_MAX, bad));
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  call.Answer(db_.ReadInline(call.scope(),
                             [&](sql::Transaction& tx) -> absl::StatusOr<MatrixRow> {
                               ASSIGN_OR_RETURN(auto row, CatalogueRepository::FindMatrix(tx, id, version));
                               if (!row) return NotFound("matrix", id);
                               return *std::move(row);
                             }),
              RenderStoredMatrix);
}

absl::StatusOr<std::shared_ptr<const ReadyMatrix>> CatalogueService::MatrixFor(const sql::Scope& scope,
                                                                               const std::string& matrix_id,
                                                                               int version) {
  ASSIGN_OR_RETURN(const std::shared_ptr<const TenantView> view, published_.View(scope));
  const auto found = view->matrices.find(matrix_id);
  if (found == view->matrices.end()) return NotFound("matrix", matrix_id);
  if (version == 0 || found->second->matrix->version() == version) return found->second;
  ASSIGN_OR_RETURN(const auto row, db_.ReadInline(scope, [&](sql::Transaction& tx) {
    return CatalogueRepository::FindMatrix(tx, matrix_id, version);
  }));
  if (!row) return NotFound("matrix", matrix_id);
  ASSIGN_OR_RETURN(Matrix matrix, published_.readers().matrix(row->body));
  matrix.version = row->version;
  std::vector<Product> products;
  for (const auto& [id, product] : view->catalogue) products.push_back(product);
  LintFindings ignored;
  auto compiled = CompiledMatrix::Compile(matrix, products, nullptr, ignored);
  Availability availability(*compiled);
  std::string hash = HexDigest(compiled->Canonical());
  return std::make_shared<const ReadyMatrix>(
      ReadyMatrix{std::move(compiled), std::move(availability), std::move(hash)});
}

template <class Call>
void CatalogueService::Answer(Call& call, bool explain) {
  const auto& in = call.request();
  FieldViolations bad;
  if (in.matrix_id().empty()) bad.Add("matrix_id", "is required");
  const int version = static_cast<int>(text::ParseInRange("matrix_version", in.matrix_version(), 0, INT32_MAX, bad));
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const auto ready = MatrixFor(call.scope(), in.matrix_id(), version);
  if (!ready.ok()) return call.Fail(ready.status());
  const auto answers = ParseAnswers(in.answers(), *(*ready)->matrix);
  if (!answers.ok()) return call.Fail(answers.status());
  RenderRecommendation(**ready, *answers, (*ready)->availability.At(call.now()), in.language(), call.now(), explain,
                       call.response());
  call.Succeed();
}

void CatalogueService::Recommend(rpc::Call<v1::RecommendRequest, v1::Recommendation> call) { Answer(call, false); }

void CatalogueService::ExplainRecommendation(rpc::Call<v1::ExplainRecommendationRequest, v1::Recommendation> call) {
  Answer(call, true);
}

}  // namespace vinculo::profiling
