#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/transaction.h"
#include "services/messaging/domain/channel.h"
#include "services/messaging/domain/message.h"
#include "services/messaging/store/contact_repository.h"
#include "services/messaging/work/graph_json.h"

namespace vinculo::messaging {

// What a dispatcher may begin now.
struct IntentRequest {
  Uuid sender_id;
  int64_t token = 0;
  absl::Time now;
  int limit = 0;                      // requests in all
  int bulk_limit = 0;                 // of them bulk
  std::set<Uuid> busy_contacts;       // with a transactional message in flight: one at a time
  std::map<Uuid, int> campaign_free;  // how many a campaign may begin at its rate; absent: all of it
  Uuid last_campaign;                 // campaigns take turns after this one
};

// A committed intent: exactly one request may follow.
struct Intent {
  Message message;
  SendTarget target;
};

struct IntentBatch {
  Sender sender;
  std::string token_sealed;  // the channel's access token
  std::string waba_id;
  std::vector<Intent> intents;
  bool blocked = false;  // the sender or its channel: nothing begins
  bool more = false;     // the limit was reached; there may be more at once
  bool running_campaigns = false;
  std::optional<absl::Time> next_due;
  Uuid last_campaign;
  std::map<Uuid, int> campaign_rates;  // of running campaigns that have one
};

// Chooses what goes out next and commits to it, in one transaction: transactional first, then bulk, campaigns in turns.
// Checks the token, the sender, each campaign's state and every rule of consent and window here, so nothing they forbid
// is begun once they have changed [M-01] [M-70]. What may not go is failed or skipped in the same transaction.
// FAILED_PRECONDITION LEASE_LOST.
absl::StatusOr<IntentBatch> CommitIntents(sql::Transaction& tx, const ContactRepository& contacts,
                                          const IntentRequest& request);

// What came back.
struct SendReport {
  Uuid message_id;
  int attempt = 0;
  SendOutcome outcome;
  bool untried = false;  // the holder itself did not write the request
  double jitter = 0.5;
  std::shared_ptr<const Message> begun = nullptr;  // as its intent left it; spares reading it again

  static SendReport Of(std::shared_ptr<const Message> begun, SendOutcome outcome) {
    return {.message_id = begun->id, .attempt = begun->progress.attempt, .outcome = std::move(outcome), .begun = begun};
  }
};

// Records outcomes: facts, whatever the token. Blocks senders and pauses campaigns where the class of an error says so
// [M-110]. `pause_for_failures` names campaigns whose last outcomes were all faults of the request; what stays unclear
// is UNKNOWN and waits `unknown_wait` for a status.
absl::Status RecordOutcomes(sql::Transaction& tx, const ContactRepository& contacts,
                            const std::vector<SendReport>& reports, const std::set<Uuid>& pause_for_failures,
                            absl::Duration unknown_wait, absl::Time now,
                            const ErrorClasses& classes = ErrorClasses::Default());

// No request of the sender was answered for `silence`: its running campaigns pause, PROVIDER_DOWN, where that is as
// long as their protection says [M-72].
absl::Status PauseForSilence(sql::Transaction& tx, const Uuid& sender, absl::Duration silence, absl::Time now);

// Rows that an older holder left SENDING become UNKNOWN; false when none is left. Unknown ones whose wait is over are
// queued once more or given up [M-51] [M-80].
absl::StatusOr<bool> RecoverOrphans(sql::Transaction& tx, const Uuid& sender, int64_t token,
                                    absl::Duration unknown_wait, absl::Time now);
absl::Status SettleUnknown(sql::Transaction& tx, const Uuid& sender, absl::Time now);

// Lifts the sender's block when its announced end has come [M-113].
absl::Status EndBlock(sql::Transaction& tx, const Uuid& sender, absl::Time now);

}  // namespace vinculo::messaging
