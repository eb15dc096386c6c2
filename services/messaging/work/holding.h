#pragma once

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/jobs/job_queue.h"
#include "services/messaging/domain/channel.h"
#include "services/messaging/domain/limits.h"
#include "services/messaging/domain/provider.h"
#include "services/messaging/domain/rate_window.h"
#include "services/messaging/work/dispatch_intents.h"

namespace vinculo::messaging {

inline constexpr absl::Duration kHalvedRegains = absl::Seconds(10);
inline constexpr int kBugsInARow = 10;
// A campaign at its rate looks again no sooner than this, so that several places are free at once.
inline constexpr absl::Duration kRateWait = absl::Milliseconds(10);
// Longer than a sender waits between two tries while WhatsApp does not answer.
inline constexpr absl::Duration kIdle = absl::Minutes(2);
// A read mark asks again within that time; below that rate nothing is kept for it.
inline constexpr absl::Duration kAskedFor = absl::Milliseconds(500);
inline constexpr int kKeepsFrom = 10;

// What the holder remembers of a sender. Belongs to the loop's mutex. Its times are of the monotonic clock, written as
// a Time, but for `next_due`, which the store gave.
struct Holding {
  std::string tenant;
  Sender sender;
  std::string token_sealed;  // as it was opened
  std::string token_text;    // access token; "" when it cannot be opened
  int64_t token = 0;         // fencing; 0: not held
  absl::Time lease_until;
  absl::Time renew_at;
  absl::Time begin_at;  // nothing before
  absl::Time claim_at;  // next try
  absl::Time sweep_at;
  absl::Time look_at;
  absl::Time back_off_until;
  absl::Time regain_at;
  absl::Time inbound_read_at = absl::InfinitePast();
  int inbound = 0;                         // messages that came in within the last second
  int limit = 0;                           // requests per second since WhatsApp last throttled
  int outages = 0;                         // in a row
  std::optional<absl::Time> silent_since;  // no request was answered from then on
  absl::Time last_begun = absl::InfinitePast();
  RateWindow window{0};
  int promised = 0;                            // of the window, to the commit under way
  absl::Time asked_at = absl::InfinitePast();  // a read mark found nothing free
  std::map<Uuid, RateWindow> campaign_windows;
  std::map<Uuid, int> bugs;
  std::set<Uuid> failing;
  std::set<Uuid> busy;  // contacts with a transactional request in flight
  Uuid last_campaign;
  std::vector<SendReport> reports;
  int in_flight = 0;
  int bulk_in_flight = 0;
  bool claiming = false, renewing = false, committing = false, recording = false, sweeping = false;
  bool reading_inbound = false, looking = false;
  bool work = true;  // there may be something to send
  bool campaigns = false;
  bool blocked = false;
  std::optional<absl::Time> next_due;

  // Looks for work at `at`, by the wall clock, if not before.
  void WakeAt(absl::Time at) { next_due = next_due ? std::min(*next_due, at) : at; }

  // Looks for work again when a campaign that has used its rate up may go on.
  void WakeForRates(const std::map<Uuid, int>& rates, absl::Time now, absl::Time wall) {
    for (const auto& [campaign, rate] : rates) {
      const absl::Time free = campaign_windows.at(campaign).NextFree(now);
      if (free > now) WakeAt(wall + std::max(free - now, kRateWait));
    }
  }

  // The rates of running campaigns; the window of another is kept for as long as it remembers anything.
  void AdoptRates(const std::map<Uuid, int>& rates, absl::Time now) {
    for (auto it = campaign_windows.begin(); it != campaign_windows.end();)
      it = rates.contains(it->first) || it->second.Used(now) > 0 ? std::next(it) : campaign_windows.erase(it);
    for (const auto& [campaign, rate] : rates)
      campaign_windows.try_emplace(campaign, rate).first->second.SetLimit(rate);
  }

  // The sender's throughput less what inbound messages may take of it.
  int FullRate() const { return OutboundRate(sender.throughput, 0); }

  // Requests that may begin in a second as things stand [M-83]; a spam report leaves a trickle [M-110].
  int Rate() const {
    if (sender.state == SenderState::kBulkBlocked && sender.block_reason == kSpamReason) return 1;
    return std::min(limit, OutboundRate(sender.throughput, inbound));
  }

  // How many may begin now.
  int Free(absl::Time now) {
    window.SetLimit(Rate());
    return window.Free(now);
  }
  // Of them messages: one is left to a read mark that found nothing free of late, where the rate is not a trickle.
  int FreeForMessages(absl::Time now) {
    const bool asked = now - asked_at < kAskedFor && Rate() >= kKeepsFrom;
    return std::max(0, Free(now) - (asked ? 1 : 0));
  }
  // Takes one for a read mark, beside the commit under way; false when none is free.
  bool Reserve(absl::Time now) {
    if (Free(now) <= promised) return asked_at = now, false;
    window.Take(now, 1);
    return true;
  }
  // Of them bulk: the last tenth of the rate is left to transactional messages [M-82].
  int FreeForBulk(absl::Time now) { return std::max(0, Free(now) - Rate() / 10); }
  // When a message may begin again.
  absl::Time NextFree(absl::Time now) {
    window.SetLimit(Rate());
    return std::max(window.NextFree(now), now + (Free(now) > 0 ? kRateWait : absl::ZeroDuration()));
  }

  // The sender as the store has it. A higher throughput holds at once.
  void Adopt(const Sender& now_is) {
    const int before = FullRate();
    sender = now_is;
    if (limit == 0 || limit >= before || limit > FullRate()) limit = FullRate();
  }

  // A halved rate regains a tenth of the full one every ten seconds [M-86].
  void Regain(absl::Time now) {
    if (limit >= FullRate() || now < regain_at) return;
    limit = std::min(FullRate(), limit + std::max(1, FullRate() / 10));
    regain_at = now + kHalvedRegains;
  }

  // A request begins. Silence is told by requests: after a pause longer than any back-off it is counted anew.
  void Begin(absl::Time now) {
    if (now - last_begun > kIdle) silent_since = std::nullopt;
    last_begun = now;
    window.Take(now, 1);
  }

  // What an answer means beyond its message. The sender waits as one after an error of class R, longer each time until
  // a request is taken; answers to what was in flight already say nothing new.
  void Learn(const SendOutcome& outcome, const ErrorClasses& classes, const std::optional<Uuid>& campaign,
             absl::Time now, double jitter = 0.5) {
    const bool bad = outcome.result == SendResult::kRefused || outcome.result == SendResult::kNotSent;
    const ErrorClass c = bad ? classes.Classify(outcome) : ErrorClass::kUnknown;
    if (outcome.result == SendResult::kAccepted) outages = 0;
    const bool answered = outcome.result == SendResult::kAccepted || outcome.result == SendResult::kRefused;
    if (answered) {
      silent_since = std::nullopt;
    } else if (!silent_since) {
      silent_since = now;
    }
    if (c == ErrorClass::kRetry && now >= back_off_until) {
      back_off_until = now + jobs::Backoff(++outages, absl::Seconds(1), absl::Seconds(60), jitter);
      if (outcome.graph_error && outcome.code == kThroughputCode) {
        limit = std::max(1, limit / 2);
        regain_at = now + kHalvedRegains;
      }
    }
    if (!campaign) return;
    int& in_a_row = bugs[*campaign];
    in_a_row = c == ErrorClass::kBug ? in_a_row + 1 : 0;
    if (in_a_row >= kBugsInARow) failing.insert(*campaign);
  }
};

}  // namespace vinculo::messaging
