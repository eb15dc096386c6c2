#pragma once

#include "common/rpc/call.h"
#include "common/rpc/stream.h"
#include "common/sql/database.h"
#include "services/lifecycle/domain/settings.h"
#include "services/lifecycle/metrics.h"
#include "services/lifecycle/store/module_repository.h"
#include "services/lifecycle/store/usage_repository.h"
#include "vinculo/lifecycle/v1/usage_service.grpc.pb.h"

namespace vinculo::lifecycle {

// Usage facts, and their weeks and months. Thread-safe; what it is given outlives it.
class UsageService final : public v1::UsageService::CallbackService {
 public:
  UsageService(rpc::Runtime& runtime, sql::Database& database, const Settings& settings, Metrics& metrics);
  ~UsageService() override;

  VINCULO_CLIENT_STREAM(IngestUsage, v1::IngestUsageRequest, v1::IngestUsageResponse)
  VINCULO_UNARY(UpsertUsage, v1::UpsertUsageRequest, v1::UsageFact)
  VINCULO_UNARY(GetUsage, v1::GetUsageRequest, v1::GetUsageResponse)
  VINCULO_UNARY(ListUsage, v1::ListUsageRequest, v1::ListUsageResponse)
  VINCULO_UNARY(RebuildRollups, v1::RebuildRollupsRequest, v1::RebuildRollupsResponse)

 private:
  rpc::Runtime& runtime_;
  sql::Database& db_;
  const Settings& settings_;
  Metrics& metrics_;
  ModuleRepository modules_;
  UsageRepository usage_;
};

}  // namespace vinculo::lifecycle
