#pragma once

#include "common/rpc/call.h"
#include "common/sql/database.h"
#include "services/support/store/desk.h"
#include "vinculo/support/v1/report_service.grpc.pb.h"

namespace vinculo::support {

// How support is doing. Weeks in the tenants' zone are read from sums per day; everything else from facts, with the
// same result.
class ReportService final : public v1::ReportService::CallbackService {
 public:
  ReportService(rpc::Runtime& runtime, sql::Database& db, const Desk& desk);
  ~ReportService() override;

  VINCULO_UNARY(GetWeeklyReport, v1::GetWeeklyReportRequest, v1::WeeklyReport)
  VINCULO_UNARY(GetMetric, v1::GetMetricRequest, v1::GetMetricResponse)
  VINCULO_UNARY(RebuildMetrics, v1::RebuildMetricsRequest, v1::RebuildMetricsResponse)

 private:
  rpc::Runtime& runtime_;
  sql::Database& db_;
  const Desk& desk_;
};

}  // namespace vinculo::support
