#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/events/event_log.h"
#include "common/jobs/job_queue.h"
#include "common/jobs/job_runner.h"
#include "common/testing/status_matchers.h"
#include "common/time/clock.h"
#include "services/lifecycle/store/schedule_repository.h"
#include "services/lifecycle/store/store_fixture.h"
#include "services/lifecycle/work/support_feed.h"
#include "services/lifecycle/work/weekly_evaluation.h"
#include "vinculo/support/v1/events.pb.h"

namespace vinculo::lifecycle {
namespace {

using testing::ElementsAre;

// Buenos Aires, the Monday after ISO week 2024-W24.
constexpr absl::CivilDay kMonday(2024, 6, 17);

class WeeklyEvaluationTest : public testing::Test {
 protected:
  WeeklyEvaluationTest() {
    settings.zone = *calendar::LoadZone("America/Argentina/Buenos_Aires");
    clock.Set(At(kMonday) - absl::Hours(30));
  }
  absl::Time At(absl::CivilDay day) const { return calendar::StartOfDay(day, settings.zone); }

  void AddModule(const std::string& tenant, const std::string& customer, const std::vector<UsageCounts>& weeks) {
    ASSERT_OK(db->WriteAndWait(sql::TestScope(tenant), [&](sql::Transaction& tx) -> absl::Status {
      Account account;
      account.customer_id = customer;
      if (absl::Status s = AccountRepository().Insert(tx, account); !s.ok()) return s;
      ModuleInstance module;
      module.id = Uuid::New(clock.Now());
      module.customer_id = customer;
      module.module_key = "cases";
      module.contracted_at = module.stage_since = At(absl::CivilDay(2023, 1, 2));
      module.go_live_at = module.stage_since;
      module.stage = Stage::kEarlyAdoption;
      if (absl::Status s = ModuleRepository().Insert(tx, module); !s.ok()) return s;
      UsageLedger ledger(settings.zone);
      for (size_t i = 0; i < weeks.size(); ++i) {
        const absl::CivilDay day = kMonday - 7 * static_cast<int64_t>(weeks.size() - i);
        auto taken = ledger.Take(tx, {customer, "cases", day, "default", {weeks[i]}}, clock.Now());
        if (!taken.ok()) return taken.status();
      }
      return absl::OkStatus();
    }));
  }

  Stage StageOf(const std::string& tenant, const std::string& customer) {
    const auto modules = db->ReadInline(
        sql::TestScope(tenant), [&](sql::Transaction& tx) { return ModuleRepository().OfCustomer(tx, customer); });
    EXPECT_OK(modules);
    return modules->front().stage;
  }
  std::optional<absl::CivilDay> NextWeek(const std::string& tenant) {
    return *db->ReadInline(sql::TestScope(tenant),
                           [](sql::Transaction& tx) { return ScheduleRepository().NextWeek(tx); });
  }

  // Runs the timer until `weeks` evaluations have been scheduled anew in each of `tenants`.
  void RunUntil(const std::vector<std::string>& tenants, absl::CivilDay next_week) {
    jobs::JobRunner runner(*db);
    evaluation.Register(runner);
    runner.Start();
    for (const std::string& tenant : tenants) {
      const absl::Time give_up = absl::Now() + absl::Seconds(20);
      while (NextWeek(tenant) != next_week && absl::Now() < give_up) {
        runner.Poke();
        std::this_thread::yield();
      }
      EXPECT_EQ(NextWeek(tenant), next_week);
    }
    runner.Stop();
  }

