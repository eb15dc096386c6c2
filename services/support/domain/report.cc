#include "services/support/domain/report.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace vinculo::support {
namespace {

template <class T>
bool AnyOf(const std::vector<T>& wanted, const T& value) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), value) != wanted.end();
}

// The bucket that holds `at`; nullopt outside all of them.
std::optional<size_t> BucketOf(const std::vector<calendar::TimeRange>& buckets, absl::Time at) {
  const auto after = std::upper_bound(buckets.begin(), buckets.end(), at,
                                      [](absl::Time t, const calendar::TimeRange& range) { return t < range.start; });
  if (after == buckets.begin()) return std::nullopt;
  const size_t index = static_cast<size_t>(after - buckets.begin()) - 1;
  if (at >= buckets[index].end) return std::nullopt;
  return index;
}

int64_t BacklogStep(Metric wanted, Metric fact) {
  const int64_t all = fact == Metric::kNew || fact == Metric::kReopened    ? 1
                      : fact == Metric::kClosed || fact == Metric::kMerged ? -1
                                                                           : 0;
  const int64_t snoozed = fact == Metric::kSnoozeBegan ? 1 : fact == Metric::kSnoozeEnded ? -1 : 0;
  if (wanted == Metric::kBacklogSnoozed) return snoozed;
  return wanted == Metric::kBacklogOpen ? all - snoozed : all;
}

}  // namespace

std::vector<Metric> FactsOf(Metric metric) {
  switch (metric) {
    case Metric::kSubsequentResponseTime:
      return {Metric::kResponseTime};
    case Metric::kAverageRating:
      return {Metric::kCsat};
    case Metric::kResponseRate:
      return {Metric::kCsat, Metric::kSurveyDelivered};
    case Metric::kClosedUnique:
      return {Metric::kClosed};
    case Metric::kBacklog:
      return {Metric::kNew, Metric::kReopened, Metric::kClosed, Metric::kMerged};
    case Metric::kBacklogSnoozed:
      return {Metric::kSnoozeBegan, Metric::kSnoozeEnded};
    case Metric::kBacklogOpen:
      return {Metric::kNew,    Metric::kReopened,    Metric::kClosed,
              Metric::kMerged, Metric::kSnoozeBegan, Metric::kSnoozeEnded};
    default:
      return {metric};
  }
}

bool IsBacklog(Metric metric) {
  return metric == Metric::kBacklog || metric == Metric::kBacklogOpen || metric == Metric::kBacklogSnoozed;
}

bool MetricAggregation::Passes(const FactRow& row) const {
  const MetricFilter& f = query_.filter;
  if (query_.metric == Metric::kSubsequentResponseTime && row.fact.ordinal == 0) return false;
  if (IsDuration(query_.metric) && row.fact.automatic && !query_.include_automatic_closes) return false;
  const bool tagged = f.tags.empty() || std::any_of(row.fact.tags.begin(), row.fact.tags.end(),
                                                    [&](const std::string& tag) { return AnyOf(f.tags, tag); });
  return tagged && AnyOf(f.agents, row.fact.agent) && AnyOf(f.teams, row.fact.team) &&
         AnyOf(f.customer_ids, row.customer_id) && AnyOf(f.channels, row.channel) &&
         AnyOf(f.priorities, row.fact.priority) && AnyOf(f.module_keys, row.module_key) && AnyOf(f.inboxes, row.inbox);
}

std::vector<std::string> MetricAggregation::GroupsOf(const FactRow& row) const {
  switch (query_.group_by) {
    case GroupBy::kNone:
      return {""};
    case GroupBy::kAgent:
      return {row.fact.agent};
    case GroupBy::kTeam:
      return {row.fact.team};
    case GroupBy::kTag:
      return row.fact.tags;
    case GroupBy::kCustomer:
      return {row.customer_id};
    case GroupBy::kChannel:
      return {absl::StrCat(static_cast<int>(row.channel))};
    case GroupBy::kPriority:
      return {absl::StrCat(static_cast<int>(row.fact.priority))};
    case GroupBy::kModule:
      return {row.module_key};
    case GroupBy::kInbox:
      return {row.inbox};
  }
  return {};
}

void MetricAggregation::AddTo(Cell& cell, const FactRow& row) const {
  const MetricFact& fact = row.fact;
  if (IsBacklog(query_.metric)) {
    cell.delta += BacklogStep(query_.metric, fact.metric);
    return;
  }
  if (fact.metric == Metric::kSurveyDelivered && query_.metric != Metric::kSurveyDelivered) {
    ++cell.delivered;
    return;
  }
  ++cell.n;
  if (IsDuration(query_.metric)) {
    cell.values.push_back(static_cast<double>(fact.value) / 1e6);
  } else if (fact.metric == Metric::kCsat) {
    cell.sum += fact.value;
    if (fact.value >= 4) ++cell.positive;
  } else if (query_.metric == Metric::kClosedUnique) {
    cell.conversations.insert(row.conversation);
  }
}

void MetricAggregation::Add(const FactRow& row) {
  if (query_.buckets.empty() || !Passes(row)) return;
  const absl::Time at =
      query_.by_started && IsDuration(query_.metric) ? row.fact.started_at.value_or(row.fact.at) : row.fact.at;
  std::optional<size_t> bucket = BucketOf(query_.buckets, at);
  if (!bucket && IsBacklog(query_.metric) && at < query_.buckets.front().start) bucket = 0;
  if (!bucket) return;
  for (const std::string& group : GroupsOf(row)) AddTo(cells_[{*bucket, group}], row);
}

