#include "services/support/store/metric_repository.h"

#include <random>

#include "services/support/store/test_desk.h"

namespace vinculo::support {
namespace {

class MetricRepositoryTest : public DeskTest {
 protected:
  // Twelve weeks of conversations that do everything, at random.
  void Live(int conversations, uint32_t seed) {
    std::mt19937 random(seed);
    for (int i = 0; i < conversations; ++i) {
      const double begin = static_cast<double>(random() % (12 * 7 * 24 * 60));
      const std::string requester = "r" + std::to_string(i);
      const Uuid id = Receive(From(requester, "m" + std::to_string(i) + "-0", begin))->conversation.id;
      double minute = begin;
      for (int step = 1; step < 9; ++step) {
        minute += static_cast<double>(random() % 3000) / 7 - 3;
        Act(id, requester, i, step, minute, random);
      }
      if (i % 17 == 0)
        (void)Change(id, minute + 1, [&](Draft& d) { return MarkSpam(d, Who(minute + 1, "ana"), true); });
    }
  }

  void Act(const Uuid& id, const std::string& requester, int i, int step, double minute, std::mt19937& random) {
    const std::string agent = random() % 2 == 0 ? "ana" : "ben";
    const std::string tag = random() % 2 == 0 ? "api" : "billing";
    switch (random() % 8) {
      case 0:
      case 1:
        (void)Receive(From(requester, "m" + std::to_string(i) + "-" + std::to_string(step), minute));
        break;
      case 2:
      case 3:
        (void)Reply(id, minute, agent);
        break;
      case 4:
        (void)Close(id, minute, agent);
        break;
      case 5:
        (void)Change(id, minute, [&](Draft& d) { return Snooze(d, Who(minute, agent), std::nullopt); });
        break;
      case 6:
        (void)Change(id, minute, [&](Draft& d) { return AddTags(d, Who(minute, agent), {tag}); });
        break;
      default:
        (void)Change(id, minute, [&](Draft& d) { return Assign(d, Who(minute, agent), agent); });
        (void)Do([&](sql::Transaction& tx) { return desk_.SendSurvey(tx, id, Who(minute, agent), At(minute)); });
        if (!link_.empty()) {
          (void)Do([&](sql::Transaction& tx) {
            return desk_.Rate(tx, link_.substr(29), static_cast<int>(random() % 5) + 1, "", {At(minute)}, At(minute));
          });
        }
    }
  }