  ManualClock clock{absl::UnixEpoch()};
  sql::TestDatabase db{
      std::vector<sql::MigrationSet>{
          {"events", &events::Migrations()}, {"jobs", &jobs::Migrations()}, {"lifecycle", &Migrations()}},
      &clock};
  Settings settings;
  metrics::Registry registry;
  Metrics metrics{registry};
  absl::Mutex mutex;
  std::vector<std::string> told;
  WeeklyEvaluation evaluation{*db,
                              settings,
                              metrics,
                              {[this](sql::Transaction&, const StageEvent& event, absl::Time) {
                                 absl::MutexLock lock(&mutex);
                                 told.push_back(absl::StrCat(event.customer_id, ":", StageName(event.to)));
                                 return absl::OkStatus();
                               },
                               [this](sql::Transaction&, const HealthOutcome& outcome, absl::Time) {
                                 absl::MutexLock lock(&mutex);
                                 told.push_back(absl::StrCat(outcome.snapshot.customer_id, ":", outcome.snapshot.tier));
                                 return absl::OkStatus();
                               }}};
};

TEST_F(WeeklyEvaluationTest, RunsWhenTheWeekHasBeenOverForTheLag) {
  AddModule("demo", "good", std::vector<UsageCounts>(4, {10, 9}));
  AddModule("demo", "bad", std::vector<UsageCounts>(4, {10, 1}));
  AddModule("acme", "good", std::vector<UsageCounts>(4, {10, 9}));
  ASSERT_OK(evaluation.Schedule({"demo", "acme"}));
  EXPECT_EQ(NextWeek("demo"), kMonday - 7) << "the week that runs now";
  clock.Set(At(kMonday) + absl::Hours(6) - absl::Seconds(1));
  const auto due =
      db->ReadInline(sql::TestScope(), [](sql::Transaction& tx) { return jobs::NextDue(tx, WeeklyEvaluation::kKind); });
  ASSERT_OK(due);
  EXPECT_GT(**due, clock.Now());
  clock.Set(At(kMonday) + absl::Hours(6));
  RunUntil({"demo", "acme"}, kMonday);
  EXPECT_EQ(StageOf("demo", "good"), Stage::kAdoption);
  EXPECT_EQ(StageOf("demo", "bad"), Stage::kLowUsage);
  EXPECT_EQ(StageOf("acme", "good"), Stage::kAdoption);
  absl::MutexLock lock(&mutex);
  EXPECT_THAT(told, testing::UnorderedElementsAre("bad:LOW_USAGE", "good:ADOPTION", "bad:Churn Risk",
                                                  "good:Top Performer", "good:ADOPTION", "good:Top Performer"));
}

TEST_F(WeeklyEvaluationTest, MakesUpForWeeksThatPassed) {
  AddModule("demo", "good", {{10, 9}, {10, 9}, {10, 9}, {10, 9}});
  ASSERT_OK(evaluation.Schedule({"demo"}));
  clock.Set(At(kMonday + 14) + absl::Hours(7));
  ASSERT_OK(evaluation.Schedule({"demo"})) << "a restart does not forget the week that waits";
  EXPECT_EQ(NextWeek("demo"), kMonday - 7);
  RunUntil({"demo"}, kMonday + 14);
  const auto modules =
      db->ReadInline(sql::TestScope(), [&](sql::Transaction& tx) { return ModuleRepository().OfCustomer(tx, "good"); });
  EXPECT_EQ(modules->front().memory.evaluated_week, kMonday + 7);
}

TEST_F(WeeklyEvaluationTest, AStopPutsTheRunOff) {
  AddModule("demo", "good", std::vector<UsageCounts>(4, {10, 9}));
  ASSERT_OK(evaluation.Schedule({"demo"}));
  clock.Set(At(kMonday) + absl::Hours(6));
  evaluation.Stop();
  jobs::JobRunner runner(*db);
  evaluation.Register(runner);
  const absl::Time first_due = clock.Now();
  const auto due = [&] {
    return *db->ReadInline(sql::TestScope(),
                           [](sql::Transaction& tx) { return jobs::NextDue(tx, WeeklyEvaluation::kKind); });
  };
  runner.Start();
  const absl::Time give_up = absl::Now() + absl::Seconds(20);
  while (due() == first_due && absl::Now() < give_up) std::this_thread::yield();
  runner.Stop();
  EXPECT_GT(due(), first_due);
  EXPECT_EQ(StageOf("demo", "good"), Stage::kEarlyAdoption);
  EXPECT_EQ(NextWeek("demo"), kMonday - 7) << "the week still waits";
}

class SupportFeedTest : public StoreFixture {
 protected:
  template <class Payload>
  static events::v1::Event Event(const std::string& type, const Payload& payload, absl::Time at) {
    events::v1::Event event;
    event.set_type(type);
    event.mutable_occurred_at()->set_seconds(absl::ToUnixSeconds(at));
    event.mutable_payload()->PackFrom(payload);
    return event;
  }
  static support::v1::ConversationRef Conversation(const std::string& id, const std::string& customer) {
    support::v1::ConversationRef ref;
    ref.set_conversation_id(id);
    ref.set_customer_id(customer);
    return ref;
  }
  void Open(const std::string& id, const std::string& customer) {
    support::v1::ConversationCreated payload;
    *payload.mutable_conversation() = Conversation(id, customer);
    Apply(Event("conversation.created", payload, now));
  }
  void Spam(const std::string& id, bool spam) {
    support::v1::ConversationMarkedSpam payload;
    *payload.mutable_conversation() = Conversation(id, "acme");
    payload.set_spam(spam);
    Apply(Event("conversation.marked_spam", payload, now));
  }
  void Rate(const std::string& id, const std::string& survey, int rating) {
    support::v1::CsatReceived payload;
    *payload.mutable_conversation() = Conversation(id, "acme");
    payload.set_survey_id(survey);
    payload.set_rating(rating);
    Apply(Event("csat.received", payload, now));
  }
  void Apply(const events::v1::Event& event) {
    Do([&](sql::Transaction& tx) { return ApplySupportEvent(tx, event, now); });
  }
  ContactFigures Figures(const std::string& customer) {
    return Do([&](sql::Transaction& tx) {
      return ContactRepository().Figures(tx, customer, absl::CivilDay(2024, 6, 18), settings.zone);
    });
  }
};

TEST_F(SupportFeedTest, CountsConversationsWithoutSpam) {
  Open("1", "acme");
  Open("2", "acme");
  Open("2", "acme");
  Open("3", "");
  EXPECT_EQ(Figures("acme").conversations_per_month, 2);
  Spam("1", true);
  EXPECT_EQ(Figures("acme").conversations_per_month, 1);
  Spam("1", false);
  EXPECT_EQ(Figures("acme").conversations_per_month, 2);
  EXPECT_EQ(Figures("").conversations_per_month, 0);
}

TEST_F(SupportFeedTest, TakesTheLastValueOfEachRating) {
  Rate("1", "s1", 2);
  Rate("1", "s1", 5);
  Rate("2", "", 4);
  EXPECT_EQ(Figures("acme").mean_rating, 4.5);
}

TEST_F(SupportFeedTest, PassesOverOthersAndRefusesUnreadablePayloads) {
  support::v1::ConversationCreated payload;
  *payload.mutable_conversation() = Conversation("1", "acme");
  Apply(Event("conversation.snoozed", payload, now));
  EXPECT_EQ(Figures("acme").conversations_per_month, 0);
  const auto status = db->WriteAndWait(sql::TestScope(), [&](sql::Transaction& tx) {
    return ApplySupportEvent(tx, Event("csat.received", payload, now), now);
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(SupportEventTypes(), ElementsAre("conversation.created", "conversation.marked_spam", "csat.received"));
}

}  // namespace
}  // namespace vinculo::lifecycle
