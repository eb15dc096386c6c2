#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

// WhatsApp's limits as rules over integers and times [M-83].
namespace vinculo::messaging {

inline constexpr int kStandardThroughput = 80;
inline constexpr int kFirstTier = 250;
inline constexpr int kUnlimitedReach = -1;

// What a word of WhatsApp means for a sender.
struct LevelMeaning {
  std::string word;
  int value = 0;
};

// What tiers and throughput levels mean. The operator may replace it; a word that is not there counts as the lowest
// [M-12].
struct LevelTable {
  std::vector<LevelMeaning> tiers = {{"TIER_50", 50},
                                     {"TIER_250", 250},
                                     {"TIER_1K", 1'000},
                                     {"TIER_2K", 2'000},
                                     {"TIER_10K", 10'000},
                                     {"TIER_100K", 100'000},
                                     {"TIER_UNLIMITED", kUnlimitedReach}};
  std::vector<LevelMeaning> throughputs = {{"STANDARD", kStandardThroughput}, {"HIGH", 1'000}};

  // People per day; kUnlimitedReach for no limit.
  int Reach(absl::string_view tier) const;
  // Messages per second.
  int Throughput(absl::string_view level) const;
};
// What WhatsApp tells of a number; "" is not told.
struct NumberFacts {
  std::string throughput_level;
  std::string tier;
  std::string quality;  // GREEN, YELLOW, RED, UNKNOWN
  std::string status;   // CONNECTED, BANNED ...
};

// The word for a number of people that a webhook gives: 2,000 is "TIER_2K", -1 "TIER_UNLIMITED"; "" when none fits.
std::string TierOf(const LevelTable& table, int64_t people);

// --- number: requests begun in any second, inbound messages included ---

// What may be begun in a second: the throughput less what comes in, at least a twentieth of it. Never below one.
int OutboundRate(int throughput, int inbound);

// --- pair: messages of one sender to one contact ---

// Each message costs six seconds of debt, which time pays. A debt is kept as the instant at which it is paid.
inline constexpr absl::Duration kPairCost = absl::Seconds(6);
inline constexpr int kPairDebtSend = 40;
inline constexpr int kPairDebtCampaign = 1;
// Campaign messages this old have long been paid for, whatever the debt.
inline constexpr absl::Duration kPairMemory = absl::Seconds(6 * kPairDebtSend);

// When one more may begin without owing more than `debt_max` messages; at most `now` when it may at once.
absl::Time PairFreeAt(std::optional<absl::Time> paid_at, int debt_max, absl::Time now);
// The debt once a message began at `now`.
absl::Time PairPaidAt(std::optional<absl::Time> paid_at, absl::Time now);

// --- reach: people of a portfolio who are sent templates outside a window ---

// How long a slot is held. A little more than a day: a request may leave a moment after its intent.
inline constexpr absl::Duration kReachSlot = absl::Seconds(24 * 3600 + 6);

// What is left of a portfolio's reach, for one transaction's decisions.
struct ReachBudget {
  int limit = kFirstTier;  // kUnlimitedReach: nothing is counted
  int64_t used = 0;

  bool unlimited() const { return limit < 0; }
  // The last fiftieth is for transactional messages alone [M-85].
  int64_t LimitFor(bool bulk) const;
  bool Free(bool bulk) const { return unlimited() || used < LimitFor(bulk); }
};

}  // namespace vinculo::messaging
