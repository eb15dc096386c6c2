#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/id/uuid.h"
#include "common/sql/query.h"
#include "common/sql/transaction.h"

namespace vinculo::messaging {

// A webhook body as it came; under the tenant `_system`, whatever tx.tenant() is.
struct RawBody {
  Uuid id;
  std::string app;
  absl::Time received_at;
  std::string body;
};

// Told to commit listeners when bodies wait that nobody announced otherwise.
inline constexpr auto kSignalInbox = static_cast<sql::Signal>(1u << 17);

class RawInbox {
 public:
  static absl::Status Append(sql::Transaction& tx, const RawBody& raw);
  // Unprocessed, in stored order, after `after`.
  static absl::StatusOr<std::vector<RawBody>> Waiting(sql::Transaction& tx, const Uuid& after, int limit);
  static absl::Status MarkProcessed(sql::Transaction& tx, const Uuid& id, absl::Time now);
  // Deletes up to `limit` bodies processed before `before`.
  static absl::StatusOr<int64_t> Sweep(sql::Transaction& tx, absl::Time before, int limit);
  // How many wait.
  static absl::StatusOr<int64_t> CountWaiting(sql::Transaction& tx);
  // Lets up to `limit` processed bodies that arrived in [from, to) wait again, oldest first; how many [M-100].
  static absl::StatusOr<int64_t> Replay(sql::Transaction& tx, absl::Time from, absl::Time to, int limit);
  static std::vector<sql::Query> Queries();
};

// Which of several processes applies webhooks. Under the tenant `_system`, whatever tx.tenant() is.
class InboxLease {
 public:
  // Takes or keeps the lease until `until`; its token, or nullopt while another holder's runs.
  static absl::StatusOr<std::optional<int64_t>> Claim(sql::Transaction& tx, const std::string& holder, absl::Time now,
                                                      absl::Time until);
  // FAILED_PRECONDITION LEASE_LOST when the token is no longer the current one.
  static absl::Status Check(sql::Transaction& tx, int64_t token);
  static std::vector<sql::Query> Queries();
};

}  // namespace vinculo::messaging
