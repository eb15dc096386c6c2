#pragma once

#include "common/rpc/call.h"
#include "services/messaging/api/context.h"
#include "vinculo/messaging/v1/campaign_service.grpc.pb.h"

namespace vinculo::messaging {

// Campaigns: what they are, what would happen, and what people do to them.
class CampaignService final : public v1::CampaignService::CallbackService {
 public:
  explicit CampaignService(const ApiContext& context);
  ~CampaignService() override;

  VINCULO_UNARY(CreateCampaign, v1::CreateCampaignRequest, v1::Campaign)
  VINCULO_UNARY(UpdateCampaign, v1::UpdateCampaignRequest, v1::Campaign)
  VINCULO_UNARY(CopyCampaign, v1::CopyCampaignRequest, v1::Campaign)
  VINCULO_UNARY(DeleteCampaign, v1::DeleteCampaignRequest, v1::DeleteCampaignResponse)
  VINCULO_UNARY(GetCampaign, v1::GetCampaignRequest, v1::Campaign)
  VINCULO_UNARY(ListCampaigns, v1::ListCampaignsRequest, v1::ListCampaignsResponse)
  VINCULO_UNARY(PreflightCampaign, v1::PreflightCampaignRequest, v1::PreflightCampaignResponse)
  VINCULO_UNARY(ScheduleCampaign, v1::ScheduleCampaignRequest, v1::Campaign)
  VINCULO_UNARY(UnscheduleCampaign, v1::UnscheduleCampaignRequest, v1::Campaign)
  VINCULO_UNARY(PauseCampaign, v1::PauseCampaignRequest, v1::Campaign)
  VINCULO_UNARY(ResumeCampaign, v1::ResumeCampaignRequest, v1::Campaign)
  VINCULO_UNARY(CancelCampaign, v1::CancelCampaignRequest, v1::Campaign)
  VINCULO_UNARY(RetryRecipients, v1::RetryRecipientsRequest, v1::RetryRecipientsResponse)
  VINCULO_UNARY(SendTest, v1::SendTestRequest, v1::SendTestResponse)
  VINCULO_UNARY(ListRecipients, v1::ListRecipientsRequest, v1::ListRecipientsResponse)

 private:
  rpc::Runtime& runtime_;
  const ApiContext context_;
};

}  // namespace vinculo::messaging
