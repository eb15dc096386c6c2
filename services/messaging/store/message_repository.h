#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/query.h"
#include "common/sql/transaction.h"
#include "services/messaging/domain/message.h"

namespace vinculo::messaging {

// Told to commit listeners when something new waits to be sent.
inline constexpr auto kSignalQueue = static_cast<sql::Signal>(1u << 16);

// Outbound messages. A queued row is the queue.
class MessageRepository {
 public:
  static absl::Status Insert(sql::Transaction& tx, const Message& message);
  // How many wait to be sent, those of campaigns that wait for another attempt included: the time it takes grows with
  // their number.
  static absl::StatusOr<int64_t> CountQueued(sql::Transaction& tx);
  // NOT_FOUND MESSAGE_NOT_FOUND.
  static absl::StatusOr<Message> Get(sql::Transaction& tx, const Uuid& id);
  static absl::StatusOr<std::optional<Message>> Find(sql::Transaction& tx, const Uuid& id);
  // The same, and by wamid, with no more of the content than which template it is, and without fallback: all that
  // statuses and answers need.
  static absl::StatusOr<std::optional<Message>> FindFacts(sql::Transaction& tx, const Uuid& id);
  // Those of `ids` that exist, in a few statements whatever their number: over a network each one is a journey.
  static absl::StatusOr<std::vector<Message>> FindAllFacts(sql::Transaction& tx, const std::vector<Uuid>& ids);
  static absl::StatusOr<std::optional<Message>> FindByWamid(sql::Transaction& tx, const std::string& wamid);
  // Progress, token, due time, wamid; content, category and what follows from it (lane, resend policy, reserved) too.
  static absl::Status Update(sql::Transaction& tx, const Message& message);
  // The same for an unchanged content: what a status or a result changes.
  static absl::Status UpdateProgress(sql::Transaction& tx, const Message& message);
  // State, phase, due time, wamid, acceptance and wa_id of an attempt that is SENDING for this contact; false when it
  // no longer is: a status, a merge or another attempt has changed the row.
  static absl::StatusOr<bool> AcceptBegun(sql::Transaction& tx, const Message& message, const std::string& wa_id);
  // Whose WhatsApp said that the message is.
  static absl::Status SetWaId(sql::Transaction& tx, const Uuid& id, const std::string& wa_id);
  // Whether WhatsApp has answered a message to this contact with this wa_id.
  static absl::StatusOr<bool> AnsweredWith(sql::Transaction& tx, const Uuid& contact, const std::string& wa_id);
  // The same again for an unchanged attempt, token and wamid: what a status changes.
  static absl::Status UpdateReported(sql::Transaction& tx, const Message& message);
  // Billing category, billable, price and currency.
  static absl::Status SetPricing(sql::Transaction& tx, const Message& message);

  // Queued and due messages of a lane after `after`, oldest first. Those of campaigns are handed out through their
  // ledger.
  struct DuePosition {
    absl::Time due_at = absl::UnixEpoch();
    Uuid id;
  };
  static absl::StatusOr<std::vector<Message>> Due(sql::Transaction& tx, const Uuid& sender, Lane lane, absl::Time now,
                                                  const DuePosition& after, int limit);
  // The message, and what is queued later for the same contact in its lane, waits until `until`: order is kept [M-48].
  static absl::Status PostponeContact(sql::Transaction& tx, const Message& message, absl::Time until);
  // When the next queued message of the sender becomes due.
  static absl::StatusOr<std::optional<absl::Time>> NextDue(sql::Transaction& tx, const Uuid& sender);
  // Still queued at the end of their expiry, of all senders: who holds a sender ends its own, unless it is blocked.
  static absl::StatusOr<std::vector<Message>> QueueExpired(sql::Transaction& tx, absl::Time now, int limit);
  // SENDING under an older token than `token`.
  static absl::StatusOr<std::vector<Message>> Orphans(sql::Transaction& tx, const Uuid& sender, int64_t token,
                                                      int limit);
  // UNKNOWN for longer than is waited.
  static absl::StatusOr<std::vector<Message>> UnknownDue(sql::Transaction& tx, const Uuid& sender, absl::Time now,
                                                         int limit);

  // Accepted or sent, not delivered, and due to be looked at for their time to live [M-89].
  static absl::StatusOr<std::vector<Message>> Awaited(sql::Transaction& tx, absl::Time now, int limit);

  // True while an UNKNOWN message of the campaign still waits for a status (it is given up `never`).
  static absl::StatusOr<bool> UnknownWaiting(sql::Transaction& tx, const Uuid& sender, const Uuid& campaign,
                                             absl::Time never);

  // Newest first, before `before` (nil: from the newest).
  static absl::StatusOr<std::vector<Message>> ListByContact(sql::Transaction& tx, const Uuid& contact,
                                                            const Uuid& before, int limit);
  static absl::StatusOr<std::vector<Message>> ListByCampaign(sql::Transaction& tx, const Uuid& campaign,
                                                             const Uuid& before, int limit);
  // The campaign message accepted last for that contact on that sender in [since, until] [M-107].
  static absl::StatusOr<std::optional<Message>> LastCampaignMessage(sql::Transaction& tx, const Uuid& contact,
                                                                    const Uuid& sender, absl::Time since,
                                                                    absl::Time until);

  static std::vector<sql::Query> Queries();

 private:
  static std::vector<sql::Query> QueueQueries();
};

}  // namespace vinculo::messaging
