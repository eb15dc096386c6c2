#include "services/support/store/importer.h"

#include "common/jobs/job_queue.h"
#include "services/support/store/test_desk.h"

namespace vinculo::support {
namespace {

using test::StatusIs;

class ImporterTest : public DeskTest {
 protected:
  ImportStep Step(ImportStep::Kind kind, double minute, std::string by = "ana") {
    ImportStep step;
    step.kind = kind;
    step.at = At(minute);
    step.by = std::move(by);
    return step;
  }
  ImportStep Says(Author author, double minute, std::string by = "ana") {
    ImportStep step = Step(ImportStep::Kind::kMessage, minute, std::move(by));
    step.author = author;
    step.body = "texto";
    return step;
  }
  ImportItem Item(std::string external_id, std::vector<ImportStep> steps) {
    ImportItem item;
    item.conversation.external_id = std::move(external_id);
    item.conversation.requester_id = "maria";
    item.conversation.channel = Channel::kWhatsapp;
    item.conversation.inbox = kDefaultInbox;
    item.steps = std::move(steps);
    return item;
  }
  // The worked example of the metrics, and a rating for the first close.
  ImportItem Worked(std::string external_id) {
    using Kind = ImportStep::Kind;
    ImportStep note = Says(Author::kAgent, 2);
    note.visibility = Visibility::kInternal;
    ImportStep rating = Step(Kind::kRating, 24 * 60 + 30);
    rating.survey_sent_at = At(24 * 60 + 1);
    rating.rating = 5;
    return Item(
        std::move(external_id),
        {Says(Author::kCustomer, 0), Says(Author::kBot, 0.1), note, Says(Author::kAgent, 5), Step(Kind::kClose, 60),
         Says(Author::kCustomer, 23 * 60), Says(Author::kAgent, 23 * 60 + 10), Step(Kind::kClose, 24 * 60), rating});
  }
  absl::StatusOr<Imported> Import(ImportItem item) {
    return Do([&](sql::Transaction& tx) { return support::Import(desk_, tx, item, At(100'000)); });
  }
};

TEST_F(ImporterTest, MetricsComeFromTheOriginalTimes) {
  ASSERT_OK_AND_ASSIGN(const Imported imported, Import(Worked("old-1")));
  const Figures week = Week();
  EXPECT_EQ(week.begun, 1);
  EXPECT_EQ(week.first_response.median, 300);
  EXPECT_EQ(week.response.n, 2);
  EXPECT_EQ(week.response.median, 450);
  EXPECT_EQ(week.time_to_close.median, 86400);
  EXPECT_EQ(week.closed, 2);
  EXPECT_EQ(week.closed_unique, 1);
  EXPECT_EQ(week.reopened, 1);
  EXPECT_EQ(week.csat(), 100.0);
  const Conversation c = Get(imported.id);
  EXPECT_EQ(c.created_at, At(0));
  EXPECT_EQ(c.state, State::kClosed);
  EXPECT_EQ(c.rating, 5);
}

TEST_F(ImporterTest, IsIdempotentByExternalId) {
  ASSERT_OK_AND_ASSIGN(const Imported first, Import(Worked("old-1")));
  ASSERT_OK_AND_ASSIGN(const Imported again, Import(Worked("old-1")));
  EXPECT_FALSE(first.duplicate);
  EXPECT_TRUE(again.duplicate);
  EXPECT_EQ(again.id, first.id);
  EXPECT_EQ(Week().begun, 1);
}

TEST_F(ImporterTest, SendsNothing) {
  Inbox inbox;
  inbox.survey_on_close = true;
  ASSERT_OK(Do([&](sql::Transaction& tx) { return desk_.directory().PutInbox(tx, inbox, std::nullopt); }));
  ASSERT_OK(Import(Worked("old-1")));
  for (const char* kind : {kReplyJob, kSurveyJob, kSnoozeJob}) {
    EXPECT_FALSE(Do([&](sql::Transaction& tx) { return jobs::NextDue(tx, kind); })->has_value()) << kind;
  }
  EXPECT_EQ(posted_, 0);
  EXPECT_EQ(link_, "");
}

TEST_F(ImporterTest, WrongItemLeavesNothingBehind) {
  ImportItem twice =
      Item("bad", {Says(Author::kCustomer, 0), Step(ImportStep::Kind::kClose, 1), Step(ImportStep::Kind::kClose, 2)});
  EXPECT_THAT(Import(twice), StatusIs(absl::StatusCode::kFailedPrecondition, "ALREADY_CLOSED"));
  EXPECT_EQ(Week(), Figures());
  ASSERT_OK(Import(Worked("good")));
  EXPECT_EQ(Week().begun, 1);
}

TEST_F(ImporterTest, MessageOfAnotherConversationIsRefused) {
  ImportStep message = Says(Author::kCustomer, 0);
  message.external_id = "wamid.1";
  ASSERT_OK(Import(Item("one", {message})));
  EXPECT_THAT(Import(Item("two", {message})), StatusIs(absl::StatusCode::kAlreadyExists, "MESSAGE_EXISTS"));
}

TEST_F(ImporterTest, SnoozeEndsAtItsTimeAndOnesStillToComeKeepTheirTimer) {
  ImportStep past = Step(ImportStep::Kind::kSnooze, 10);
  past.until = At(40);
  ASSERT_OK_AND_ASSIGN(const Imported woken,
                       Import(Item("one", {Says(Author::kCustomer, 0), past, Step(ImportStep::Kind::kClose, 60)})));
  const auto history = *Do([&](sql::Transaction& tx) { return desk_.conversations().History(tx, woken.id); });
  bool by_timer = false;
  for (const HistoryEvent& event : history) by_timer |= event.kind == EventKind::kUnsnoozed && event.at == At(40);
  EXPECT_TRUE(by_timer);
  ImportStep future = Step(ImportStep::Kind::kSnooze, 10);
  future.until = At(200'000);
  ASSERT_OK_AND_ASSIGN(const Imported sleeping, Import(Item("two", {Says(Author::kCustomer, 0), future})));
  EXPECT_EQ(Get(sleeping.id).state, State::kSnoozed);
  EXPECT_EQ(*Do([&](sql::Transaction& tx) { return jobs::NextDue(tx, kSnoozeJob); }), At(200'000));
}

TEST_F(ImporterTest, RatingCountsForTheAssigneeWhenTheSurveyWasSent) {
  ImportStep to_ana = Step(ImportStep::Kind::kAssign, 1);
  to_ana.assignee = "ana";
  ImportStep to_ben = Step(ImportStep::Kind::kAssign, 30);
  to_ben.assignee = "ben";
  ImportStep rating = Step(ImportStep::Kind::kRating, 40);
  rating.survey_sent_at = At(20);
  rating.rating = 3;
  ASSERT_OK(Import(Item("one", {Says(Author::kCustomer, 0), to_ana, Says(Author::kAgent, 5),
                                Step(ImportStep::Kind::kClose, 10), to_ben, rating})));
  const calendar::Period week = calendar::Period::Containing(calendar::PeriodKind::kWeek, start_, zone_);
  auto agents = *Do([&](sql::Transaction& tx) { return desk_.metrics().FiguresBy(tx, SumScope::kAgent, week.days()); });
  EXPECT_EQ(agents["ana"].ratings, 1);
  EXPECT_EQ(agents.count("ben"), 0u);
}

}  // namespace
}  // namespace vinculo::support
