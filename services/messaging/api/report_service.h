#pragma once

#include "common/rpc/call.h"
#include "common/rpc/stream.h"
#include "services/messaging/api/context.h"
#include "vinculo/messaging/v1/report_service.grpc.pb.h"

namespace vinculo::messaging {

// What came of campaigns, templates, numbers and people.
class ReportService final : public v1::ReportService::CallbackService {
 public:
  explicit ReportService(const ApiContext& context);
  ~ReportService() override;

  VINCULO_UNARY(GetCampaignReport, v1::GetCampaignReportRequest, v1::CampaignReport)
  VINCULO_UNARY(GetCampaignSeries, v1::GetCampaignSeriesRequest, v1::CampaignSeries)
  VINCULO_UNARY(CompareCampaigns, v1::CompareCampaignsRequest, v1::CompareCampaignsResponse)
  VINCULO_UNARY(GetTemplateReport, v1::GetTemplateReportRequest, v1::TemplateReport)
  VINCULO_UNARY(GetSenderReport, v1::GetSenderReportRequest, v1::SenderReport)
  VINCULO_UNARY(GetTenantMonths, v1::GetTenantMonthsRequest, v1::GetTenantMonthsResponse)
  VINCULO_UNARY(GetContactTimeline, v1::GetContactTimelineRequest, v1::GetContactTimelineResponse)
  VINCULO_UNARY(RecountCampaign, v1::RecountCampaignRequest, v1::RecountCampaignResponse)
  VINCULO_SERVER_STREAM(ExportRecipients, v1::ExportRecipientsRequest, v1::ExportRecipientsResponse)
  VINCULO_SERVER_STREAM(ExportMessages, v1::ExportMessagesRequest, v1::ExportMessagesResponse)

 private:
  rpc::Runtime& runtime_;
  const ApiContext context_;
};

}  // namespace vinculo::messaging