MetricCell MetricAggregation::Say(const Cell& cell) const {
  MetricCell said;
  said.n = cell.n;
  switch (query_.metric) {
    case Metric::kCsat:
      said.numerator = cell.positive;
      said.denominator = cell.n;
      said.value = calendar::Percent(cell.positive, cell.n);
      break;
    case Metric::kResponseRate:
      said.numerator = cell.n;
      said.denominator = cell.delivered;
      said.value = calendar::Percent(cell.n, cell.delivered);
      break;
    case Metric::kAverageRating:
      if (cell.n > 0) said.value = static_cast<double>(cell.sum) / static_cast<double>(cell.n);
      break;
    case Metric::kClosedUnique:
      said.n = static_cast<int64_t>(cell.conversations.size());
      said.value = static_cast<double>(said.n);
      break;
    default:
      said.value =
          IsDuration(query_.metric) ? calendar::Compute(query_.stat, cell.values) : static_cast<double>(cell.n);
  }
  return said;
}

std::vector<MetricCell> MetricAggregation::FinishBacklog() const {
  std::set<std::string> groups;
  for (const auto& [key, cell] : cells_) groups.insert(key.second);
  if (query_.group_by == GroupBy::kNone) groups.insert("");
  std::map<std::string, int64_t> level;
  std::vector<MetricCell> all;
  for (size_t bucket = 0; bucket < query_.buckets.size(); ++bucket) {
    for (const std::string& group : groups) {
      const auto cell = cells_.find({bucket, group});
      if (cell != cells_.end()) level[group] += cell->second.delta;
      MetricCell said;
      said.bucket = bucket;
      said.group = group;
      said.n = level[group];
      said.value = static_cast<double>(said.n);
      all.push_back(std::move(said));
    }
  }
  return all;
}

std::vector<MetricCell> MetricAggregation::Finish() {
  if (IsBacklog(query_.metric)) return FinishBacklog();
  if (query_.group_by == GroupBy::kNone) {
    for (size_t bucket = 0; bucket < query_.buckets.size(); ++bucket) cells_[{bucket, ""}];
  }
  std::vector<MetricCell> all;
  for (const auto& [key, cell] : cells_) {
    MetricCell said = Say(cell);
    said.bucket = key.first;
    said.group = key.second;
    all.push_back(std::move(said));
  }
  return all;
}

std::optional<double> Figures::average_rating() const {
  if (ratings == 0) return std::nullopt;
  return static_cast<double>(rating_sum) / static_cast<double>(ratings);
}

std::vector<Metric> FigureAggregation::Needs() {
  return {Metric::kFirstResponseTime,
          Metric::kResponseTime,
          Metric::kTimeToClose,
          Metric::kCsat,
          Metric::kNew,
          Metric::kClosed,
          Metric::kReopened,
          Metric::kSnoozed,
          Metric::kMerged,
          Metric::kUnanswered,
          Metric::kClosedUnanswered,
          Metric::kClamped,
          Metric::kSurveyDelivered};
}

void FigureAggregation::AddTo(Group& group, const FactRow& row) const {
  Figures& f = group.figures;
  const double seconds = static_cast<double>(row.fact.value) / 1e6;
  switch (row.fact.metric) {
    case Metric::kFirstResponseTime:
      group.first_response.push_back(seconds);
      break;
    case Metric::kResponseTime:
      group.response.push_back(seconds);
      break;
    case Metric::kTimeToClose:
      if (!row.fact.automatic) group.time_to_close.push_back(seconds);
      break;
    case Metric::kCsat:
      ++f.ratings;
      f.rating_sum += row.fact.value;
      f.positive += row.fact.value >= 4;
      break;
    case Metric::kNew:
      ++f.begun;
      break;
    case Metric::kClosed:
      ++f.closed;
      group.closed.insert(row.conversation);
      break;
    case Metric::kReopened:
      ++f.reopened;
      break;
    case Metric::kSnoozed:
      ++f.snoozed;
      break;
    case Metric::kMerged:
      ++f.merged;
      break;
    case Metric::kUnanswered:
      ++f.unanswered;
      f.oldest_unanswered = std::min(f.oldest_unanswered.value_or(row.fact.at), row.fact.at);
      break;
    case Metric::kClosedUnanswered:
      ++f.closed_unanswered;
      break;
    case Metric::kClamped:
      ++f.clamped;
      break;
    case Metric::kSurveyDelivered:
      ++f.surveys_delivered;
      break;
    default:
      break;
  }
}

void FigureAggregation::Add(const FactRow& row) {
  if (group_by_ == GroupBy::kTag) {
    for (const std::string& tag : row.fact.tags) AddTo(groups_[tag], row);
  } else if (group_by_ == GroupBy::kAgent) {
    if (!row.fact.agent.empty()) AddTo(groups_[row.fact.agent], row);
  } else {
    AddTo(groups_[""], row);
  }
}

std::map<std::string, Figures> FigureAggregation::Finish() {
  const auto durations = [](std::vector<double>& values) {
    std::sort(values.begin(), values.end());
    DurationFigures figures;
    figures.n = static_cast<int64_t>(values.size());
    figures.median = calendar::ComputeSorted(calendar::Statistic::kMedian, values);
    figures.mean = calendar::ComputeSorted(calendar::Statistic::kMean, values);
    figures.p90 = calendar::ComputeSorted(calendar::Statistic::kP90, values);
    return figures;
  };
  std::map<std::string, Figures> all;
  for (auto& [name, group] : groups_) {
    Figures& figures = all[name] = group.figures;
    figures.closed_unique = static_cast<int64_t>(group.closed.size());
    figures.first_response = durations(group.first_response);
    figures.response = durations(group.response);
    figures.time_to_close = durations(group.time_to_close);
  }
  return all;
}

}  // namespace vinculo::support
