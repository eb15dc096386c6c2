#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/id/uuid.h"
#include "common/sql/query.h"
#include "common/sql/transaction.h"

namespace vinculo::messaging {

// What is emptied when a person is forgotten. Rows stay, so counts do.
class ErasureRepository {
 public:
  // State ERASED, nothing else left; identities, windows and what is remembered between messages go.
  static absl::Status ScrubContact(sql::Transaction& tx, const Uuid& contact, absl::Time now);
  // References of consent; what was decided, when and how stays as evidence.
  static absl::Status ScrubConsents(sql::Transaction& tx, const Uuid& contact);

  // Up to `limit` rows each; how many had something to lose.
  static absl::StatusOr<int64_t> ScrubMessages(sql::Transaction& tx, const Uuid& contact, int limit);
  static absl::StatusOr<int64_t> ScrubRecipients(sql::Transaction& tx, const Uuid& contact, int limit);
  static absl::StatusOr<int64_t> ScrubInbound(sql::Transaction& tx, const Uuid& contact, int limit);

  struct RawPage {
    Uuid last;
    bool done = false;
    bool waits = false;  // the body after `last` speaks of the person and was not processed yet
  };
  // Raw webhook bodies after `after` that contain one of `needles` are emptied once they were processed.
  static absl::StatusOr<RawPage> ScrubRaw(sql::Transaction& tx, const Uuid& after,
                                          const std::vector<std::string>& needles, int limit);

  static std::vector<sql::Query> Queries();
};

}  // namespace vinculo::messaging
