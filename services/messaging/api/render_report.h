#pragma once

#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "services/messaging/domain/campaign.h"
#include "services/messaging/domain/cost.h"
#include "services/messaging/domain/figures.h"
#include "vinculo/messaging/v1/report_service.pb.h"

// Counts to reports.
namespace vinculo::messaging {

void RenderReport(const Campaign& campaign, const RecipientCounts& counts, const CostShares& costs,
                  v1::CampaignReport* out);
void RenderFigures(const MessageCounts& counts, v1::MessageFigures* out);
// A line for each currency that something of `costs` is priced in, by currency, or one without a currency while only
// unpriced messages are known [M-119].
void RenderCosts(const CostShares& costs, int64_t repliers, google::protobuf::RepeatedPtrField<v1::CostLine>* out);
// `whole` is above 0.
void FillRate(int64_t part, int64_t whole, v1::Rate* out);

// Adds `n` to the count of a figure.
void AddToSeries(Figure figure, int64_t n, v1::SeriesCounts* out);
// Costs as recounts name them: messages of "COST_PRICED USD" and millionths of "COST_PRICED USD MICROS".
std::map<std::string, int64_t> CostCounts(const CostShares& costs);
// As recounts name it: "ACCEPTED".
absl::string_view FigureName(Figure figure);

}  // namespace vinculo::messaging
