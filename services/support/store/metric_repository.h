#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/calendar/period.h"
#include "common/sql/query.h"
#include "common/sql/transaction.h"
#include "services/support/domain/report.h"

namespace vinculo::support {

// What the sums per day are kept for.
enum class SumScope { kTotal = 0, kAgent = 1, kTag = 2 };

// Facts of conversations and the sums over them. The sums change only together with the facts, so a report that reads
// sums says the same as one that reads facts.
class MetricRepository {
 public:
  // Days are days of `zone`, the tenants'. Changing it needs RebuildMetrics.
  explicit MetricRepository(absl::TimeZone zone) : zone_(zone) {}
  absl::TimeZone zone() const { return zone_; }

  // The facts of a conversation that has none yet.
  absl::Status Insert(sql::Transaction& tx, const Uuid& conversation, const std::vector<MetricFact>& facts) const {
    return Exchange(tx, conversation, {}, facts).status();
  }
  // Replaces the conversation's facts by these and moves the sums along. True when something differed.
  absl::StatusOr<bool> Replace(sql::Transaction& tx, const Uuid& conversation,
                               const std::vector<MetricFact>& facts) const;

  // From the sums: the figures of the days, and those of each agent or tag in them. Exact.
  absl::StatusOr<Figures> TotalFigures(sql::Transaction& tx, const calendar::DayRange& days) const;
  absl::StatusOr<std::map<std::string, Figures>> FiguresBy(sql::Transaction& tx, SumScope scope,
                                                           const calendar::DayRange& days) const;

  // From the facts: the same for any span of time, as another zone needs it. Slower, by the number of facts in the
  // span.
  absl::StatusOr<std::map<std::string, Figures>> FiguresFromFacts(sql::Transaction& tx, SumScope scope,
                                                                  const calendar::TimeRange& span) const;

  // Facts of one metric whose time (or the time of c0 when `by_started`) lies in the span, in order of that time.
  absl::Status EachFact(sql::Transaction& tx, Metric metric, bool by_started, const calendar::TimeRange& span,
                        absl::FunctionRef<void(const FactRow&)> on_row) const;

  static std::vector<sql::Query> Queries();

 private:
  absl::StatusOr<std::vector<MetricFact>> Load(sql::Transaction& tx, const Uuid& conversation) const;
  // From `kept` to `facts`, in rows and sums.
  absl::StatusOr<bool> Exchange(sql::Transaction& tx, const Uuid& conversation, const std::vector<MetricFact>& kept,
                                const std::vector<MetricFact>& facts) const;
  absl::Status Move(sql::Transaction& tx, const Uuid& conversation, const MetricFact& fact, int sign) const;
  absl::Status MoveSums(sql::Transaction& tx, const Uuid& conversation, const MetricFact& fact, int sign,
                        SumScope scope, const std::string& name) const;
  absl::Status MoveRecloses(sql::Transaction& tx, const std::vector<MetricFact>& facts, int sign) const;
  int64_t Day(absl::Time at) const;

  absl::TimeZone zone_;
};

}  // namespace vinculo::support
