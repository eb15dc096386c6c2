#pragma once

#include "common/rpc/call.h"
#include "common/sql/database.h"
#include "services/profiling/store/outbound_policy.h"
#include "services/profiling/store/secret_box.h"
#include "vinculo/profiling/v1/lead_service.grpc.pb.h"

namespace vinculo::profiling {

// Leads, the connectors that receive them, and their deliveries.
class LeadService final : public v1::LeadService::CallbackService {
 public:
  LeadService(rpc::Runtime& runtime, sql::Database& database, const SecretBox& secrets, OutboundPolicy policy);
  ~LeadService() override;

  VINCULO_UNARY(GetLead, v1::GetLeadRequest, v1::Lead)
  VINCULO_UNARY(ListLeads, v1::ListLeadsRequest, v1::ListLeadsResponse)
  VINCULO_UNARY(PutConnector, v1::PutConnectorRequest, v1::Connector)
  VINCULO_UNARY(ListDeliveries, v1::ListDeliveriesRequest, v1::ListDeliveriesResponse)
  VINCULO_UNARY(GetDelivery, v1::GetDeliveryRequest, v1::Delivery)
  VINCULO_UNARY(ReplayDeliveries, v1::ReplayDeliveriesRequest, v1::ReplayDeliveriesResponse)

 private:
  rpc::Runtime& runtime_;
  sql::Database& db_;
  const SecretBox& secrets_;
  const OutboundPolicy policy_;
};

}  // namespace vinculo::profiling
