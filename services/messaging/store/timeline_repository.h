#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/query.h"
#include "common/sql/transaction.h"
#include "services/messaging/domain/campaign.h"
#include "services/messaging/domain/content.h"

namespace vinculo::messaging {

// A message from the person, as far as a timeline shows it.
struct InboundItemRow {
  std::string wamid;
  Uuid sender_id;
  std::string type;
  std::string text;
  Route route = Route::kUnspecified;
  std::optional<Uuid> campaign_id;
  absl::Time at;
};

// A campaign without a message for the person, or that passed them over after a try.
struct SilentCampaign {
  Uuid campaign_id;
  std::string display_name;
  RecipientState state = RecipientState::kExcluded;
  std::string reason;
  absl::Time at;
};

class TimelineRepository {
 public:
  // Newest first, not newer than `until`, at most `limit`.
  static absl::StatusOr<std::vector<InboundItemRow>> Inbound(sql::Transaction& tx, const Uuid& contact,
                                                             absl::Time until, int limit);
  // The newest 1,000 of them. The rows are this contact's own: not of one that was merged into it.
  static absl::StatusOr<std::vector<SilentCampaign>> Campaigns(sql::Transaction& tx, const Uuid& contact);

  static std::vector<sql::Query> Queries();
};

}  // namespace vinculo::messaging
