#include "services/support/store/metric_repository.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/calendar/zone.h"
#include "common/status/status_macros.h"
#include "services/support/domain/statistics.h"
#include "services/support/domain/value_bucket.h"
#include "services/support/store/metric_queries.h"

namespace vinculo::support {
namespace {

namespace q = metric_queries;
using calendar::Statistic;

// Ratings of 4 or 5, counted beside the ratings. Only in day_count.
constexpr Metric kCsatPositive = static_cast<Metric>(103);

// Durations that the weekly report shows; others are answered from facts.
bool HasSums(const MetricFact& fact) {
  if (!IsDuration(fact.metric)) return true;
  if (fact.automatic) return false;
  return fact.metric == Metric::kFirstResponseTime || fact.metric == Metric::kResponseTime ||
         fact.metric == Metric::kTimeToClose;
}

MetricFact ReadFact(const sql::Row& r) {
  MetricFact f;
  f.metric = static_cast<Metric>(r.Int(0));
  f.ordinal = static_cast<int32_t>(r.Int(1));
  f.at = r.Time(2);
  f.started_at = r.OptionalTime(3);
  f.value = r.Int(4);
  f.agent = r.String(5);
  f.team = r.String(6);
  f.priority = static_cast<Priority>(r.Int(7));
  if (!r.Text(8).empty()) f.tags = absl::StrSplit(r.Text(8), ',');
  f.automatic = r.Bool(9);
  return f;
}

struct Count {
  int64_t n = 0;
  int64_t total = 0;
};
using Counts = std::map<std::string, Count>;  // by name
using Histogram = std::map<int32_t, Count>;   // by value bucket
struct Days {
  int64_t first;
  int64_t end;
};

absl::StatusOr<Counts> LoadCounts(sql::Transaction& tx, SumScope scope, Metric metric, Days days) {
  Counts counts;
  RETURN_IF_ERROR(tx.Each(
      q::kCounts,
      [&](const sql::Row& r) {
        Count& count = counts[r.String(0)];
        count.n += r.Int(1);
        count.total += r.Int(2);
      },
      tx.tenant(), scope, metric, days.first, days.end));
  return counts;
}

// Exact statistics of one name's values: counts per bucket find the bucket that holds the wanted rank, and only its
// values are read.
class SumReader {
 public:
  SumReader(sql::Transaction& tx, SumScope scope, Metric metric, std::string name, Days days,
            const Histogram& histogram)
      : tx_(tx), scope_(scope), metric_(metric), name_(std::move(name)), days_(days), histogram_(histogram) {
    for (const auto& [bucket, count] : histogram_) {
      n_ += count.n;
      total_ += count.total;
    }
  }

  absl::StatusOr<DurationFigures> Read() {
    DurationFigures figures;
    figures.n = n_;
    if (n_ == 0) return figures;
    figures.mean = static_cast<double>(total_) / static_cast<double>(n_) / 1e6;
    ASSIGN_OR_RETURN(figures.median, At(RankOf(Statistic::kMedian, n_)));
    ASSIGN_OR_RETURN(figures.p90, At(RankOf(Statistic::kP90, n_)));
    return figures;
  }

 private:
  absl::StatusOr<double> At(Rank rank) {
    ASSIGN_OR_RETURN(const int64_t low, ValueAt(rank.low));
    if (rank.weight == 0) return static_cast<double>(low) / 1e6;
    ASSIGN_OR_RETURN(const int64_t high, ValueAt(rank.low + 1));
    return (static_cast<double>(low) + rank.weight * static_cast<double>(high - low)) / 1e6;
  }

  absl::StatusOr<int64_t> ValueAt(int64_t rank) {
    for (const auto& [bucket, count] : histogram_) {
      if (rank < count.n) return ValueIn(bucket, rank);
      rank -= count.n;
    }
    return absl::InternalError("sums and values of the reports disagree");
  }

  absl::StatusOr<int64_t> ValueIn(int32_t bucket, int64_t rank) {
    auto [known, is_new] = values_.try_emplace(bucket);
    std::vector<int64_t>& values = known->second;
    if (is_new) {
      RETURN_IF_ERROR(tx_.Each(
          q::kValues, [&](const sql::Row& r) { values.push_back(r.Int(0)); }, tx_.tenant(), scope_, metric_, name_,
          bucket, days_.first, days_.end));
      std::sort(values.begin(), values.end());
    }
    if (rank >= static_cast<int64_t>(values.size()))
      return absl::InternalError("sums and values of the reports disagree");
    return values[static_cast<size_t>(rank)];
  }

