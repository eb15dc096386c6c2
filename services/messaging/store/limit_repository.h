#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/query.h"
#include "common/sql/transaction.h"
#include "services/messaging/domain/contact.h"
#include "services/messaging/domain/limits.h"
#include "services/messaging/store/campaign_repository.h"

namespace vinculo::messaging {

// Whom a message would go to, with all that an intent's rules need of them: one read for each message. Of the contact
// only what a send needs: neither tags nor attributes nor identities.
struct Addressee {
  Contact contact;
  std::optional<absl::Time> window_until;
  std::optional<absl::Time> pair_paid_at;  // of what SendMessage begun, and of repeated attempts
  int campaigns_begun = 0;                 // first attempts of campaigns within the span asked for
  std::optional<absl::Time> reach_at;      // holds a slot of the portfolio's reach since then

  bool WindowOpen(absl::Time now) const { return window_until && now < *window_until - absl::Seconds(60); }
  // All debt of the pair, campaigns included; on the safe side.
  std::optional<absl::Time> PairDebt(absl::Time now) const;
};

// From whose point of view the limits are looked at.
struct LimitScope {
  Uuid sender_id;
  std::string portfolio_id;
};

// When campaign messages began that still count in a pair's debt. A clock that was set back leaves some in the future:
// they are passed over.
struct BegunSpan {
  absl::Time since;
  absl::Time until;
};

struct DueRecipient {
  Recipient row;
  Addressee to;
};

// Pair debts, reach and inbound traffic.
class LimitRepository {
 public:
  // NOT_FOUND CONTACT_NOT_FOUND.
  static absl::StatusOr<Addressee> Find(sql::Transaction& tx, const LimitScope& scope, const Uuid& contact,
                                        const BegunSpan& begun);
  // Queued and due rows of a campaign, by (not_before, position), each with whom it goes to: one statement for all.
  static absl::StatusOr<std::vector<DueRecipient>> Due(sql::Transaction& tx, const LimitScope& scope,
                                                       const Uuid& campaign, absl::Time now, const BegunSpan& begun,
                                                       int limit);
  static absl::Status SetPairPaid(sql::Transaction& tx, const Uuid& sender, const Uuid& contact, absl::Time paid_at);

  // A message that certainly never left owes nothing.
  static absl::Status RefundPair(sql::Transaction& tx, const Uuid& sender, const Uuid& contact);

  // Slots in use; those that have run out count until Sweep.
  static absl::StatusOr<int64_t> ReachUsed(sql::Transaction& tx, const std::string& portfolio);
  // Takes a slot for the contact or renews the one it has. The caller counts with AddReach.
  static absl::Status TakeReach(sql::Transaction& tx, const std::string& portfolio, const Uuid& contact,
                                const Uuid& message, absl::Time now);
  static absl::Status AddReach(sql::Transaction& tx, const std::string& portfolio, int64_t n);
  // Gives the slot back that this message alone took [M-85].
  static absl::Status GiveReachBack(sql::Transaction& tx, const std::string& portfolio, const Uuid& contact,
                                    const Uuid& message);
  // Frees up to `limit` slots that have run out; how many it was.
  static absl::StatusOr<int64_t> SweepReach(sql::Transaction& tx, const std::string& portfolio, absl::Time now,
                                            int limit);
  // For GetBudgets: slots that have not run out, and when the oldest of them does.
  static absl::StatusOr<int64_t> ReachUsedAt(sql::Transaction& tx, const std::string& portfolio, absl::Time now);
  static absl::StatusOr<std::optional<absl::Time>> NextReachAfter(sql::Transaction& tx, const std::string& portfolio,
                                                                  absl::Time now);
  // Messages of a campaign whose first attempt began since then.
  static absl::StatusOr<int64_t> CampaignBegun(sql::Transaction& tx, const Uuid& campaign, absl::Time since);
  // When the oldest slot becomes free.
  static absl::StatusOr<std::optional<absl::Time>> NextReach(sql::Transaction& tx, const std::string& portfolio);

  // `n` messages came in for the sender now.
  static absl::Status CountInbound(sql::Transaction& tx, const Uuid& sender, int64_t n, absl::Time now);
  // `n` requests begin for the sender now; for GetBudgets.
  static absl::Status CountOutbound(sql::Transaction& tx, const Uuid& sender, int64_t n, absl::Time now);
  // Messages that came in, and that began, within the last second.
  static absl::StatusOr<int64_t> OutboundOfLastSecond(sql::Transaction& tx, const Uuid& sender, absl::Time now);
  static absl::StatusOr<int64_t> InboundOfLastSecond(sql::Transaction& tx, const Uuid& sender, absl::Time now);

  static std::vector<sql::Query> Queries();
};

}  // namespace vinculo::messaging