  calendar::Period FirstWeek() const {
    return calendar::Period::Containing(calendar::PeriodKind::kWeek, start_, zone_);
  }
};

// Sums and interpolation in another order may differ in the last bits.
void MakeEqualWhereClose(DurationFigures& a, const DurationFigures& b) {
  for (std::optional<double> DurationFigures::*field :
       {&DurationFigures::median, &DurationFigures::mean, &DurationFigures::p90}) {
    if (a.*field && b.*field && std::abs(*(a.*field) - *(b.*field)) < 1e-6) a.*field = b.*field;
  }
}

// What the report reads from sums is what the facts say: for the whole, per agent and per tag, in every week.
TEST_F(MetricRepositoryTest, SumsAgreeWithFacts) {
  Live(300, 7);
  int64_t values = 0;
  for (int week = 0; week < 13; ++week) {
    const calendar::Period period = FirstWeek().Plus(week);
    for (const SumScope scope : {SumScope::kTotal, SumScope::kAgent, SumScope::kTag}) {
      auto facts = *Do(
          [&](sql::Transaction& tx) { return desk_.metrics().FiguresFromFacts(tx, scope, period.Instants(zone_)); });
      auto sums = *Do([&](sql::Transaction& tx) { return desk_.metrics().FiguresBy(tx, scope, period.days()); });
      if (scope == SumScope::kTotal) {
        sums[""] = *Do([&](sql::Transaction& tx) { return desk_.metrics().TotalFigures(tx, period.days()); });
        values += sums[""].response.n;
      }
      ASSERT_EQ(facts.size(), sums.size());
      for (auto& [name, figures] : facts) {
        if (scope != SumScope::kTotal) figures.oldest_unanswered.reset();
        for (DurationFigures Figures::*field :
             {&Figures::first_response, &Figures::response, &Figures::time_to_close}) {
          MakeEqualWhereClose(figures.*field, sums[name].*field);
        }
        EXPECT_EQ(figures, sums[name]) << "week " << week << ", " << name;
      }
    }
  }
  EXPECT_GT(values, 200);
}

TEST_F(MetricRepositoryTest, BacklogOfAWeekIsWhatIsOpenAndSnoozedThen) {
  Live(200, 11);
  const Figures last =
      *Do([&](sql::Transaction& tx) { return desk_.metrics().TotalFigures(tx, FirstWeek().Plus(20).days()); });
  int64_t open = 0, snoozed = 0;
  const auto page = Do([&](sql::Transaction& tx) { return desk_.conversations().List(tx, {}, std::nullopt, 1000); });
  ASSERT_OK(page);
  for (const Conversation& c : page->conversations) {
    open += c.state == State::kOpen;
    snoozed += c.state == State::kSnoozed;
  }
  EXPECT_EQ(last.backlog_open(), open);
  EXPECT_EQ(last.backlog_snoozed, snoozed);
}

TEST_F(MetricRepositoryTest, RebuiltMetricsEqualThoseKept) {
  Live(150, 23);
  const auto ids = Do([&](sql::Transaction& tx) { return desk_.conversations().Ids(tx, Uuid(), 1000); });
  ASSERT_EQ(ids->size(), 150u);
  for (const Uuid& id : *ids) {
    ASSERT_OK_AND_ASSIGN(const bool differed, Do([&](sql::Transaction& tx) { return desk_.RebuildMetrics(tx, id); }));
    EXPECT_FALSE(differed);
  }
}

TEST_F(MetricRepositoryTest, RebuildRepairsWhatWasLost) {
  ASSERT_OK_AND_ASSIGN(const Received first, Receive(From("maria", "w-1", 0)));
  ASSERT_OK(Reply(first.conversation.id, 5));
  ASSERT_OK(Do([&](sql::Transaction& tx) { return desk_.metrics().Replace(tx, first.conversation.id, {}); }));
  EXPECT_EQ(Week().first_response.n, 0);
  ASSERT_OK_AND_ASSIGN(const bool differed,
                       Do([&](sql::Transaction& tx) { return desk_.RebuildMetrics(tx, first.conversation.id); }));
  EXPECT_TRUE(differed);
  EXPECT_EQ(Week().first_response.median, 300);
}

TEST_F(MetricRepositoryTest, SpamLeavesEveryMetricAlsoOfThePastAndComesBack) {
  ASSERT_OK_AND_ASSIGN(const Received first, Receive(From("maria", "w-1", 0)));
  ASSERT_OK(Reply(first.conversation.id, 5));
  const auto mark = [&](bool spam, double minute) {
    return Change(first.conversation.id, minute, [&](Draft& d) { return MarkSpam(d, Who(minute, "ana"), spam); });
  };
  ASSERT_OK(mark(true, 6));
  EXPECT_EQ(Week(), Figures());
  ASSERT_OK(mark(false, 7));
  EXPECT_EQ(Week().first_response.median, 300);
  EXPECT_EQ(Week().backlog_end, 0);
}

TEST_F(MetricRepositoryTest, MedianOfAnEvenNumberIsTheMeanOfTheMiddleTwoS124) {
  int i = 0;
  for (const double seconds : {60, 120, 300, 600}) {
    const std::string name = "r" + std::to_string(i++);
    ASSERT_OK_AND_ASSIGN(const Received r, Receive(From(name, name, i)));
    ASSERT_OK(Reply(r.conversation.id, i + seconds / 60));
  }
  EXPECT_EQ(Week().first_response.median, 210);
  EXPECT_EQ(Week().first_response.n, 4);
  EXPECT_FALSE(Week().time_to_close.median.has_value());
}

}  // namespace
}  // namespace vinculo::support
