#include "services/support/domain/metrics.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "services/support/domain/statistics.h"
#include "services/support/domain/test_story.h"
#include "services/support/domain/value_bucket.h"

namespace vinculo::support {
namespace {

// Monday.
const absl::Time kMonday = absl::FromCivil(absl::CivilSecond(2024, 3, 4, 10, 0, 0), absl::UTCTimeZone());

std::vector<double> Seconds(const std::vector<MetricFact>& facts, Metric metric) {
  std::vector<double> values;
  for (const MetricFact& fact : facts) {
    if (fact.metric == metric) values.push_back(static_cast<double>(fact.value) / 1e6);
  }
  return values;
}
std::vector<double> Seconds(const Story& story, Metric metric) {
  return Seconds(ComputeFacts(story.history(), false), metric);
}

int64_t CountFacts(const std::vector<MetricFact>& facts, Metric metric) {
  int64_t n = 0;
  for (const MetricFact& fact : facts) n += fact.metric == metric;
  return n;
}
int64_t CountFacts(const Story& story, Metric metric) {
  return CountFacts(ComputeFacts(story.history(), story.now().spam), metric);
}

std::vector<std::string> Agents(const Story& story, Metric metric) {
  std::vector<std::string> agents;
  for (const MetricFact& fact : ComputeFacts(story.history(), false)) {
    if (fact.metric == metric) agents.push_back(fact.agent);
  }
  return agents;
}

// The worked example: a bot and a note come before the reply, the customer comes back a day later.
Story WorkedExample() {
  Story story(kMonday);
  story.Customer(0).Bot(5.0 / 60).Note(2).Agent(5).Closes(60).Customer(23 * 60).Agent(23 * 60 + 10).Closes(24 * 60);
  return story;
}

TEST(SupportMetrics, WorkedExampleS125) {
  const Story story = WorkedExample();
  EXPECT_EQ(Seconds(story, Metric::kFirstResponseTime), std::vector<double>({300}));
  EXPECT_EQ(Seconds(story, Metric::kResponseTime), std::vector<double>({300, 600}));
  EXPECT_EQ(Seconds(story, Metric::kTimeToFirstClose), std::vector<double>({3600}));
  EXPECT_EQ(Seconds(story, Metric::kTimeToClose), std::vector<double>({86400}));
  EXPECT_EQ(Seconds(story, Metric::kActiveTimeToClose), std::vector<double>({7200}));
  EXPECT_EQ(CountFacts(story, Metric::kReopened), 1);
  EXPECT_EQ(CountFacts(story, Metric::kClosed), 2);
}

TEST(SupportMetrics, FirstResponseNeedsTheCustomersMessageFirst) {
  Story story(kMonday, Author::kAgent);
  story.Agent(0);
  EXPECT_EQ(Seconds(story, Metric::kFirstResponseTime), std::vector<double>());
  EXPECT_EQ(CountFacts(story, Metric::kUnanswered), 0);
  story.Customer(10).Agent(12);
  EXPECT_EQ(Seconds(story, Metric::kFirstResponseTime), std::vector<double>({120}));
}

TEST(SupportMetrics, SameInstantIsZeroSeconds) {
  Story story(kMonday);
  story.Customer(0).Agent(0);
  EXPECT_EQ(Seconds(story, Metric::kFirstResponseTime), std::vector<double>({0}));
}

TEST(SupportMetrics, UnansweredStandsUntilSomebodyReplies) {
  Story story(kMonday);
  story.Customer(0).Bot(1).Note(2);
  EXPECT_EQ(CountFacts(story, Metric::kUnanswered), 1);
  EXPECT_EQ(Seconds(story, Metric::kFirstResponseTime), std::vector<double>());
  story.Agent(3);
  EXPECT_EQ(CountFacts(story, Metric::kUnanswered), 0);
}

TEST(SupportMetrics, SeveralCustomerMessagesAreOneTurnAndTheFirstReplyEndsIt) {
  Story story(kMonday);
  story.Customer(0).Customer(1).Customer(4).Agent(5).Agent(6).Customer(10).Agent(13);
  EXPECT_EQ(Seconds(story, Metric::kResponseTime), std::vector<double>({300, 180}));
}

TEST(SupportMetrics, TurnOpenAtCloseHasNoValueAndIsCounted) {
  Story story(kMonday);
  story.Customer(0).Agent(1).Customer(2).Closes(3);
  EXPECT_EQ(Seconds(story, Metric::kResponseTime), std::vector<double>({60}));
  EXPECT_EQ(CountFacts(story, Metric::kClosedUnanswered), 1);
}

TEST(SupportMetrics, LastCloseHasNoValueWhileReopened) {
  Story story(kMonday);
  story.Customer(0).Agent(1).Closes(10).Reopens(20);
  EXPECT_EQ(Seconds(story, Metric::kTimeToClose), std::vector<double>());
  EXPECT_EQ(Seconds(story, Metric::kTimeToFirstClose), std::vector<double>({600}));
  story.Closes(30);
  EXPECT_EQ(Seconds(story, Metric::kTimeToClose), std::vector<double>({1800}));
  EXPECT_EQ(Seconds(story, Metric::kTimeToFirstClose), std::vector<double>({600}));
}

TEST(SupportMetrics, CloseWithoutCustomerMessageHasNoDuration) {
  Story story(kMonday, Author::kAgent);
  story.Agent(0).Closes(10);
  EXPECT_EQ(Seconds(story, Metric::kTimeToClose), std::vector<double>());
  EXPECT_EQ(CountFacts(story, Metric::kClosed), 1);
}

TEST(SupportMetrics, CloseByABotIsMarked) {
  Story story(kMonday);
  story.Customer(0).BotCloses(10);
  for (const MetricFact& fact : ComputeFacts(story.history(), false)) {
    if (fact.metric == Metric::kTimeToClose) {
      EXPECT_TRUE(fact.automatic);
    }
  }
  EXPECT_EQ(Seconds(story, Metric::kTimeToClose).size(), 1u);
}

TEST(SupportMetrics, ActiveTimeLeavesOutSnooze) {
  Story story(kMonday);
  story.Customer(0).Agent(1).Snoozes(10).Unsnoozes(40).Closes(60);
  EXPECT_EQ(Seconds(story, Metric::kTimeToClose), std::vector<double>({3600}));
  EXPECT_EQ(Seconds(story, Metric::kActiveTimeToClose), std::vector<double>({1800}));
}

TEST(SupportMetrics, RequesterWaitsForAgentAndThirdParty) {
  Story story(kMonday);
  story.Customer(0).Agent(5).Customer(20);
  ASSERT_TRUE(SetWaiting(story.draft(), story.At(25, Author::kAgent, "ana"), Waiting::kThirdParty).ok());
  story.Agent(40).Closes(60);
  EXPECT_EQ(Seconds(story, Metric::kRequesterWait), std::vector<double>({25 * 60}));
}

TEST(SupportMetrics, HandleTimeIsPerAgentWhileOpenAndTheirs) {
  Story story(kMonday);
  story.Customer(0).AssignsTo(5, "ana").Snoozes(15).Unsnoozes(30).AssignsTo(40, "ben").Closes(45);
  EXPECT_EQ(Seconds(story, Metric::kHandleTime), std::vector<double>({20 * 60, 5 * 60}));
  EXPECT_EQ(Agents(story, Metric::kHandleTime), (std::vector<std::string>{"ana", "ben"}));
}

TEST(SupportMetrics, TimesCountForTheAuthorOfTheReplyAndTheOneWhoCloses) {
  Story story(kMonday);
  story.Customer(0).AssignsTo(1, "ana").Agent(2, "ben").Closes(3, "eva");
  EXPECT_EQ(Agents(story, Metric::kFirstResponseTime), std::vector<std::string>{"ben"});
  EXPECT_EQ(Agents(story, Metric::kTimeToClose), std::vector<std::string>{"eva"});
  Story automatic(kMonday);
  automatic.Customer(0).AssignsTo(1, "ana").BotCloses(3);
  EXPECT_EQ(Agents(automatic, Metric::kClosed), std::vector<std::string>{"ana"});
}

TEST(SupportMetrics, TagsAreThoseOfTheEvent) {
  Story story(kMonday);
  story.Customer(0).Tags(1, {"api"}).Agent(2).Tags(3, {"billing"}).Closes(4);
  for (const MetricFact& fact : ComputeFacts(story.history(), false)) {
    if (fact.metric == Metric::kFirstResponseTime) {
      EXPECT_EQ(fact.tags, std::vector<std::string>{"api"});
    }
    if (fact.metric == Metric::kTimeToClose) {
      EXPECT_EQ(fact.tags, (std::vector<std::string>{"api", "billing"}));
    }
    if (fact.metric == Metric::kNew) {
      EXPECT_TRUE(fact.tags.empty());
    }
  }
}

TEST(SupportMetrics, ClockSkewIsClampedToZeroAndCounted) {
  Story story(kMonday);
  story.Customer(10).Agent(8).Closes(9);
  const std::vector<MetricFact> facts = ComputeFacts(story.history(), false);
  EXPECT_EQ(Seconds(facts, Metric::kFirstResponseTime), std::vector<double>({0}));
  EXPECT_EQ(Seconds(facts, Metric::kTimeToClose), std::vector<double>({0}));
  EXPECT_EQ(CountFacts(facts, Metric::kClamped), 3);  // first response, response, close
}

TEST(SupportMetrics, SpamIsInNoMetric) {
  Story story(kMonday);
  story.Customer(0).Agent(1).Closes(2);
  ASSERT_TRUE(MarkSpam(story.draft(), story.At(3, Author::kAgent, "ana"), true).ok());
  EXPECT_TRUE(ComputeFacts(story.history(), story.now().spam).empty());
  ASSERT_TRUE(MarkSpam(story.draft(), story.At(4, Author::kAgent, "ana"), false).ok());
  EXPECT_EQ(Seconds(story, Metric::kFirstResponseTime), std::vector<double>({60}));
}

TEST(SupportMetrics, MergedKeepsItsCountsAndHasNoDurations) {
  Story story(kMonday);
  story.Customer(0).Agent(1).IsMerged(5);
  EXPECT_EQ(CountFacts(story, Metric::kMerged), 1);
  EXPECT_EQ(CountFacts(story, Metric::kNew), 1);
  EXPECT_EQ(Seconds(story, Metric::kFirstResponseTime), std::vector<double>());
  Story closed(kMonday);
  closed.Customer(0).Agent(1).Closes(2).IsMerged(5);
  EXPECT_EQ(CountFacts(closed, Metric::kMerged), 0);
}

TEST(SupportMetrics, MergeIntoAClosedOneLeavesTheBacklogUnchangedS129) {
  Story source(kMonday);
  source.Customer(0).IsMerged(60);
  Story target(kMonday);
  target.Customer(0).Agent(1).Closes(2).Reopens(60);
  EXPECT_EQ(CountFacts(target, Metric::kReopened), 1);
  EXPECT_EQ(CountFacts(source, Metric::kMerged), 1);
  const auto backlog = [&](Metric m) { return CountFacts(source, m) + CountFacts(target, m); };
  EXPECT_EQ(backlog(Metric::kNew) + backlog(Metric::kReopened) - backlog(Metric::kClosed) - backlog(Metric::kMerged),
            1);
}

// 5 at the start; 4 new, 2 reopened, 6 closed, 1 open source merged.
TEST(SupportMetrics, BacklogS128) {
  std::vector<Story> stories;
  const double week = 7 * 24 * 60;
  for (int i = 0; i < 5; ++i) stories.emplace_back(kMonday).Customer(0);
  for (int i = 0; i < 2; ++i) stories.emplace_back(kMonday).Customer(0).Closes(10);
  for (int i = 0; i < 4; ++i) stories.emplace_back(kMonday + absl::Minutes(week)).Customer(0);
  for (int i = 0; i < 6; ++i) {
    Story& story = stories[i];
    if (i >= 5) story.Reopens(week + 1);
    story.Closes(week + 2);
  }
  stories[6].Reopens(week + 3);
  stories[7].IsMerged(5);
  std::map<Metric, int64_t> before, within;
  for (const Story& story : stories) {
    for (const MetricFact& fact : ComputeFacts(story.history(), false)) {
      ++(fact.at < kMonday + absl::Minutes(week) ? before : within)[fact.metric];
    }
  }
  const int64_t start =
      before[Metric::kNew] + before[Metric::kReopened] - before[Metric::kClosed] - before[Metric::kMerged];
  EXPECT_EQ(start, 5);
  EXPECT_EQ(within[Metric::kNew], 4);
  EXPECT_EQ(within[Metric::kReopened], 2);
  EXPECT_EQ(within[Metric::kClosed], 6);
  EXPECT_EQ(within[Metric::kMerged], 1);
  EXPECT_EQ(
      start + within[Metric::kNew] + within[Metric::kReopened] - within[Metric::kClosed] - within[Metric::kMerged], 4);
}

// For any history: what the counts say is in the backlog is what the state says, and no duration is negative.
TEST(SupportMetrics, RandomHistoriesKeepTheBacklogIdentity) {
  std::mt19937 random(20240304);
  for (int run = 0; run < 2000; ++run) {
    Story story(kMonday, run % 3 == 0 ? Author::kAgent : Author::kCustomer);
    double minute = 0;
    for (int i = 0; i < 20; ++i) {
      minute += static_cast<double>(random() % 300) - 20;  // clocks are not perfect
      switch (random() % 9) {
        case 0:
          story.Customer(minute);
          break;
        case 1:
          story.Customer(minute, false);
          break;
        case 2:
          story.Agent(minute, random() % 2 == 0 ? "ana" : "ben");
          break;
        case 3:
          story.Snoozes(minute);
          break;
        case 4:
          story.Unsnoozes(minute);
          break;
        case 5:
          story.Closes(minute);
          break;
        case 6:
          story.Reopens(minute);
          break;
        case 7:
          story.AssignsTo(minute, random() % 2 == 0 ? "ana" : "");
          break;
        default:
          story.Tags(minute, {"t" + std::to_string(random() % 3)});
          break;
      }
    }
    const std::vector<MetricFact> facts = ComputeFacts(story.history(), false);
    ASSERT_EQ(StateOf(story.history()), story.now().state);
    const int64_t backlog = CountFacts(facts, Metric::kNew) + CountFacts(facts, Metric::kReopened) -
                            CountFacts(facts, Metric::kClosed) - CountFacts(facts, Metric::kMerged);
    ASSERT_EQ(backlog, story.now().state == State::kClosed ? 0 : 1);
    ASSERT_EQ(CountFacts(facts, Metric::kSnoozeBegan) - CountFacts(facts, Metric::kSnoozeEnded),
              story.now().state == State::kSnoozed ? 1 : 0);
    for (const MetricFact& fact : facts) {
      if (IsDuration(fact.metric)) {
        ASSERT_GE(fact.value, 0);
      }
    }
  }
}

TEST(ValueBuckets, RiseWithTheValueAndAreNarrow) {
  int32_t previous = -1;
  for (int64_t value : {0l, 1l, 7l, 8l, 9l, 15l, 16l, 17l, 18l, 31l, 32l, 1000l, 1'000'000l, 300'000'000l,
                        86'400'000'000l, int64_t{1} << 60}) {
    EXPECT_GE(ValueBucket(value), previous) << value;
    previous = ValueBucket(value);
  }
  for (int64_t value = 0; value < 100'000; ++value) {
    ASSERT_LE(ValueBucket(value), ValueBucket(value + 1));
    ASSERT_LE(ValueBucket(value + 1) - ValueBucket(value), 1);
  }
  EXPECT_NE(ValueBucket(300'000'000), ValueBucket(345'000'000));
}

TEST(Ranks, MedianLiesBetweenTheMiddleTwo) {
  EXPECT_EQ(RankOf(calendar::Statistic::kMedian, 4).low, 1);
  EXPECT_EQ(RankOf(calendar::Statistic::kMedian, 4).weight, 0.5);
  EXPECT_EQ(RankOf(calendar::Statistic::kMedian, 5).low, 2);
  EXPECT_EQ(RankOf(calendar::Statistic::kMedian, 5).weight, 0);
  EXPECT_EQ(RankOf(calendar::Statistic::kMax, 7).low, 6);
  EXPECT_EQ(RankOf(calendar::Statistic::kMin, 7).low, 0);
  EXPECT_DOUBLE_EQ(RankOf(calendar::Statistic::kP90, 11).low, 9);
}

}  // namespace
}  // namespace vinculo::support
