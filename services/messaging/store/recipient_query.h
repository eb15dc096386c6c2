#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/query.h"
#include "common/sql/transaction.h"
#include "services/messaging/store/campaign_repository.h"

namespace vinculo::messaging {

// Who is behind a figure of a campaign's report [M-123].
struct RecipientFilter {
  enum class Reply { kAll = 0, kAny = 1, kDirect = 2, kInferred = 3, kNone = 4 };
  enum class Failure { kAll = 0, kRefused = 1, kLater = 2 };
  // States from `first` to `last`, whose numbers go by the way of a recipient.
  RecipientState first = RecipientState::kExcluded;
  RecipientState last = RecipientState::kExpired;
  std::string reason;               // "" for all
  Failure failure = Failure::kAll;  // which of the FAILED ones; says nothing about other states
  Reply reply = Reply::kAll;
  bool opted_out = false;
};

// A row of the ledger with the person and the message behind it.
struct ListedRecipient {
  Recipient row;
  std::string name;
  std::string phone;
  std::string customer_id;
  std::string wamid;
  Progress progress;  // of the message, as far as there is one
};

// Rows of one campaign that pass the filter, by contact id.
struct RecipientPage {
  std::vector<ListedRecipient> rows;
  Uuid next;          // where the next page begins: after this contact
  bool more = false;  // whether there may be one
};

// A page of at most `limit` rows after `after` (nil: from the first). A call looks at a bounded number of rows: by an
// index for a reason or an answer, else at most `kRecipientWalk` of the ledger, so that a page may be short, or empty,
// while there is more.
inline constexpr int kRecipientWalk = 20'000;
absl::StatusOr<RecipientPage> ListRecipients(sql::Transaction& tx, const Uuid& campaign, const RecipientFilter& filter,
                                             const Uuid& after, int limit, int walk = kRecipientWalk);

std::vector<sql::Query> RecipientQueries();

}  // namespace vinculo::messaging
