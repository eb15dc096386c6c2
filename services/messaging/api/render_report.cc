#include "services/messaging/api/render_report.h"

#include "absl/strings/str_cat.h"
#include "services/messaging/domain/money.h"

namespace vinculo::messaging {
namespace {

void AddReason(const std::string& reason, int64_t n, google::protobuf::RepeatedPtrField<v1::ReasonCount>* out) {
  v1::ReasonCount* added = out->Add();
  added->set_reason(reason);
  added->set_count(n);
}

// Left out when `whole` is 0: nobody knows it then.
void RenderRate(int64_t part, int64_t whole, v1::Rate* (v1::Rates::*field)(), v1::Rates* out) {
  if (whole > 0) FillRate(part, whole, (out->*field)());
}

void RenderMoney(int64_t micros, const std::string& currency, v1::Money* out) {
  out->set_currency(currency);
  out->set_minor_units(ToMinorUnits(micros, currency));
}

}  // namespace

void FillRate(int64_t part, int64_t whole, v1::Rate* out) {
  out->set_numerator(part);
  out->set_denominator(whole);
  out->set_percent(100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

void RenderCosts(const CostShares& costs, int64_t repliers, google::protobuf::RepeatedPtrField<v1::CostLine>* out) {
  const auto none = costs.find({CostKind::kUnpriced, ""});
  const int64_t unpriced = none == costs.end() ? 0 : none->second.messages;
  for (const auto& [key, share] : costs) {
    if (key.first != CostKind::kPriced) continue;
    v1::CostLine* line = out->Add();
    RenderMoney(share.micros, key.second, line->mutable_cost());
    line->set_messages(share.messages);
    line->set_unpriced(unpriced);
    // A part of a millionth changes nothing about which minor unit is nearest.
    if (repliers > 0) RenderMoney(share.micros / repliers, key.second, line->mutable_per_reply());
  }
  if (out->empty() && unpriced > 0) out->Add()->set_unpriced(unpriced);
}

void RenderReport(const Campaign& campaign, const RecipientCounts& counts, const CostShares& costs,
                  v1::CampaignReport* out) {
  const Funnel f = MakeFunnel(counts);
  out->set_campaign_id(campaign.id.ToString());
  out->set_display_name(campaign.display_name);
  out->set_state(static_cast<v1::CampaignState>(campaign.state));
  out->set_audience(f.audience);
  out->set_excluded(f.of(RecipientState::kExcluded));
  out->set_queued(f.of(RecipientState::kQueued));
  out->set_sending(f.of(RecipientState::kSending));
  out->set_unknown(f.of(RecipientState::kUnknown));
  out->set_accepted(f.of(RecipientState::kAccepted));
  out->set_held(f.of(RecipientState::kHeld));
  out->set_sent(f.of(RecipientState::kSent));
  out->set_delivered(f.of(RecipientState::kDelivered));
  out->set_read(f.of(RecipientState::kRead));
  out->set_failed(f.of(RecipientState::kFailed));
  out->set_expired(f.of(RecipientState::kExpired));
  out->set_skipped(f.of(RecipientState::kSkipped));
  out->set_refused(f.refused);
  out->set_failed_later(f.failed_later);
  out->set_attempted(f.attempted);
  out->set_accepted_ever(f.accepted_ever);
  out->set_delivered_ever(f.delivered_ever);
  out->set_repliers_direct(f.of(RecipientState::kReplierDirect));
  out->set_repliers_inferred(f.of(RecipientState::kReplierInferred));
  out->set_opt_outs(f.of(RecipientState::kOptOut));
  v1::Rates* rates = out->mutable_rates();
  const int64_t repliers = out->repliers_direct() + out->repliers_inferred();
  RenderRate(f.delivered_ever, f.accepted_ever, &v1::Rates::mutable_delivery, rates);
  RenderRate(out->read(), f.delivered_ever, &v1::Rates::mutable_read, rates);
  RenderRate(repliers, f.delivered_ever, &v1::Rates::mutable_reply, rates);
  RenderRate(out->opt_outs(), f.delivered_ever, &v1::Rates::mutable_opt_out, rates);
  RenderRate(out->failed(), f.attempted, &v1::Rates::mutable_failure, rates);
  RenderCosts(costs, repliers, out->mutable_costs());
  for (const auto& [key, n] : counts) {
    if (key.first == RecipientState::kExcluded) AddReason(key.second, n, out->mutable_excluded_by_reason());
    if (key.first == RecipientState::kSkipped) AddReason(key.second, n, out->mutable_skipped_by_reason());
    if (key.first == RecipientState::kFailed) AddReason(key.second, n, out->mutable_failed_by_reason());
  }
}

void RenderFigures(const MessageCounts& counts, v1::MessageFigures* out) {
  const MessageTotals t = TotalsOf(counts.figures);
  out->set_attempted(t.attempted);
  out->set_accepted_ever(t.accepted_ever);
  out->set_delivered_ever(t.delivered_ever);
  out->set_read(t.read);
  out->set_failed(t.failed);
  out->set_refused(t.refused);
  out->set_failed_later(t.failed_later);
  out->set_expired(t.expired);
  out->set_repliers(t.repliers);
  out->set_opt_outs(t.opt_outs);
  for (const auto& [reason, n] : t.failed_by_reason) AddReason(reason, n, out->mutable_failed_by_reason());
  v1::Rates* rates = out->mutable_rates();
  RenderRate(t.delivered_ever, t.accepted_ever, &v1::Rates::mutable_delivery, rates);
  RenderRate(t.read, t.delivered_ever, &v1::Rates::mutable_read, rates);
  RenderRate(t.repliers, t.delivered_ever, &v1::Rates::mutable_reply, rates);
  RenderRate(t.opt_outs, t.delivered_ever, &v1::Rates::mutable_opt_out, rates);
  RenderRate(t.failed, t.attempted, &v1::Rates::mutable_failure, rates);
  RenderCosts(counts.costs, t.repliers, out->mutable_costs());
}

void AddToSeries(Figure figure, int64_t n, v1::SeriesCounts* out) {
  switch (figure) {
    case Figure::kAccepted:
      return out->set_accepted(out->accepted() + n);
    case Figure::kSent:
      return out->set_sent(out->sent() + n);
    case Figure::kDelivered:
      return out->set_delivered(out->delivered() + n);
    case Figure::kRead:
      return out->set_read(out->read() + n);
    case Figure::kFailed:
      return out->set_failed(out->failed() + n);
    case Figure::kExpired:
      return out->set_expired(out->expired() + n);
    case Figure::kReplied:
      return out->set_replied(out->replied() + n);
    case Figure::kOptedOut:
      return out->set_opted_out(out->opted_out() + n);
  }
}

std::map<std::string, int64_t> CostCounts(const CostShares& costs) {
  const auto name = [](CostKind kind) {
    switch (kind) {
      case CostKind::kPriced:
        return "COST_PRICED";
      case CostKind::kFree:
        return "COST_FREE";
      case CostKind::kUnpriced:
        return "COST_UNPRICED";
      case CostKind::kReserved:
        return "COST_RESERVED";
    }
    return "";
  };
  std::map<std::string, int64_t> out;
  for (const auto& [key, share] : costs) {
    const std::string of = absl::StrCat(name(key.first), key.second.empty() ? "" : " ", key.second);
    out[of] = share.messages;
    out[absl::StrCat(of, " MICROS")] = share.micros;
  }
  return out;
}

absl::string_view FigureName(Figure figure) {
  switch (figure) {
    case Figure::kAccepted:
      return "ACCEPTED";
    case Figure::kSent:
      return "SENT";
    case Figure::kDelivered:
      return "DELIVERED";
    case Figure::kRead:
      return "READ";
    case Figure::kFailed:
      return "FAILED";
    case Figure::kExpired:
      return "EXPIRED";
    case Figure::kReplied:
      return "REPLIED";
    case Figure::kOptedOut:
      return "OPTED_OUT";
  }
  return "";
}

}  // namespace vinculo::messaging
