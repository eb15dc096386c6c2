#pragma once

#include "common/rpc/call.h"
#include "services/messaging/api/context.h"
#include "vinculo/messaging/v1/routing_service.grpc.pb.h"

namespace vinculo::messaging {

// Rules and holds: who gets what a person writes.
class RoutingService final : public v1::RoutingService::CallbackService {
 public:
  explicit RoutingService(const ApiContext& context);
  ~RoutingService() override;

  VINCULO_UNARY(PutRule, v1::PutRuleRequest, v1::RoutingRule)
  VINCULO_UNARY(PutComplianceWords, v1::PutComplianceWordsRequest, v1::ComplianceWords)
  VINCULO_UNARY(GetComplianceWords, v1::GetComplianceWordsRequest, v1::GetComplianceWordsResponse)
  VINCULO_UNARY(ListRules, v1::ListRulesRequest, v1::ListRulesResponse)
  VINCULO_UNARY(TestRoute, v1::TestRouteRequest, v1::TestRouteResponse)
  VINCULO_UNARY(SetHold, v1::SetHoldRequest, v1::ContactHold)
  VINCULO_UNARY(ClearHold, v1::ClearHoldRequest, v1::ContactHold)
  VINCULO_UNARY(DeleteRule, v1::DeleteRuleRequest, v1::DeleteRuleResponse)
  VINCULO_UNARY(GetHold, v1::GetHoldRequest, v1::ContactHold)
  VINCULO_UNARY(ListInbound, v1::ListInboundRequest, v1::ListInboundResponse)

 private:
  rpc::Runtime& runtime_;
  const ApiContext context_;
};

}  // namespace vinculo::messaging
