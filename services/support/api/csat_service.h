#pragma once

#include "common/rpc/call.h"
#include "common/sql/database.h"
#include "services/support/store/desk.h"
#include "vinculo/support/v1/csat_service.grpc.pb.h"

namespace vinculo::support {

// Surveys and ratings.
class CsatService final : public v1::CsatService::CallbackService {
 public:
  CsatService(rpc::Runtime& runtime, sql::Database& db, const Desk& desk);
  ~CsatService() override;

  VINCULO_UNARY(SendSurvey, v1::SendSurveyRequest, v1::Survey)
  VINCULO_UNARY(SubmitRating, v1::SubmitRatingRequest, v1::Rating)
  VINCULO_UNARY(ListRatings, v1::ListRatingsRequest, v1::ListRatingsResponse)

 private:
  rpc::Runtime& runtime_;
  sql::Database& db_;
  const Desk& desk_;
};

}  // namespace vinculo::support
