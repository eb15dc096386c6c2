#pragma once

#include <memory>

#include "common/rpc/call.h"
#include "common/sql/database.h"
#include "services/profiling/store/published.h"
#include "services/profiling/store/session_engine.h"
#include "vinculo/profiling/v1/flow_service.grpc.pb.h"

namespace vinculo::profiling {

// Flows: writing, checking, publishing and trying them.
class FlowService final : public v1::FlowService::CallbackService {
 public:
  FlowService(rpc::Runtime& runtime, sql::Database& database, Published& published, SessionEngine& engine);
  ~FlowService() override;

  VINCULO_UNARY(CreateFlow, v1::CreateFlowRequest, v1::Flow)
  VINCULO_UNARY(GetFlow, v1::GetFlowRequest, v1::Flow)
  VINCULO_UNARY(ListFlows, v1::ListFlowsRequest, v1::ListFlowsResponse)
  VINCULO_UNARY(UpdateDraft, v1::UpdateDraftRequest, v1::Flow)
  VINCULO_UNARY(ValidateFlow, v1::ValidateFlowRequest, v1::LintReport)
  VINCULO_UNARY(AnalyzeFlow, v1::AnalyzeFlowRequest, v1::LintReport)
  VINCULO_UNARY(PublishFlow, v1::PublishFlowRequest, v1::FlowVersion)
  VINCULO_UNARY(GetVersion, v1::GetVersionRequest, v1::FlowVersion)
  VINCULO_UNARY(ListVersions, v1::ListVersionsRequest, v1::ListVersionsResponse)
  VINCULO_UNARY(SimulateFlow, v1::SimulateFlowRequest, v1::SimulateFlowResponse)
  VINCULO_UNARY(GetLimits, v1::GetLimitsRequest, v1::Limits)

 private:
  rpc::Runtime& runtime_;
  sql::Database& db_;
  Published& published_;
  SessionEngine& engine_;
};

}  // namespace vinculo::profiling
