#pragma once

#include "common/rpc/call.h"
#include "common/rpc/stream.h"
#include "common/sql/database.h"
#include "services/lifecycle/domain/settings.h"
#include "services/lifecycle/metrics.h"
#include "services/lifecycle/store/account_repository.h"
#include "services/lifecycle/store/module_repository.h"
#include "vinculo/lifecycle/v1/lifecycle_service.grpc.pb.h"

namespace vinculo::lifecycle {

// Accounts, engagements, modules and their stages. Thread-safe; what it is given outlives it.
class LifecycleService final : public v1::LifecycleService::CallbackService {
 public:
  LifecycleService(rpc::Runtime& runtime, sql::Database& database, const Settings& settings, Metrics& metrics);
  ~LifecycleService() override;

  VINCULO_UNARY(GetAccount, v1::GetAccountRequest, v1::Account)
  VINCULO_UNARY(ListAccounts, v1::ListAccountsRequest, v1::ListAccountsResponse)
  VINCULO_UNARY(UpdateAccount, v1::UpdateAccountRequest, v1::Account)
  VINCULO_UNARY(CreateEngagement, v1::CreateEngagementRequest, v1::Engagement)
  VINCULO_UNARY(GetEngagement, v1::GetEngagementRequest, v1::Engagement)
  VINCULO_UNARY(ListEngagements, v1::ListEngagementsRequest, v1::ListEngagementsResponse)
  VINCULO_UNARY(PutModuleDef, v1::PutModuleDefRequest, v1::ModuleDef)
  VINCULO_UNARY(ListModuleDefs, v1::ListModuleDefsRequest, v1::ListModuleDefsResponse)

  VINCULO_UNARY(AddModule, v1::AddModuleRequest, v1::ModuleInstance)
  VINCULO_UNARY(GetModuleInstance, v1::GetModuleInstanceRequest, v1::ModuleInstance)
  VINCULO_UNARY(ListModuleInstances, v1::ListModuleInstancesRequest, v1::ListModuleInstancesResponse)
  VINCULO_UNARY(MarkProductionDelivered, v1::MarkProductionDeliveredRequest, v1::ModuleInstance)
  VINCULO_UNARY(RequestTransition, v1::RequestTransitionRequest, v1::ModuleInstance)
  VINCULO_UNARY(ForceTransition, v1::ForceTransitionRequest, v1::ModuleInstance)
  VINCULO_UNARY(GetStageHistory, v1::GetStageHistoryRequest, v1::GetStageHistoryResponse)
  VINCULO_UNARY(SuppressAutomation, v1::SuppressAutomationRequest, v1::ModuleInstance)
  VINCULO_SERVER_STREAM(EvaluateStages, v1::EvaluateStagesRequest, v1::EvaluateStagesResponse)

 private:
  rpc::Runtime& runtime_;
  sql::Database& db_;
  const Settings& settings_;
  Metrics& metrics_;
  AccountRepository accounts_;
  ModuleDefRepository defs_;
  EngagementRepository engagements_;
  ModuleRepository modules_;
};

}  // namespace vinculo::lifecycle
