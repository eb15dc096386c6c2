#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "common/sql/transaction.h"
#include "services/messaging/domain/campaign.h"
#include "services/messaging/store/contact_repository.h"

namespace vinculo::messaging {

struct AudiencePage {
  int64_t seen = 0;  // contacts looked at
  Uuid last;         // where the next page begins
  bool done = false;
};

// OK when all that the filter names is there; else NOT_FOUND of the list, campaign or segment.
absl::Status CheckAudience(sql::Transaction& tx, const AudienceFilter& filter);

// Looks at up to `limit` contacts after `after` and calls `on_match` for those that the filter matches at `now`, with
// the variables of the list the filter stands on. A filter that requires one list walks only its members. Reads of a
// contact only what the filter asks for. Segments are as they stand.
absl::StatusOr<AudiencePage> WalkAudience(
    sql::Transaction& tx, const ContactRepository& contacts, const AudienceFilter& filter, const Uuid& after, int limit,
    absl::Time now,
    const std::function<absl::Status(const Contact&, const std::map<std::string, std::string>& variables)>& on_match);

// The variables that a walk of the filter gives with this contact: of the list it stands on, or of all lists that it
// and its segments name.
absl::StatusOr<std::map<std::string, std::string>> AudienceVariables(sql::Transaction& tx,
                                                                     const ContactRepository& contacts,
                                                                     const AudienceFilter& filter, const Uuid& contact);

}  // namespace vinculo::messaging
