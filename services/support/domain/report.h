#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/calendar/period.h"
#include "common/calendar/statistics.h"
#include "services/support/domain/metrics.h"

// From facts to the numbers of a report. Pure.
namespace vinculo::support {

// A fact and what of its conversation reports filter and group by.
struct FactRow {
  MetricFact fact;
  Uuid conversation;
  Channel channel = Channel::kApi;
  std::string inbox;
  std::string customer_id;
  std::string module_key;
};

// The numbers of the contract.
enum class GroupBy { kNone = 0, kAgent, kTeam, kTag, kCustomer, kChannel, kPriority, kModule, kInbox };

// A list is "any of", an empty one does not restrict.
struct MetricFilter {
  std::vector<std::string> agents;
  std::vector<std::string> teams;
  std::vector<std::string> tags;
  std::vector<std::string> customer_ids;
  std::vector<Channel> channels;
  std::vector<Priority> priorities;
  std::vector<std::string> module_keys;
  std::vector<std::string> inboxes;
};

struct MetricQuery {
  Metric metric = Metric::kFirstResponseTime;
  calendar::Statistic stat = calendar::Statistic::kMedian;
  bool by_started = false;  // the bucket of c0 instead of that of the event; durations only
  MetricFilter filter;
  GroupBy group_by = GroupBy::kNone;
  bool include_automatic_closes = false;
  std::vector<calendar::TimeRange> buckets;  // ascending, adjacent
};

// One number. Without groups there is one for each bucket, also where nothing happened.
struct MetricCell {
  size_t bucket = 0;
  std::string group;
  std::optional<double> value;  // seconds, percent or a count; unset without values
  int64_t n = 0;
  int64_t numerator = 0;  // of a percentage
  int64_t denominator = 0;
};

// Which kept metrics `metric` is made of.
std::vector<Metric> FactsOf(Metric metric);
// State at an instant, so everything before the range counts too.
bool IsBacklog(Metric metric);

// Collects facts in any order, then says the numbers, ordered by bucket and group.
class MetricAggregation {
 public:
  explicit MetricAggregation(MetricQuery query) : query_(std::move(query)) {}
  void Add(const FactRow& row);
  std::vector<MetricCell> Finish();

 private:
  struct Cell {
    std::vector<double> values;
    int64_t n = 0;
    int64_t positive = 0;
    int64_t sum = 0;
    int64_t delivered = 0;
    int64_t delta = 0;  // of the backlog
    std::set<Uuid> conversations;
  };
  bool Passes(const FactRow& row) const;
  std::vector<std::string> GroupsOf(const FactRow& row) const;
  void AddTo(Cell& cell, const FactRow& row) const;
  MetricCell Say(const Cell& cell) const;
  std::vector<MetricCell> FinishBacklog() const;

  const MetricQuery query_;
  std::map<std::pair<size_t, std::string>, Cell> cells_;
};

struct DurationFigures {
  std::optional<double> median;  // seconds
  std::optional<double> mean;
  std::optional<double> p90;
  int64_t n = 0;
  friend bool operator==(const DurationFigures&, const DurationFigures&) = default;
};

// The figures of a week, of everything or of one agent or tag.
struct Figures {
  int64_t begun = 0;
  int64_t closed = 0;
  int64_t closed_unique = 0;
  int64_t reopened = 0;
  int64_t snoozed = 0;
  int64_t merged = 0;
  int64_t backlog_start = 0;  // OPEN and SNOOZED; only of everything, like the next two
  int64_t backlog_end = 0;
  int64_t backlog_snoozed = 0;
  DurationFigures first_response;
  DurationFigures response;
  DurationFigures time_to_close;
  int64_t ratings = 0;
  int64_t positive = 0;  // of them 4 or 5
  int64_t rating_sum = 0;
  int64_t surveys_delivered = 0;
  int64_t unanswered = 0;
  std::optional<absl::Time> oldest_unanswered;
  int64_t closed_unanswered = 0;
  int64_t clamped = 0;

  int64_t backlog_open() const { return backlog_end - backlog_snoozed; }
  // Percent with two decimals; unset without ratings, or without surveys delivered.
  std::optional<double> csat() const { return calendar::Percent(positive, ratings); }
  std::optional<double> average_rating() const;
  std::optional<double> response_rate() const { return calendar::Percent(ratings, surveys_delivered); }
  friend bool operator==(const Figures&, const Figures&) = default;
};

// Computes Figures from the facts of a span, without the backlog, which needs what was before.
class FigureAggregation {
 public:
  // kNone, kAgent or kTag.
  explicit FigureAggregation(GroupBy group_by) : group_by_(group_by) {}
  // The metrics whose facts are to be added.
  static std::vector<Metric> Needs();
  void Add(const FactRow& row);
  // By group; "" is everything when there are no groups.
  std::map<std::string, Figures> Finish();

 private:
  struct Group {
    Figures figures;
    std::set<Uuid> closed;
    std::vector<double> first_response, response, time_to_close;
  };
  void AddTo(Group& group, const FactRow& row) const;

  const GroupBy group_by_;
  std::map<std::string, Group> groups_;
};

}  // namespace vinculo::support
