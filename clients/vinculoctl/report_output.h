#pragma once

#include <ostream>

#include "clients/vinculoctl/commands.h"
#include "vinculo/messaging/v1/report_service.pb.h"

namespace vinculo::ctl {

// A campaign's report: for a person the funnel with reasons and rates, else the whole message or one line of CSV.
void PrintCampaignReport(const Context& context, const messaging::v1::CampaignReport& report);

// "94.7 %"; "" when nobody knows.
std::string Percent(const messaging::v1::Rate& rate, bool known);

}  // namespace vinculo::ctl