  sql::Transaction& tx_;
  const SumScope scope_;
  const Metric metric_;
  const std::string name_;
  const Days days_;
  const Histogram& histogram_;
  int64_t n_ = 0;
  int64_t total_ = 0;
  std::map<int32_t, std::vector<int64_t>> values_;
};

absl::Status ReadDurations(sql::Transaction& tx, SumScope scope, Metric metric, Days days,
                           DurationFigures Figures::*field, std::map<std::string, Figures>& by_name) {
  std::map<std::string, Histogram> histograms;
  RETURN_IF_ERROR(tx.Each(
      q::kBuckets,
      [&](const sql::Row& r) {
        Count& count = histograms[r.String(0)][static_cast<int32_t>(r.Int(1))];
        count.n += r.Int(2);
        count.total += r.Int(3);
      },
      tx.tenant(), scope, metric, days.first, days.end));
  for (const auto& [name, histogram] : histograms) {
    SumReader reader(tx, scope, metric, name, days, histogram);
    ASSIGN_OR_RETURN(by_name[name].*field, reader.Read());
  }
  return absl::OkStatus();
}

absl::Status ReadCounts(sql::Transaction& tx, SumScope scope, Days days, std::map<std::string, Figures>& by_name) {
  const std::pair<Metric, int64_t Figures::*> fields[] = {
      {Metric::kNew, &Figures::begun},
      {Metric::kClosed, &Figures::closed},
      {Metric::kClosed, &Figures::closed_unique},
      {Metric::kReopened, &Figures::reopened},
      {Metric::kSnoozed, &Figures::snoozed},
      {Metric::kMerged, &Figures::merged},
      {Metric::kCsat, &Figures::ratings},
      {kCsatPositive, &Figures::positive},
      {Metric::kSurveyDelivered, &Figures::surveys_delivered},
      {Metric::kUnanswered, &Figures::unanswered},
      {Metric::kClosedUnanswered, &Figures::closed_unanswered},
      {Metric::kClamped, &Figures::clamped},
  };
  for (const auto& [metric, field] : fields) {
    ASSIGN_OR_RETURN(const Counts counts, LoadCounts(tx, scope, metric, days));
    for (const auto& [name, count] : counts) {
      by_name[name].*field = count.n;
      if (field == &Figures::ratings) by_name[name].rating_sum = count.total;
    }
  }
  return tx.Each(
      q::kRecloses, [&](const sql::Row& r) { by_name[r.String(0)].closed_unique -= r.Int(1); }, tx.tenant(), scope,
      days.first, days.end);
}

absl::StatusOr<int64_t> Level(sql::Transaction& tx, int64_t end_day, std::initializer_list<Metric> up,
                              std::initializer_list<Metric> down) {
  int64_t level = 0;
  for (const auto& [metrics, sign] : {std::make_pair(up, 1), std::make_pair(down, -1)}) {
    for (const Metric metric : metrics) {
      ASSIGN_OR_RETURN(const Counts counts, LoadCounts(tx, SumScope::kTotal, metric, {INT32_MIN, end_day}));
      for (const auto& [name, count] : counts) level += sign * count.n;
    }
  }
  return level;
}

absl::StatusOr<int64_t> CountBefore(sql::Transaction& tx, Metric metric, absl::Time at) {
  ASSIGN_OR_RETURN(const std::optional<int64_t> n,
                   tx.Find(
                       q::kCountBefore, [](const sql::Row& r) { return r.Int(0); }, tx.tenant(), metric, at));
  return n.value_or(0);
}

absl::StatusOr<int64_t> BacklogAt(sql::Transaction& tx, absl::Time at, bool snoozed) {
  int64_t level = 0;
  const std::vector<std::pair<Metric, int>> steps =
      snoozed ? std::vector<std::pair<Metric, int>>{{Metric::kSnoozeBegan, 1}, {Metric::kSnoozeEnded, -1}}
              : std::vector<std::pair<Metric, int>>{
                    {Metric::kNew, 1}, {Metric::kReopened, 1}, {Metric::kClosed, -1}, {Metric::kMerged, -1}};
  for (const auto& [metric, sign] : steps) {
    ASSIGN_OR_RETURN(const int64_t n, CountBefore(tx, metric, at));
    level += sign * n;
  }
  return level;
}

}  // namespace

int64_t MetricRepository::Day(absl::Time at) const {
  return calendar::LocalDay(at, zone_) - absl::CivilDay(1970, 1, 1);
}

absl::StatusOr<std::vector<MetricFact>> MetricRepository::Load(sql::Transaction& tx, const Uuid& conversation) const {
  std::vector<MetricFact> facts;
  RETURN_IF_ERROR(tx.Each(
      q::kFactsOf, [&](const sql::Row& r) { facts.push_back(ReadFact(r)); }, tx.tenant(), conversation));
  return facts;
}

absl::StatusOr<bool> MetricRepository::Replace(sql::Transaction& tx, const Uuid& conversation,
                                               const std::vector<MetricFact>& facts) const {
  ASSIGN_OR_RETURN(const std::vector<MetricFact> kept, Load(tx, conversation));
  return Exchange(tx, conversation, kept, facts);
}

absl::StatusOr<bool> MetricRepository::Exchange(sql::Transaction& tx, const Uuid& conversation,
                                                const std::vector<MetricFact>& kept,
                                                const std::vector<MetricFact>& facts) const {
  const auto missing = [](const MetricFact& fact, const std::vector<MetricFact>& from) {
    return std::find(from.begin(), from.end(), fact) == from.end();
  };
  bool differed = false;
  bool closes_differ = false;
  for (const MetricFact& fact : kept) {
    if (!missing(fact, facts)) continue;
    differed = true;
    closes_differ |= fact.metric == Metric::kClosed;
    RETURN_IF_ERROR(tx.Exec(q::kDeleteFact, tx.tenant(), conversation, fact.metric, fact.ordinal));
    RETURN_IF_ERROR(Move(tx, conversation, fact, -1));
  }
  for (const MetricFact& fact : facts) {
    if (!missing(fact, kept)) continue;
    differed = true;
    closes_differ |= fact.metric == Metric::kClosed;
    RETURN_IF_ERROR(tx.Exec(q::kInsertFact, tx.tenant(), conversation, fact.metric, fact.ordinal, fact.at,
                            fact.started_at, fact.value, fact.agent, fact.team, fact.priority,
                            absl::StrJoin(fact.tags, ","), fact.automatic));
    RETURN_IF_ERROR(Move(tx, conversation, fact, 1));
  }
  if (closes_differ) {
    RETURN_IF_ERROR(MoveRecloses(tx, kept, -1));
    RETURN_IF_ERROR(MoveRecloses(tx, facts, 1));
  }
  return differed;
}

absl::Status MetricRepository::Move(sql::Transaction& tx, const Uuid& conversation, const MetricFact& fact,
                                    int sign) const {
  if (!HasSums(fact)) return absl::OkStatus();
  RETURN_IF_ERROR(MoveSums(tx, conversation, fact, sign, SumScope::kTotal, ""));
  if (!fact.agent.empty()) RETURN_IF_ERROR(MoveSums(tx, conversation, fact, sign, SumScope::kAgent, fact.agent));
  for (const std::string& tag : fact.tags) RETURN_IF_ERROR(MoveSums(tx, conversation, fact, sign, SumScope::kTag, tag));
  return absl::OkStatus();
}

absl::Status MetricRepository::MoveSums(sql::Transaction& tx, const Uuid& conversation, const MetricFact& fact,
                                        int sign, SumScope scope, const std::string& name) const {
  const int64_t day = Day(fact.at);
  if (IsDuration(fact.metric)) {
    const int32_t bucket = ValueBucket(fact.value);
    RETURN_IF_ERROR(
        tx.Exec(q::kMoveBucket, tx.tenant(), scope, fact.metric, day, name, bucket, sign, sign * fact.value));
    return tx.Exec(sign > 0 ? q::kInsertValue : q::kDeleteValue, tx.tenant(), scope, fact.metric, name, bucket, day,
                   fact.value, conversation, fact.ordinal);
  }
  const int64_t total = fact.metric == Metric::kCsat ? fact.value : 0;
  RETURN_IF_ERROR(tx.Exec(q::kMoveCount, tx.tenant(), scope, fact.metric, day, name, sign, sign * total));
  if (fact.metric == Metric::kCsat && fact.value >= 4) {
    RETURN_IF_ERROR(tx.Exec(q::kMoveCount, tx.tenant(), scope, kCsatPositive, day, name, sign, 0));
  }
  return absl::OkStatus();
}

// For each close, the close before it: of the conversation, by the same agent, and under the same tag.
absl::Status MetricRepository::MoveRecloses(sql::Transaction& tx, const std::vector<MetricFact>& facts,
                                            int sign) const {
  std::map<std::pair<SumScope, std::string>, int64_t> last;
  for (const MetricFact& fact : facts) {
    if (fact.metric != Metric::kClosed) continue;
    const int64_t day = Day(fact.at);
    std::vector<std::pair<SumScope, std::string>> names = {{SumScope::kTotal, ""}};
    if (!fact.agent.empty()) names.push_back({SumScope::kAgent, fact.agent});
    for (const std::string& tag : fact.tags) names.push_back({SumScope::kTag, tag});
    for (const auto& name : names) {
      const auto [before, is_first] = last.try_emplace(name, day);
      if (is_first) continue;
      RETURN_IF_ERROR(tx.Exec(q::kMoveReclose, tx.tenant(), name.first, day, name.second, before->second, sign));
      before->second = day;
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::map<std::string, Figures>> MetricRepository::FiguresBy(sql::Transaction& tx, SumScope scope,
                                                                           const calendar::DayRange& range) const {
  const Days days{range.first - absl::CivilDay(1970, 1, 1), range.end - absl::CivilDay(1970, 1, 1)};
  std::map<std::string, Figures> by_name;
  RETURN_IF_ERROR(ReadCounts(tx, scope, days, by_name));
  RETURN_IF_ERROR(ReadDurations(tx, scope, Metric::kFirstResponseTime, days, &Figures::first_response, by_name));
  RETURN_IF_ERROR(ReadDurations(tx, scope, Metric::kResponseTime, days, &Figures::response, by_name));
  RETURN_IF_ERROR(ReadDurations(tx, scope, Metric::kTimeToClose, days, &Figures::time_to_close, by_name));
  for (auto it = by_name.begin(); it != by_name.end();) {
    it = it->second == Figures() ? by_name.erase(it) : std::next(it);  // sums that came back to nothing
  }
  return by_name;
}

absl::StatusOr<Figures> MetricRepository::TotalFigures(sql::Transaction& tx, const calendar::DayRange& range) const {
  ASSIGN_OR_RETURN(const auto by_name, FiguresBy(tx, SumScope::kTotal, range));
  Figures figures;
  if (const auto total = by_name.find(""); total != by_name.end()) figures = total->second;
  const int64_t first = range.first - absl::CivilDay(1970, 1, 1);
  const int64_t end = range.end - absl::CivilDay(1970, 1, 1);
  ASSIGN_OR_RETURN(figures.backlog_start,
                   Level(tx, first, {Metric::kNew, Metric::kReopened}, {Metric::kClosed, Metric::kMerged}));
  figures.backlog_end = figures.backlog_start + figures.begun + figures.reopened - figures.closed - figures.merged;
  ASSIGN_OR_RETURN(figures.backlog_snoozed, Level(tx, end, {Metric::kSnoozeBegan}, {Metric::kSnoozeEnded}));
  if (figures.unanswered > 0) {
    const auto read = [](const sql::Row& r) { return r.Time(0); };
    ASSIGN_OR_RETURN(figures.oldest_unanswered,
                     tx.Find(q::kOldestUnanswered, read, tx.tenant(), Metric::kUnanswered,
                             calendar::StartOfDay(range.first, zone_), calendar::StartOfDay(range.end, zone_)));
  }
  return figures;
}

absl::Status MetricRepository::EachFact(sql::Transaction& tx, Metric metric, bool by_started,
                                        const calendar::TimeRange& span,
                                        absl::FunctionRef<void(const FactRow&)> on_row) const {
  return tx.Each(
      by_started ? q::kFactsByStart : q::kFactsByTime,
      [&](const sql::Row& r) {
        FactRow row;
        row.fact = ReadFact(r);
        row.conversation = r.Id(10);
        row.channel = static_cast<Channel>(r.Int(11));
        row.inbox = r.String(12);
        row.customer_id = r.String(13);
        row.module_key = r.String(14);
        on_row(row);
      },
      tx.tenant(), metric, span.start, span.end);
}

absl::StatusOr<std::map<std::string, Figures>> MetricRepository::FiguresFromFacts(
    sql::Transaction& tx, SumScope scope, const calendar::TimeRange& span) const {
  FigureAggregation aggregation(scope == SumScope::kAgent ? GroupBy::kAgent
                                : scope == SumScope::kTag ? GroupBy::kTag
                                                          : GroupBy::kNone);
  for (const Metric metric : FigureAggregation::Needs()) {
    RETURN_IF_ERROR(EachFact(tx, metric, false, span, [&](const FactRow& row) { aggregation.Add(row); }));
  }
  std::map<std::string, Figures> by_name = aggregation.Finish();
  if (scope != SumScope::kTotal) return by_name;
  Figures& total = by_name[""];
  ASSIGN_OR_RETURN(total.backlog_start, BacklogAt(tx, span.start, false));
  ASSIGN_OR_RETURN(total.backlog_end, BacklogAt(tx, span.end, false));
  ASSIGN_OR_RETURN(total.backlog_snoozed, BacklogAt(tx, span.end, true));
  return by_name;
}

std::vector<sql::Query> MetricRepository::Queries() {
  using namespace metric_queries;  // NOLINT(google-build-using-namespace): a list of everything in it
  return {kInsertFact,       kDeleteFact, kFactsOf,   kFactsByTime, kFactsByStart, kCountBefore,
          kOldestUnanswered, kMoveBucket, kMoveCount, kMoveReclose, kInsertValue,  kDeleteValue,
          kBuckets,          kCounts,     kRecloses,  kValues};
}

}  // namespace vinculo::support
