#include "services/profiling/api/flow_checks.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/status/status_macros.h"
#include "services/profiling/domain/flow_lint.h"
#include "services/profiling/domain/limits.h"
#include "services/profiling/store/catalogue_repository.h"
#include "vinculo/profiling/v1/catalogue_service.pb.h"

namespace vinculo::profiling {
namespace {

absl::Status LoadProducts(sql::Transaction& tx, const BlobReaders& readers, std::vector<Product>& products,
                          std::string& bytes) {
  constexpr int kPage = 500;
  v1::ListProductsResponse all;
  std::string after;
  while (true) {
    ASSIGN_OR_RETURN(const auto rows, CatalogueRepository::ListProducts(tx, after, kPage));
    for (const ProductRow& row : rows) {
      ASSIGN_OR_RETURN(Product product, readers.product(row.body));
      products.push_back(std::move(product));
      if (!all.add_products()->ParseFromString(row.body)) return absl::DataLossError("a stored product cannot be read");
    }
    if (rows.size() < kPage) break;
    after = rows.back().product_id;
  }
  bytes = all.SerializeAsString();
  return absl::OkStatus();
}

std::string HashOf(const FlowRow& row, const std::vector<MatrixRef>& matrices) {
  std::string text =
      absl::StrCat(row.head.name, "\n", row.head.purpose_text, "\n", absl::StrJoin(row.head.objectives, "\n"), "\n",
                   row.head.consent_purpose, "\n", row.head.base_language, "\n");
  for (const MatrixRef& ref : matrices) absl::StrAppend(&text, ref.matrix_id, ":", ref.version, "\n");
  return HexDigest(text + row.draft);
}

uint64_t SeedOf(const std::string& hash) {
  uint64_t seed = 1;
  (void)absl::SimpleHexAtoi(hash.substr(0, 15), &seed);
  return seed;
}

}  // namespace

absl::StatusOr<CheckedFlow> CheckFlow(sql::Transaction& tx, const FlowRow& row, const BlobReaders& readers, int version,
                                      bool analyze) {
  CheckedFlow out;
  ASSIGN_OR_RETURN(FlowDefinition definition, readers.flow(row.draft));
  LintSchema(row.head, definition, out.findings);
  std::vector<Product> products;
  RETURN_IF_ERROR(LoadProducts(tx, readers, products, out.products));
  const CompiledMatrix::Uses uses = UsesOf(definition);
  CompiledFlow::Matrices matrices;
  for (const std::string& id : MatrixIdsOf(definition)) {
    ASSIGN_OR_RETURN(const auto stored, CatalogueRepository::FindMatrix(tx, id, 0));
    if (!stored) {
      out.findings.Error("UNKNOWN_MATRIX", id, "there is no such matrix");
      continue;
    }
    ASSIGN_OR_RETURN(Matrix matrix, readers.matrix(stored->body));
    matrix.version = stored->version;
    out.matrices.push_back({id, stored->version});
    matrices[id] = CompiledMatrix::Compile(matrix, products, &uses, out.findings);
  }
  out.definition_hash = HashOf(row, out.matrices);
  if (out.findings.has_errors()) return out;
  out.flow = CompiledFlow::Compile(row.head, version, std::move(definition), matrices);
  LintAnswers(*out.flow, out.findings);
  for (const auto& [id, matrix] : matrices) LintMatrixUse(*out.flow, *matrix, out.findings);
  if (analyze && !out.findings.has_errors())
    out.analysis = AnalyzePaths(*out.flow, SeedOf(out.definition_hash), out.findings);
  return out;
}

}  // namespace vinculo::profiling
