#pragma once

#include "common/rpc/call.h"
#include "common/rpc/stream.h"
#include "common/sql/database.h"
#include "services/profiling/store/published.h"
#include "vinculo/profiling/v1/catalogue_service.grpc.pb.h"

namespace vinculo::profiling {

// Products, matrices, and recommendations without a session.
class CatalogueService final : public v1::CatalogueService::CallbackService {
 public:
  CatalogueService(rpc::Runtime& runtime, sql::Database& database, Published& published);
  ~CatalogueService() override;

  VINCULO_CLIENT_STREAM(UpsertProducts, v1::UpsertProductsRequest, v1::UpsertProductsResponse)
  VINCULO_UNARY(ListProducts, v1::ListProductsRequest, v1::ListProductsResponse)
  VINCULO_UNARY(SetAvailability, v1::SetAvailabilityRequest, v1::Product)
  VINCULO_UNARY(PutMatrix, v1::PutMatrixRequest, v1::Matrix)
  VINCULO_UNARY(GetMatrix, v1::GetMatrixRequest, v1::Matrix)
  VINCULO_UNARY(Recommend, v1::RecommendRequest, v1::Recommendation)
  VINCULO_UNARY(ExplainRecommendation, v1::ExplainRecommendationRequest, v1::Recommendation)

 private:
  // The latest version comes from memory; an older one is compiled from the store over the live catalogue.
  absl::StatusOr<std::shared_ptr<const ReadyMatrix>> MatrixFor(const sql::Scope& scope, const std::string& matrix_id,
                                                               int version);
  template <class Call>
  void Answer(Call& call, bool explain);

  rpc::Runtime& runtime_;
  sql::Database& db_;
  Published& published_;
};

}  // namespace vinculo::profiling
