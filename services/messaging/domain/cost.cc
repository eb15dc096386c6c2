#include "services/messaging/domain/cost.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"

namespace vinculo::messaging {

bool IsBillingCategory(absl::string_view category) {
  return std::find(std::begin(kBillingCategories), std::end(kBillingCategories), category) !=
         std::end(kBillingCategories);
}

std::string BillingCategory(absl::string_view as_reported) {
  return absl::StrReplaceAll(absl::AsciiStrToUpper(as_reported), {{"-", "_"}});
}

CostShares SharesOf(const Message& m) {
  CostShares out;
  const MessageState state = m.state();
  const bool delivered = state == MessageState::kDelivered || state == MessageState::kRead;
  if (delivered && m.price) {
    const bool free = !m.billable.value_or(true);
    out[{free ? CostKind::kFree : CostKind::kPriced, free ? "" : m.currency}] = {1, *m.price};
    return out;
  }
  if (delivered) out[{CostKind::kUnpriced, ""}] = {1, 0};
  const bool over =
      state == MessageState::kFailed || state == MessageState::kExpired || state == MessageState::kCancelled;
  if (m.reserved > 0 && !over) out[{CostKind::kReserved, m.currency}] = {1, m.reserved};
  return out;
}

CostShares ReportedShares(const Message& m) {
  if (!m.in_reports() || !m.progress.delivered_at) return {};
  CostShares out = SharesOf(m);
  std::erase_if(out, [](const auto& share) {
    return share.first.first != CostKind::kPriced && share.first.first != CostKind::kUnpriced;
  });
  return out;
}

void AddShares(const CostShares& shares, int times, CostShares& to) {
  for (const auto& [key, share] : shares) {
    to[key].messages += times * share.messages;
    to[key].micros += times * share.micros;
  }
}

int64_t UsedOf(const CostShares& costs, const std::string& currency) {
  int64_t micros = 0;
  for (const CostKind kind : {CostKind::kPriced, CostKind::kReserved}) {
    const auto it = costs.find({kind, currency});
    if (it != costs.end()) micros += it->second.micros;
  }
  return micros;
}

bool Affords(const MaxCost& max, int64_t used, const std::optional<CostRate>& rate) {
  return rate && rate->currency == max.currency && used + rate->micros <= max.micros;
}

std::optional<absl::CivilDay> PricedDay(const Message& m) {
  if (!m.progress.delivered_at || m.billing_category.empty()) return std::nullopt;
  return absl::ToCivilDay(*m.progress.delivered_at, absl::UTCTimeZone());
}

}  // namespace vinculo::messaging
