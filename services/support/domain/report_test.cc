#include "services/support/domain/report.h"

#include <gtest/gtest.h>

#include "services/support/domain/statistics.h"

namespace vinculo::support {
namespace {

const absl::Time kStart = absl::FromCivil(absl::CivilSecond(2024, 3, 4, 0, 0, 0), absl::UTCTimeZone());

FactRow Row(Metric metric, absl::Duration after, int64_t value = 0) {
  FactRow row;
  row.fact.metric = metric;
  row.fact.at = kStart + after;
  row.fact.started_at = kStart;
  row.fact.value = value;
  row.conversation = Uuid::New(kStart);
  return row;
}
MetricQuery Query(Metric metric) {
  MetricQuery query;
  query.metric = metric;
  query.buckets = {{kStart, kStart + absl::Hours(168)}, {kStart + absl::Hours(168), kStart + absl::Hours(336)}};
  return query;
}
constexpr int64_t kSecond = 1'000'000;

TEST(MetricAggregation, MedianS124) {
  MetricAggregation aggregation(Query(Metric::kFirstResponseTime));
  for (int64_t seconds : {600, 60, 300, 120})
    aggregation.Add(Row(Metric::kFirstResponseTime, absl::Hours(1), seconds * kSecond));
  const std::vector<MetricCell> cells = aggregation.Finish();
  ASSERT_EQ(cells.size(), 2u);
  EXPECT_EQ(cells[0].value, 210);
  EXPECT_EQ(cells[0].n, 4);
  EXPECT_FALSE(cells[1].value.has_value());
  EXPECT_EQ(cells[1].n, 0);
}

TEST(MetricAggregation, CsatS130) {
  const auto aggregate = [](Metric metric) {
    MetricAggregation aggregation(Query(metric));
    for (int64_t rating : {5, 4, 3, 5}) aggregation.Add(Row(Metric::kCsat, absl::Hours(1), rating));
    if (metric == Metric::kResponseRate) {
      for (int i = 0; i < 10; ++i) aggregation.Add(Row(Metric::kSurveyDelivered, absl::Hours(1)));
    }
    return aggregation.Finish();
  };
  EXPECT_EQ(aggregate(Metric::kCsat)[0].value, 75.0);
  EXPECT_EQ(aggregate(Metric::kCsat)[0].numerator, 3);
  EXPECT_EQ(aggregate(Metric::kAverageRating)[0].value, 4.25);
  EXPECT_EQ(aggregate(Metric::kResponseRate)[0].value, 40.0);
  for (Metric metric : {Metric::kCsat, Metric::kAverageRating, Metric::kResponseRate}) {
    EXPECT_FALSE(aggregate(metric)[1].value.has_value());
  }
}

TEST(MetricAggregation, TwoTagsCountOnceEachAndOnceInTheTotalS131) {
  FactRow row = Row(Metric::kNew, absl::Hours(1));
  row.fact.tags = {"api", "billing"};
  MetricQuery by_tag = Query(Metric::kNew);
  by_tag.group_by = GroupBy::kTag;
  MetricAggregation tags(by_tag);
  tags.Add(row);
  const std::vector<MetricCell> cells = tags.Finish();
  ASSERT_EQ(cells.size(), 2u);
  EXPECT_EQ(cells[0].group, "api");
  EXPECT_EQ(cells[0].value, 1);
  EXPECT_EQ(cells[1].group, "billing");
  EXPECT_EQ(cells[1].value, 1);
  MetricAggregation total(Query(Metric::kNew));
  total.Add(row);
  EXPECT_EQ(total.Finish()[0].value, 1);
}

TEST(MetricAggregation, SundayNightLocalBelongsToTheWeekThatEndsThenS126) {
  const absl::TimeZone zone = absl::FixedTimeZone(-3 * 3600);  // Buenos Aires has no clock changes
  const absl::Time sunday = absl::FromCivil(absl::CivilSecond(2024, 3, 11, 2, 30, 0), absl::UTCTimeZone());
  const calendar::Period week = calendar::Period::Containing(calendar::PeriodKind::kWeek, sunday, zone);
  EXPECT_EQ(week.Name(), "2024-W10");
  MetricQuery query = Query(Metric::kNew);
  query.buckets = {week.Instants(zone), week.Next().Instants(zone)};
  MetricAggregation aggregation(query);
  aggregation.Add(Row(Metric::kNew, sunday - kStart));
  EXPECT_EQ(aggregation.Finish()[0].value, 1);
}

TEST(MetricAggregation, StartedPutsEverythingIntoTheWeekOfTheFirstMessage) {
  MetricQuery query = Query(Metric::kTimeToClose);
  const FactRow late = Row(Metric::kTimeToClose, absl::Hours(200), 5 * kSecond);
  MetricAggregation by_event(query);
  by_event.Add(late);
  EXPECT_EQ(by_event.Finish()[1].n, 1);
  query.by_started = true;
  MetricAggregation by_start(query);
  by_start.Add(late);
  EXPECT_EQ(by_start.Finish()[0].n, 1);
}

TEST(MetricAggregation, SubsequentResponsesLeaveOutTheFirstTurn) {
  MetricAggregation aggregation(Query(Metric::kSubsequentResponseTime));
  FactRow first = Row(Metric::kResponseTime, absl::Hours(1), 300 * kSecond);
  FactRow second = Row(Metric::kResponseTime, absl::Hours(2), 600 * kSecond);
  second.fact.ordinal = 1;
  aggregation.Add(first);
  aggregation.Add(second);
  EXPECT_EQ(aggregation.Finish()[0].value, 600);
}

TEST(MetricAggregation, AutomaticClosesCountOnlyWhenAsked) {
  FactRow row = Row(Metric::kTimeToClose, absl::Hours(1), 60 * kSecond);
  row.fact.automatic = true;
  MetricQuery query = Query(Metric::kTimeToClose);
  MetricAggregation without(query);
  without.Add(row);
  EXPECT_EQ(without.Finish()[0].n, 0);
  query.include_automatic_closes = true;
  MetricAggregation with(query);
  with.Add(row);
  EXPECT_EQ(with.Finish()[0].n, 1);
}

TEST(MetricAggregation, BacklogCarriesWhatWasBeforeTheRange) {
  MetricAggregation aggregation(Query(Metric::kBacklogOpen));
  aggregation.Add(Row(Metric::kNew, absl::Hours(-500)));
  aggregation.Add(Row(Metric::kNew, absl::Hours(1)));
  aggregation.Add(Row(Metric::kSnoozeBegan, absl::Hours(2)));
  aggregation.Add(Row(Metric::kClosed, absl::Hours(200)));
  const std::vector<MetricCell> cells = aggregation.Finish();
  EXPECT_EQ(cells[0].value, 1);
  EXPECT_EQ(cells[1].value, 0);
}

TEST(MetricAggregation, FilterAndGroupAgree) {
  MetricQuery query = Query(Metric::kNew);
  query.filter.inboxes = {"ventas"};
  MetricAggregation filtered(query);
  FactRow row = Row(Metric::kNew, absl::Hours(1));
  row.inbox = "ventas";
  filtered.Add(row);
  row.inbox = "soporte";
  filtered.Add(row);
  EXPECT_EQ(filtered.Finish()[0].value, 1);
  query.filter = {};
  query.group_by = GroupBy::kInbox;
  MetricAggregation grouped(query);
  grouped.Add(row);
  const std::vector<MetricCell> cells = grouped.Finish();
  ASSERT_EQ(cells.size(), 1u);
  EXPECT_EQ(cells[0].group, "soporte");
}

}  // namespace
}  // namespace vinculo::support
