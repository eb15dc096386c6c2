#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/query.h"
#include "common/sql/transaction.h"
#include "services/messaging/domain/campaign.h"
#include "services/messaging/store/count_deltas.h"

namespace vinculo::messaging {

// A row of the ledger.
struct Recipient {
  Uuid campaign_id;
  Uuid contact_id;
  int64_t position = 0;
  RecipientState state = RecipientState::kQueued;
  std::string reason;
  std::string language;
  int version = 0;
  Category category = Category::kUnspecified;
  PlaceValues params;
  int round = 0;
  int tries = 0;
  std::optional<Uuid> message_id;
  absl::Time not_before;
  int replied = 0;  // 1 direct, 2 inferred
  bool opted_out = false;
  absl::Time updated_at;
  std::optional<Uuid> first_message_id;    // of an earlier round
  int capped_retries = 0;                  // rounds begun because WhatsApp had held the one before back
  std::optional<absl::Time> replied_at;    // of the first answer
  std::optional<absl::Time> opted_out_at;  // of the first opt-out in answer
};

// Campaigns, their ledger and its counters.
class CampaignRepository {
 public:
  static absl::Status Insert(sql::Transaction& tx, const Campaign& campaign);
  // NOT_FOUND CAMPAIGN_NOT_FOUND.
  static absl::StatusOr<Campaign> Get(sql::Transaction& tx, const Uuid& id);
  // Newest first, before `before` (nil: from the newest).
  static absl::StatusOr<std::vector<Campaign>> List(sql::Transaction& tx, const Uuid& before, int limit);
  // State, reason, times, freeze, canary and wait; bumps the revision.
  static absl::Status Update(sql::Transaction& tx, Campaign& campaign);
  // Everything that people set; bumps the revision.
  static absl::Status Rewrite(sql::Transaction& tx, Campaign& campaign);
  // What it waits for; the revision stays.
  static absl::Status SetWait(sql::Transaction& tx, const Campaign& campaign);
  static absl::Status Delete(sql::Transaction& tx, const Uuid& id);
  // How many are scheduled, freezing or running; kMaxLiveCampaigns counts as "at least".
  static absl::StatusOr<int> CountLive(sql::Transaction& tx);
  // RUNNING campaigns of a sender, and their rates.
  static absl::StatusOr<std::vector<Campaign>> Running(sql::Transaction& tx, const Uuid& sender);

  // Campaigns that are scheduled, freezing, running or paused and send this template, at most `limit`.
  static absl::StatusOr<std::vector<Campaign>> OfTemplate(sql::Transaction& tx, const Uuid& channel,
                                                          const std::string& name, int limit);

  // ALREADY_EXISTS when the contact has a row.
  static absl::Status InsertRecipient(sql::Transaction& tx, const Recipient& recipient);
  static absl::StatusOr<std::optional<Recipient>> FindRecipient(sql::Transaction& tx, const Uuid& campaign,
                                                                const Uuid& contact);
  // Queued and due, by (not_before, position).
  static absl::StatusOr<std::vector<Recipient>> Due(sql::Transaction& tx, const Uuid& campaign, absl::Time now,
                                                    int limit);
  struct NextRow {
    absl::Time not_before;
    bool tried = false;  // waits for another attempt
  };
  static absl::StatusOr<std::optional<NextRow>> NextDue(sql::Transaction& tx, const Uuid& campaign);
  // Rows in SKIPPED, UNKNOWN or FAILED by contact id, after `after`.
  static absl::StatusOr<std::vector<Recipient>> Retryable(sql::Transaction& tx, const Uuid& campaign,
                                                          RecipientState state, const Uuid& after, int limit);
  // QUEUED again without a message: round, not_before, first message, capped retries.
  static absl::Status Requeue(sql::Transaction& tx, const Recipient& recipient);
  // Queued rows of a contact over all campaigns.
  static absl::StatusOr<std::vector<Recipient>> QueuedOf(sql::Transaction& tx, const Uuid& contact);
  // State, reason, message, not_before, tries.
  static absl::Status UpdateRecipient(sql::Transaction& tx, const Recipient& recipient);
  // The same for a row whose message is `recipient.message_id`; false when the row has moved on to another message.
  static absl::StatusOr<bool> ShowMessage(sql::Transaction& tx, const Recipient& recipient);
  // Whether and when the person answered and opted out.
  static absl::Status SetReplied(sql::Transaction& tx, const Recipient& recipient);

  static absl::StatusOr<RecipientCounts> Counts(sql::Transaction& tx, const Uuid& campaign);
  // From the rows.
  static absl::StatusOr<RecipientCounts> Recount(sql::Transaction& tx, const Uuid& campaign);

  static std::vector<sql::Query> Queries();
};

}  // namespace vinculo::messaging
