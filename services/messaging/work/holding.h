#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "services/messaging/domain/channel.h"
#include "services/messaging/domain/provider.h"
#include "services/messaging/domain/rate_window.h"
#include "services/messaging/work/dispatch_intents.h"

namespace vinculo::messaging {

inline constexpr absl::Duration kHalvedRegains = absl::Seconds(10);
inline constexpr int kBugsInARow = 10;
inline constexpr int kThroughputCode = 130429;

// What the holder remembers of a sender. Belongs to the loop's mutex.
struct Holding {
  std::string tenant;
  Sender sender;
  std::string token_text;  // access token
  int64_t token = 0;       // fencing; 0: not held
  absl::Time lease_until;
  absl::Time renew_at;
  absl::Time begin_at;  // nothing before
  absl::Time claim_at;  // next try
  absl::Time sweep_at;
  absl::Time back_off_until;
  absl::Time regain_at;
  int limit = 0;  // requests per second now
  RateWindow window{0};
  std::map<Uuid, RateWindow> campaign_windows;
  std::map<Uuid, int> bugs;
  std::set<Uuid> failing;
  std::set<Uuid> busy;  // contacts with a transactional request in flight
  Uuid last_campaign;
  std::vector<SendReport> reports;
  int in_flight = 0;
  int bulk_in_flight = 0;
  bool claiming = false, renewing = false, committing = false, recording = false, sweeping = false;
  bool work = true;  // there may be something to send
  bool campaigns = false;
  std::optional<absl::Time> next_due;

  // The sender's throughput less what inbound messages may take of it.
  int FullRate() const { return std::max(1, sender.throughput - std::max(1, sender.throughput / 20)); }

  // A halved rate regains a tenth of the full one every ten seconds [M-86].
  void Regain(absl::Time now) {
    if (limit >= FullRate() || now < regain_at) return;
    limit = std::min(FullRate(), limit + std::max(1, FullRate() / 10));
    regain_at = now + kHalvedRegains;
    window.SetLimit(limit);
  }

  // What an answer means beyond its message.
  void Learn(const SendOutcome& outcome, const std::optional<Uuid>& campaign, absl::Time now) {
    const bool bad = outcome.result == SendResult::kRefused || outcome.result == SendResult::kNotSent;
    const ErrorClass c = bad ? Classify(outcome) : ErrorClass::kUnknown;
    if (c == ErrorClass::kRetry) back_off_until = now + absl::Seconds(1);
    if (bad && outcome.code == kThroughputCode) {
      limit = std::max(1, limit / 2);
      window.SetLimit(limit);
      regain_at = now + kHalvedRegains;
    }
    if (!campaign) return;
    int& in_a_row = bugs[*campaign];
    in_a_row = c == ErrorClass::kBug ? in_a_row + 1 : 0;
    if (in_a_row >= kBugsInARow) failing.insert(*campaign);
  }
};

}  // namespace vinculo::messaging
