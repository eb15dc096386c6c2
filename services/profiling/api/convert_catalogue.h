#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/status/error.h"
#include "services/profiling/domain/matrix.h"
#include "services/profiling/domain/product.h"
#include "services/profiling/domain/recommend.h"
#include "services/profiling/domain/session.h"
#include "services/profiling/store/published.h"
#include "vinculo/profiling/v1/catalogue.pb.h"

// Products, matrices and recommendations between the contract and the domain.
namespace vinculo::profiling {

Product ParseProduct(const v1::Product& in, absl::string_view field, FieldViolations& bad);
absl::StatusOr<Product> ReadProduct(absl::string_view bytes);
absl::StatusOr<std::vector<Product>> ReadProducts(absl::string_view bytes);
// Shapes and bounds; what the names refer to is looked at when the matrix is compiled.
Matrix ParseMatrix(const v1::Matrix& in, FieldViolations& bad);
absl::StatusOr<Matrix> ReadMatrix(absl::string_view bytes);

// INVALID_ARGUMENT `UNKNOWN_REFERENCE` for a question or choice that the matrix does not know, `INVALID_FIELDS` for the
// rest.
absl::StatusOr<std::vector<MatrixAnswer>> ParseAnswers(const google::protobuf::RepeatedPtrField<v1::Answer>& in,
                                                       const CompiledMatrix& matrix);

// `explain` adds contributions and what was ruled out.
void RenderRecommendation(const ReadyMatrix& ready, absl::Span<const MatrixAnswer> answers, const Bits& available,
                          absl::string_view language, absl::Time now, bool explain, v1::Recommendation* out);
void RenderShown(const ShownRecommendation& shown, v1::Recommendation* out);

BlobReaders MakeBlobReaders();

}  // namespace vinculo::profiling
