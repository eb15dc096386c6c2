#pragma once

#include "common/rpc/call.h"
#include "common/rpc/stream.h"
#include "common/sql/database.h"
#include "services/lifecycle/domain/settings.h"
#include "services/lifecycle/metrics.h"
#include "services/lifecycle/store/account_repository.h"
#include "services/lifecycle/store/health_repository.h"
#include "vinculo/lifecycle/v1/health_service.grpc.pb.h"

namespace vinculo::lifecycle {

// Scores, tiers and their export. Thread-safe; what it is given outlives it.
class HealthService final : public v1::HealthService::CallbackService {
 public:
  HealthService(rpc::Runtime& runtime, sql::Database& database, const Settings& settings, Metrics& metrics);
  ~HealthService() override;

  VINCULO_UNARY(ComputeHealth, v1::ComputeHealthRequest, v1::ComputeHealthResponse)
  VINCULO_UNARY(GetHealth, v1::GetHealthRequest, v1::Health)
  VINCULO_UNARY(ListHealth, v1::ListHealthRequest, v1::ListHealthResponse)
  VINCULO_UNARY(ExplainHealth, v1::ExplainHealthRequest, v1::ExplainHealthResponse)
  VINCULO_SERVER_STREAM(ExportHealth, v1::ExportHealthRequest, v1::ExportHealthResponse)

 private:
  rpc::Runtime& runtime_;
  sql::Database& db_;
  const Settings& settings_;
  Metrics& metrics_;
  HealthRepository health_;
};

}  // namespace vinculo::lifecycle
