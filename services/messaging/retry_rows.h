#pragma once

#include <map>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/sql/transaction.h"
#include "services/messaging/domain/campaign.h"

// Queues recipients of a campaign once more, a page at a time. Shared by api, which does the first, and work.
namespace vinculo::messaging {

struct RetryWork {
  Uuid campaign_id;
  std::set<std::string> reasons;  // empty: all
  bool include_unknown = false;
  // Where it stands: which of the states it looks through, and the last contact there.
  int step = 0;
  Uuid after;

  std::string Encode() const;
  static absl::StatusOr<RetryWork> Decode(absl::string_view text);  // DATA_LOSS for anything else
};

struct RetryResult {
  int64_t queued = 0;
  std::map<std::string, int64_t> passed_over;  // by RetryVerdictName
  bool done = false;
};

// Looks at up to `limit` rows and moves `work` on. Row and counters change together.
absl::StatusOr<RetryResult> RetryPage(sql::Transaction& tx, RetryWork& work, int limit, absl::Time now);

// A COMPLETED campaign runs again; any other keeps its state.
absl::Status RunAgain(sql::Transaction& tx, Campaign& campaign, absl::Time now);

}  // namespace vinculo::messaging
