#include "services/profiling/store/catalogue_repository.h"

#include "absl/strings/str_cat.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "services/profiling/store/publication.h"

namespace vinculo::profiling {
namespace {

constexpr sql::Query kFindProduct{
    "product_find",
    "SELECT product_id, catalogue_rank, revision, body FROM product WHERE tenant_id = ? AND product_id = ?"};
constexpr sql::Query kPutProduct{
    "product_put",
    "INSERT INTO product (tenant_id, product_id, catalogue_rank, revision, body) VALUES (?,?,?,?,?) "
    "ON CONFLICT (tenant_id, product_id) DO UPDATE SET catalogue_rank = excluded.catalogue_rank, revision = "
    "excluded.revision, "
    "body = excluded.body"};
constexpr sql::Query kRankHolder{"product_rank_holder",
                                 "SELECT product_id FROM product WHERE tenant_id = ? AND catalogue_rank = ?"};
constexpr sql::Query kLastRank{
    "product_last_rank", "SELECT catalogue_rank FROM product WHERE tenant_id = ? ORDER BY catalogue_rank DESC LIMIT 1"};
constexpr sql::Query kListProducts{"product_list",
                                   "SELECT product_id, catalogue_rank, revision, body FROM product "
                                   "WHERE tenant_id = ? AND product_id > ? ORDER BY product_id LIMIT ?"};
constexpr sql::Query kFindMatrix{
    "matrix_find", "SELECT matrix_id, version, body FROM matrix WHERE tenant_id = ? AND matrix_id = ? AND version = ?"};
constexpr sql::Query kLatestMatrix{"matrix_latest",
                                   "SELECT matrix_id, version, body FROM matrix WHERE tenant_id = ? AND matrix_id = ? "
                                   "ORDER BY version DESC LIMIT 1"};
constexpr sql::Query kNextMatrix{
    "matrix_next", "SELECT matrix_id FROM matrix WHERE tenant_id = ? AND matrix_id > ? ORDER BY matrix_id LIMIT 1"};
constexpr sql::Query kInsertMatrix{
    "matrix_insert", "INSERT INTO matrix (tenant_id, matrix_id, version, created_at, body) VALUES (?,?,?,?,?)"};

ProductRow ReadProduct(const sql::Row& row) {
  return {row.String(0), static_cast<int>(row.Int(1)), row.Int(2), row.Bytes(3)};
}

MatrixRow ReadMatrix(const sql::Row& row) { return {row.String(0), static_cast<int>(row.Int(1)), row.Bytes(2)}; }

}  // namespace

absl::StatusOr<std::optional<ProductRow>> CatalogueRepository::FindProduct(sql::Transaction& tx,
                                                                           const std::string& product_id) {
  return tx.Find(kFindProduct, ReadProduct, tx.tenant(), product_id);
}

absl::Status CatalogueRepository::PutProduct(sql::Transaction& tx, const ProductRow& product) {
  ASSIGN_OR_RETURN(
      const std::optional<std::string> holder,
      tx.Find(
          kRankHolder, [](const sql::Row& row) { return row.String(0); }, tx.tenant(), product.catalogue_rank));
  if (holder && *holder != product.product_id) {
    return Error(absl::StatusCode::kAlreadyExists, "SLUG_TAKEN",
                 absl::StrCat("another product has catalogue_rank ", product.catalogue_rank));
  }
  RETURN_IF_ERROR(CountPublication(tx));
  return tx.Exec(kPutProduct, tx.tenant(), product.product_id, product.catalogue_rank, product.revision,
                 sql::Blob{product.body});
}

absl::StatusOr<int> CatalogueRepository::NextRank(sql::Transaction& tx) {
  ASSIGN_OR_RETURN(const auto last,
                   tx.Find(
                       kLastRank, [](const sql::Row& row) { return static_cast<int>(row.Int(0)); }, tx.tenant()));
  return last.value_or(0) + 1;
}

absl::StatusOr<std::vector<ProductRow>> CatalogueRepository::ListProducts(sql::Transaction& tx,
                                                                          const std::string& after, int limit) {
  std::vector<ProductRow> out;
  RETURN_IF_ERROR(tx.Each(
      kListProducts, [&](const sql::Row& row) { out.push_back(ReadProduct(row)); }, tx.tenant(), after, limit));
  return out;
}

absl::StatusOr<std::optional<MatrixRow>> CatalogueRepository::FindMatrix(sql::Transaction& tx,
                                                                         const std::string& matrix_id, int version) {
  if (version == 0) return tx.Find(kLatestMatrix, ReadMatrix, tx.tenant(), matrix_id);
  return tx.Find(kFindMatrix, ReadMatrix, tx.tenant(), matrix_id, version);
}

absl::Status CatalogueRepository::InsertMatrix(sql::Transaction& tx, const MatrixRow& matrix, absl::Time now) {
  RETURN_IF_ERROR(CountPublication(tx));
  return tx.Exec(kInsertMatrix, tx.tenant(), matrix.matrix_id, matrix.version, now, sql::Blob{matrix.body});
}

absl::StatusOr<std::vector<MatrixRow>> CatalogueRepository::ListLatest(sql::Transaction& tx) {
  std::vector<MatrixRow> out;
  std::string after;
  while (true) {
    ASSIGN_OR_RETURN(const auto next,
                     tx.Find(
                         kNextMatrix, [](const sql::Row& row) { return row.String(0); }, tx.tenant(), after));
    if (!next) return out;
    after = *next;
    ASSIGN_OR_RETURN(auto latest, FindMatrix(tx, after, 0));
    if (latest) out.push_back(*std::move(latest));
  }
}

const std::vector<sql::Query>& CatalogueQueries() {
  static const auto* const kQueries = new std::vector<sql::Query>{
      kFindProduct, kPutProduct, kLastRank, kListProducts, kFindMatrix, kLatestMatrix, kNextMatrix, kInsertMatrix};
  return *kQueries;
}

}  // namespace vinculo::profiling
