#pragma once

#include <functional>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/query.h"
#include "common/sql/transaction.h"
#include "services/messaging/domain/campaign.h"
#include "services/messaging/domain/figures.h"

namespace vinculo::messaging {

// Counters of a campaign's series: (begun minute, figure) -> how many.
using MinuteCounts = std::map<std::pair<int64_t, Figure>, int64_t>;

// What was counted for one version of a template.
struct VersionCounts {
  std::string language;
  int version = 0;
  CountsBySource by_source;
};

// Reads for reports, all over counters or an index, each within the bounds it names.
class ReportRepository {
 public:
  // In order of time.
  static absl::Status EachMinute(sql::Transaction& tx, const Uuid& campaign,
                                 const std::function<void(int64_t minute, Figure figure, int64_t n)>& on_count);
  // The same from the rows, by pages of the ledger.
  static absl::StatusOr<MinuteCounts> RecountMinutes(sql::Transaction& tx, const Uuid& campaign);

  // By language, then version, over the senders of the template's channel.
  static absl::StatusOr<std::vector<VersionCounts>> OfTemplate(sql::Transaction& tx, const std::vector<Uuid>& senders,
                                                               const std::string& name);
  // Quarters of an hour in [from, until).
  static absl::StatusOr<CountsBySource> OfSender(sql::Transaction& tx, const Uuid& sender, int64_t from, int64_t until);
  // Its costs alone: what was delivered in those quarters.
  static absl::StatusOr<std::map<Source, CostShares>> CostsOfSender(sql::Transaction& tx, const Uuid& sender,
                                                                    int64_t from, int64_t until);
  // How many messages of a sender WhatsApp took, for each quarter in [from, until) with any.
  static absl::Status EachAcceptedQuarter(
      sql::Transaction& tx, const Uuid& sender, int64_t from, int64_t until,
      const std::function<void(int64_t quarter, Source source, int64_t n)>& on_count);

  // Different contacts with a message accepted in [from, until).
  static absl::StatusOr<int64_t> ContactsReached(sql::Transaction& tx, absl::Time from, absl::Time until);
  // Times in [from, until), in order, at most 100,000.
  static absl::StatusOr<std::vector<absl::Time>> CampaignsCreated(sql::Transaction& tx, absl::Time from,
                                                                  absl::Time until);
  static absl::StatusOr<std::vector<absl::Time>> CampaignsLaunched(sql::Transaction& tx, absl::Time from,
                                                                   absl::Time until);
  static absl::StatusOr<std::vector<absl::Time>> TemplatesCreated(sql::Transaction& tx, absl::Time from,
                                                                  absl::Time until);

  static std::vector<sql::Query> Queries();
};

}  // namespace vinculo::messaging
