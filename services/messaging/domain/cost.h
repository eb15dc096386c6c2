#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "services/messaging/domain/campaign.h"
#include "services/messaging/domain/message.h"

namespace vinculo::messaging {

// The price of one delivered message. Days are UTC, [valid_from, valid_to).
struct CostRate {
  std::string country;
  std::string category;  // BillingCategory's words
  absl::CivilDay valid_from;
  std::optional<absl::CivilDay> valid_to;
  std::string currency;
  int64_t micros = 0;  // millionths of the currency's unit
  friend bool operator==(const CostRate&, const CostRate&) = default;
};

inline constexpr int kMaxCostRates = 20'000;
inline constexpr int64_t kMaxRateMicros = 1'000'000'000;

// The categories WhatsApp bills by.
inline constexpr absl::string_view kBillingCategories[] = {
    "MARKETING", "MARKETING_LITE",     "UTILITY", "AUTHENTICATION", "AUTHENTICATION_INTERNATIONAL",
    "SERVICE",   "REFERRAL_CONVERSION"};
bool IsBillingCategory(absl::string_view category);
// `authentication-international` -> `AUTHENTICATION_INTERNATIONAL`: WhatsApp writes either.
std::string BillingCategory(absl::string_view as_reported);

// Stored as these numbers; never renumbered.
enum class CostKind {
  kPriced = 1,    // delivered and billed, at a known rate
  kFree = 2,      // delivered and not billed
  kUnpriced = 3,  // delivered, but WhatsApp told no category yet, or there is no rate
  kReserved = 4,  // begun under a maximal cost and neither priced nor failed
};

// What one message adds to its campaign's costs, by (kind, currency).
struct CostShare {
  int64_t messages = 0;
  int64_t micros = 0;
  friend bool operator==(const CostShare&, const CostShare&) = default;
};
using CostShares = std::map<std::pair<CostKind, std::string>, CostShare>;

// A pure function of the message, so that counters are differences of it [M-94].
CostShares SharesOf(const Message& message);
// Of them what reports on templates, senders and months show, at the time it was delivered: kPriced and kUnpriced.
// Empty until then, and for what is in no report.
CostShares ReportedShares(const Message& message);
// `add` times those shares.
void AddShares(const CostShares& shares, int times, CostShares& to);

// What counts against a maximal cost: what is priced, and what may still be.
int64_t UsedOf(const CostShares& costs, const std::string& currency);
// Whether one more message at `rate` stays within it; never without a rate in its currency.
bool Affords(const MaxCost& max, int64_t used, const std::optional<CostRate>& rate);

// The day whose rate counts: the UTC day of delivery. Unset until delivered and told a category.
std::optional<absl::CivilDay> PricedDay(const Message& message);

}  // namespace vinculo::messaging
