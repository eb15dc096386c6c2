#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/sql/query.h"
#include "common/sql/transaction.h"
#include "services/support/domain/filter.h"
#include "services/support/domain/types.h"

namespace vinculo::support {

// Every statement on conversations and their history. Stateless; the tenant is the transaction's.
class ConversationRepository {
 public:
  // The next number of the tenant, from 1.
  absl::StatusOr<int64_t> NextNumber(sql::Transaction& tx) const;
  // With revision 1. ALREADY_EXISTS CONVERSATION_EXISTS when the external id is taken.
  absl::Status Insert(sql::Transaction& tx, Conversation& conversation) const;
  // Writes everything back and bumps the revision. ABORTED ETAG_MISMATCH when the row is not at
  // `conversation.revision`.
  absl::Status Update(sql::Transaction& tx, Conversation& conversation,
                      const std::vector<std::string>& tags_before) const;

  // NOT_FOUND CONVERSATION_NOT_FOUND.
  absl::StatusOr<Conversation> Get(sql::Transaction& tx, const Uuid& id) const;
  absl::StatusOr<Conversation> GetByNumber(sql::Transaction& tx, int64_t number) const;
  absl::StatusOr<std::optional<Conversation>> FindByExternalId(sql::Transaction& tx,
                                                               const std::string& external_id) const;
  // The newest of the requester in the inbox, not MERGED; nullopt when there is none.
  absl::StatusOr<std::optional<Conversation>> FindNewest(sql::Transaction& tx, const std::string& requester,
                                                         const std::string& inbox) const;
  // The conversation that a merged one points to, through chains; itself otherwise.
  absl::StatusOr<Conversation> Root(sql::Transaction& tx, Conversation conversation) const;
  // All of a requester, newest first, at most `limit`.
  absl::StatusOr<std::vector<Conversation>> OfRequester(sql::Transaction& tx, const std::string& requester,
                                                        int limit) const;

  // Where a page of a list begins: after (created_at, id), going back in time.
  struct Position {
    absl::Time created_at;
    Uuid id;
  };
  struct Page {
    std::vector<Conversation> conversations;
    std::optional<Position> next;  // unset: nothing follows
  };
  // Newest first. Walks the narrowest index that the filter names and checks the rest row by row; looks at no more than
  // kMaxExamined rows, so a page may come back short, even empty, with `next` set.
  absl::StatusOr<Page> List(sql::Transaction& tx, const ConversationFilter& filter, std::optional<Position> after,
                            int limit) const;
  static constexpr int kMaxExamined = 5000;
  // Ids in ascending order after `after`, for walks over everything.
  absl::StatusOr<std::vector<Uuid>> Ids(sql::Transaction& tx, const Uuid& after, int limit) const;

  absl::Status AppendHistory(sql::Transaction& tx, const Uuid& conversation,
                             const std::vector<HistoryEvent>& events) const;
  // From `after_seq` on, in order; at most `limit`.
  absl::StatusOr<std::vector<HistoryEvent>> History(sql::Transaction& tx, const Uuid& conversation,
                                                    int64_t after_seq = 0, int64_t limit = INT32_MAX) const;

  // For the plan test.
  static std::vector<sql::Query> Queries();
};

}  // namespace vinculo::support
