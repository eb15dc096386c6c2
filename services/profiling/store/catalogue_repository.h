#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/transaction.h"

namespace vinculo::profiling {

struct ProductRow {
  std::string product_id;
  int catalogue_rank = 0;
  int64_t revision = 0;
  std::string body;  // bytes of the contract's product
};

struct MatrixRow {
  std::string matrix_id;
  int version = 0;
  std::string body;  // bytes of the contract's matrix
};

// Products and matrices.
class CatalogueRepository {
 public:
  static absl::StatusOr<std::optional<ProductRow>> FindProduct(sql::Transaction& tx, const std::string& product_id);
  // Makes or replaces it. ALREADY_EXISTS `SLUG_TAKEN` when another product has the rank.
  static absl::Status PutProduct(sql::Transaction& tx, const ProductRow& product);
  // The rank after the last.
  static absl::StatusOr<int> NextRank(sql::Transaction& tx);
  static absl::StatusOr<std::vector<ProductRow>> ListProducts(sql::Transaction& tx, const std::string& after,
                                                              int limit);

  // The version, or the latest for 0.
  static absl::StatusOr<std::optional<MatrixRow>> FindMatrix(sql::Transaction& tx, const std::string& matrix_id,
                                                             int version);
  static absl::Status InsertMatrix(sql::Transaction& tx, const MatrixRow& matrix, absl::Time now);
  // The latest version of every matrix.
  static absl::StatusOr<std::vector<MatrixRow>> ListLatest(sql::Transaction& tx);
};

const std::vector<sql::Query>& CatalogueQueries();

}  // namespace vinculo::profiling
