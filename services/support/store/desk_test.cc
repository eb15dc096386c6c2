#include "services/support/store/desk.h"

#include <algorithm>

#include "common/jobs/job_queue.h"
#include "services/support/store/test_desk.h"

namespace vinculo::support {
namespace {

using test::StatusIs;

TEST_F(DeskTest, SameMessageTwiceHasNoEffectAndReturnsTheFirst) {
  ASSERT_OK_AND_ASSIGN(const Received first, Receive(From("maria", "w-1", 0)));
  ASSERT_OK_AND_ASSIGN(const Received again, Receive(From("maria", "w-1", 5)));
  EXPECT_FALSE(first.duplicate);
  EXPECT_TRUE(again.duplicate);
  EXPECT_EQ(again.message.id, first.message.id);
  EXPECT_EQ(Get(first.conversation.id).last_seq, first.conversation.last_seq);
}

TEST_F(DeskTest, SameExternalIdOnAnotherChannelIsAnotherMessage) {
  ASSERT_OK(Receive(From("maria", "w-1", 0)));
  Inbound other = From("maria", "w-1", 1);
  other.channel = Channel::kEmail;
  ASSERT_OK_AND_ASSIGN(const Received received, Receive(other));
  EXPECT_FALSE(received.duplicate);
}

TEST_F(DeskTest, MessageGoesIntoTheNewestConversationOfTheRequester) {
  ASSERT_OK_AND_ASSIGN(const Received first, Receive(From("maria", "w-1", 0)));
  ASSERT_OK_AND_ASSIGN(const Received other, Receive(From("pedro", "w-2", 1)));
  ASSERT_OK_AND_ASSIGN(const Received second, Receive(From("maria", "w-3", 2)));
  EXPECT_TRUE(other.opened);
  EXPECT_FALSE(second.opened);
  EXPECT_EQ(second.conversation.id, first.conversation.id);
  EXPECT_EQ(other.conversation.number, first.conversation.number + 1);
}

TEST_F(DeskTest, MessageInReplyToNamesItsConversation) {
  ASSERT_OK_AND_ASSIGN(const Received old, Receive(From("maria", "w-1", 0)));
  ASSERT_OK(Close(old.conversation.id, 1));
  Inbox policy;
  policy.reopen_policy = ReopenPolicy::kNew;
  ASSERT_OK(Do([&](sql::Transaction& tx) { return desk_.directory().PutInbox(tx, policy, std::nullopt); }));
  ASSERT_OK_AND_ASSIGN(const Received fresh, Receive(From("maria", "w-2", 2)));
  EXPECT_EQ(fresh.conversation.follow_up_of, old.conversation.id);
  policy.reopen_policy = ReopenPolicy::kReopen;
  ASSERT_OK(Do([&](sql::Transaction& tx) { return desk_.directory().PutInbox(tx, policy, std::nullopt); }));
  Inbound naming = From("maria", "w-3", 3);
  naming.in_reply_to = "w-1";
  ASSERT_OK_AND_ASSIGN(const Received named, Receive(naming));
  EXPECT_EQ(named.conversation.id, old.conversation.id);
  EXPECT_EQ(named.conversation.state, State::kOpen);
  Inbound foreign = From("pedro", "w-4", 4);
  foreign.in_reply_to = "w-1";
  ASSERT_OK_AND_ASSIGN(const Received stranger, Receive(foreign));
  EXPECT_TRUE(stranger.opened);
}

TEST_F(DeskTest, ClosedConversationReopensWithinTheWindowAndIsFollowedUpLater) {
  ASSERT_OK_AND_ASSIGN(const Received first, Receive(From("maria", "w-1", 0)));
  ASSERT_OK(Close(first.conversation.id, 10));
  ASSERT_OK_AND_ASSIGN(const Received back, Receive(From("maria", "w-2", 10 + 14 * 24 * 60 - 1)));
  EXPECT_EQ(back.conversation.id, first.conversation.id);
  EXPECT_EQ(back.conversation.reopen_count, 1);
  const double closed = 20 + 14 * 24 * 60;
  ASSERT_OK(Close(first.conversation.id, closed));
  ASSERT_OK_AND_ASSIGN(const Received later, Receive(From("maria", "w-3", closed + 14 * 24 * 60)));
  EXPECT_NE(later.conversation.id, first.conversation.id);
  EXPECT_EQ(later.conversation.follow_up_of, first.conversation.id);
}

TEST_F(DeskTest, TimeInTheFutureCountsAsNow) {
  Inbound in = From("maria", "w-1", 100);
  ASSERT_OK_AND_ASSIGN(const Received received, Do([&](sql::Transaction& tx) { return desk_.Receive(tx, in, At(0)); }));
  EXPECT_EQ(received.message.created_at, At(0));
}

TEST_F(DeskTest, StaleReplyNamesTheNewerMessages) {
  ASSERT_OK_AND_ASSIGN(const Received first, Receive(From("maria", "w-1", 0)));
  ASSERT_OK_AND_ASSIGN(const Received second, Receive(From("maria", "w-2", 1)));
  Outgoing reply{first.conversation.id, {Author::kAgent, "ana"}, "ya lo veo"};
  reply.last_seen = first.message.id;
  const auto post = [&] { return Do([&](sql::Transaction& tx) { return desk_.Reply(tx, reply, At(2)); }); };
  const absl::Status refused = post().status();
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kAborted, "NEWER_MESSAGES"));
  EXPECT_EQ(GetErrorDetails(refused)->metadata[0].second, second.message.id.ToString());
  reply.allow_stale = true;
  EXPECT_OK(post());
  reply.allow_stale = false;
  reply.last_seen = second.message.id;
  EXPECT_OK(post());
}

TEST_F(DeskTest, ReplyIsAppliedBeforeTheState) {
  ASSERT_OK_AND_ASSIGN(const Received first, Receive(From("maria", "w-1", 0)));
  Outgoing reply{first.conversation.id, {Author::kAgent, "ana"}, "listo"};
  reply.then = Then::kClose;
  ASSERT_OK(Do([&](sql::Transaction& tx) { return desk_.Reply(tx, reply, At(5)); }));
  EXPECT_EQ(Get(first.conversation.id).state, State::kClosed);
  const Figures week = Week();
  EXPECT_EQ(week.first_response.median, 300);
  EXPECT_EQ(week.closed_unanswered, 0);
}

TEST_F(DeskTest, WhatsappReplyLeavesAJobAndOthersDoNot) {
  Inbound in = From("maria", "w-1", 0);
  in.channel = Channel::kWhatsapp;
  ASSERT_OK_AND_ASSIGN(const Received first, Receive(in));
  ASSERT_OK_AND_ASSIGN(const Message reply, Reply(first.conversation.id, 1));
  EXPECT_EQ(reply.delivery, Delivery::kQueued);
  ASSERT_OK_AND_ASSIGN(const Received web, Receive(From("pedro", "w-2", 0)));
  ASSERT_OK_AND_ASSIGN(const Message other, Reply(web.conversation.id, 1));
  EXPECT_EQ(other.delivery, Delivery::kNone);
  EXPECT_EQ(posted_, 2);
  const auto jobs = Do([&](sql::Transaction& tx) { return jobs::Claim(tx, kReplyJob, At(2), absl::Minutes(1), 10); });
  ASSERT_OK(jobs);
  ASSERT_EQ(jobs->size(), 1u);
  EXPECT_EQ((*jobs)[0].key, reply.id.ToString());
}

TEST_F(DeskTest, DeliveryGoesForwardOnlyAndAFailureShowsItsReason) {
  Inbound in = From("maria", "w-1", 0);
  in.channel = Channel::kWhatsapp;
  ASSERT_OK_AND_ASSIGN(const Received first, Receive(in));
  ASSERT_OK_AND_ASSIGN(const Message reply, Reply(first.conversation.id, 1));
  const auto went = [&](Delivery delivery, std::string reason) {
    return Do([&](sql::Transaction& tx) { return desk_.ReplyWent(tx, reply.id, delivery, reason, "m-1", At(2)); });
  };
  const auto now = [&] { return *Do([&](sql::Transaction& tx) { return desk_.messages().Get(tx, reply.id); }); };
  ASSERT_OK(went(Delivery::kDelivered, ""));
  ASSERT_OK(went(Delivery::kSent, ""));
  EXPECT_EQ(now().delivery, Delivery::kDelivered);
  EXPECT_EQ(now().messaging_message_id, "m-1");
  ASSERT_OK(went(Delivery::kFailed, "WINDOW_CLOSED"));
  EXPECT_EQ(now().delivery, Delivery::kDelivered);

  ASSERT_OK_AND_ASSIGN(const Message second, Reply(first.conversation.id, 3));
  ASSERT_OK(Do([&](sql::Transaction& tx) {
    return desk_.ReplyWent(tx, second.id, Delivery::kFailed, "WINDOW_CLOSED", "", At(4));
  }));
  const Message failed = *Do([&](sql::Transaction& tx) { return desk_.messages().Get(tx, second.id); });
  EXPECT_EQ(failed.delivery, Delivery::kFailed);
  EXPECT_EQ(failed.delivery_reason, "WINDOW_CLOSED");
  EXPECT_EQ(Get(first.conversation.id).waiting_on, Waiting::kAgent);
}

TEST_F(DeskTest, SnoozeTimerSurvivesARestartAndEndsTheSnooze) {
  ASSERT_OK_AND_ASSIGN(const Received first, Receive(From("maria", "w-1", 0)));
  ASSERT_OK(Change(first.conversation.id, 1, [&](Draft& d) { return Snooze(d, Who(1, "ana"), At(60)); }));
  database_.Reopen();
  const auto due = [&](double minute) {
    return Do([&](sql::Transaction& tx) { return jobs::Claim(tx, kSnoozeJob, At(minute), absl::Minutes(1), 10); });
  };
  EXPECT_TRUE(due(59)->empty());
  ASSERT_EQ(due(60)->size(), 1u);
  ASSERT_OK(Do([&](sql::Transaction& tx) { return desk_.EndSnooze(tx, first.conversation.id, At(61)); }));
  EXPECT_EQ(Get(first.conversation.id).state, State::kOpen);
  const auto history =
      *Do([&](sql::Transaction& tx) { return desk_.conversations().History(tx, first.conversation.id); });
  EXPECT_EQ(history.back().cause, Cause::kTimer);
  EXPECT_EQ(history.back().at, At(60));
}

TEST_F(DeskTest, CustomersMessageTakesTheSnoozeTimerAway) {
  ASSERT_OK_AND_ASSIGN(const Received first, Receive(From("maria", "w-1", 0)));
  ASSERT_OK(Change(first.conversation.id, 1, [&](Draft& d) { return Snooze(d, Who(1, "ana"), At(60)); }));
  ASSERT_OK(Receive(From("maria", "w-2", 2)));
  EXPECT_FALSE(Do([&](sql::Transaction& tx) { return jobs::NextDue(tx, kSnoozeJob); })->has_value());
  ASSERT_OK(Do([&](sql::Transaction& tx) { return desk_.EndSnooze(tx, first.conversation.id, At(61)); }));
  EXPECT_EQ(Get(first.conversation.id).state, State::kOpen);
}

TEST_F(DeskTest, StaleRevisionIsRefused) {
  ASSERT_OK_AND_ASSIGN(const Received first, Receive(From("maria", "w-1", 0)));
  ASSERT_OK(Reply(first.conversation.id, 1));
  const auto stale = Do([&](sql::Transaction& tx) {
    return desk_.CloseAndAsk(tx, first.conversation.id, first.conversation.revision, Who(2, "ana"), At(2));
  });
  EXPECT_THAT(stale, StatusIs(absl::StatusCode::kAborted, "ETAG_MISMATCH"));
}

TEST_F(DeskTest, AnotherTenantsConversationIsNotFound) {
  ASSERT_OK_AND_ASSIGN(const Received first, Receive(From("maria", "w-1", 0)));
  const auto get =
      Do([&](sql::Transaction& tx) { return desk_.conversations().Get(tx, first.conversation.id); }, "acme");
  EXPECT_THAT(get, StatusIs(absl::StatusCode::kNotFound, "CONVERSATION_NOT_FOUND"));
}

TEST_F(DeskTest, ContactLinkedLaterFilesItsConversationsAgain) {
  ASSERT_OK_AND_ASSIGN(const Received first, Receive(From("contact-1", "w-1", 0)));
  EXPECT_EQ(first.conversation.customer_id, "contact-1");
  ASSERT_OK(Do([&](sql::Transaction& tx) { return desk_.LinkContact(tx, "contact-1", "acme-sa", At(1)); }));
  EXPECT_EQ(Get(first.conversation.id).customer_id, "acme-sa");
  ASSERT_OK(Close(first.conversation.id, 2));
  Inbox policy;
  policy.reopen_policy = ReopenPolicy::kNew;
  ASSERT_OK(Do([&](sql::Transaction& tx) { return desk_.directory().PutInbox(tx, policy, std::nullopt); }));
  ASSERT_OK_AND_ASSIGN(const Received next, Receive(From("contact-1", "w-2", 3)));
  EXPECT_EQ(next.conversation.customer_id, "acme-sa");
}

TEST_F(DeskTest, OptOutShowsOnTheContactsConversations) {
  ASSERT_OK_AND_ASSIGN(const Received first, Receive(From("contact-1", "w-1", 0)));
  ASSERT_OK(Do([&](sql::Transaction& tx) { return desk_.SetOptedOut(tx, "contact-1", true, At(1), At(1)); }));
  EXPECT_TRUE(Get(first.conversation.id).contact_opted_out);
}

TEST_F(DeskTest, CloseAsksWhereTheInboxSaysSoAndAPersonReplied) {
  Inbox inbox;
  inbox.survey_on_close = true;
  ASSERT_OK(Do([&](sql::Transaction& tx) { return desk_.directory().PutInbox(tx, inbox, std::nullopt); }));
  ASSERT_OK_AND_ASSIGN(const Received silent, Receive(From("pedro", "w-1", 0)));
  ASSERT_OK(Close(silent.conversation.id, 1));
  EXPECT_EQ(link_, "");
  ASSERT_OK_AND_ASSIGN(const Received first, Receive(From("maria", "w-2", 0)));
  ASSERT_OK(Reply(first.conversation.id, 1));
  ASSERT_OK(Close(first.conversation.id, 2));
  ASSERT_EQ(link_.find("https://support.example/rate/"), 0u);
  const std::string token = link_.substr(29);
  const auto rate = [&](std::string with, int rating) {
    return Do([&](sql::Transaction& tx) { return desk_.Rate(tx, with, rating, "", {At(3)}, At(3)); });
  };
  EXPECT_THAT(rate(token + "x", 5), StatusIs(absl::StatusCode::kNotFound, "SURVEY_NOT_FOUND"));
  ASSERT_OK_AND_ASSIGN(const Survey survey, rate(token, 4));
  EXPECT_EQ(survey.agent, "ana");
  EXPECT_EQ(Get(first.conversation.id).rating, 4);
  EXPECT_EQ(Week().csat(), 100.0);
  EXPECT_EQ(Week().surveys_delivered, 1);
}

TEST_F(DeskTest, SurveyOnWhatsappCountsOnceItWasDelivered) {
  Inbound in = From("maria", "w-1", 0);
  in.channel = Channel::kWhatsapp;
  ASSERT_OK_AND_ASSIGN(const Received first, Receive(in));
  ASSERT_OK(Reply(first.conversation.id, 1));
  ASSERT_OK(Close(first.conversation.id, 2));
  ASSERT_OK_AND_ASSIGN(const Survey survey, Do([&](sql::Transaction& tx) {
                         return desk_.SendSurvey(tx, first.conversation.id, Who(3, "ana"), At(3));
                       }));
  EXPECT_EQ(Week().surveys_delivered, 0);
  const auto went = [&](SurveyState state) {
    return Do([&](sql::Transaction& tx) { return desk_.SurveyWent(tx, survey.id, state, At(4), At(4)); });
  };
  ASSERT_OK(went(SurveyState::kFailed));
  EXPECT_EQ(Week().surveys_delivered, 0);
  ASSERT_OK(went(SurveyState::kDelivered));
  ASSERT_OK(went(SurveyState::kDelivered));
  EXPECT_EQ(Week().surveys_delivered, 1);
}

TEST_F(DeskTest, EveryStatementUsesAnIndex) {
  for (const auto& queries :
       {ConversationRepository::Queries(), MessageRepository::Queries(), SurveyRepository::Queries(),
        DirectoryRepository::Queries(), MetricRepository::Queries()}) {
    EXPECT_TRUE(sql::NoTableScans(*database_, queries));
  }
}

TEST_F(DeskTest, ListPagesThroughFiltersWithoutLossOrRepetition) {
  for (int i = 0; i < 25; ++i) {
    ASSERT_OK_AND_ASSIGN(const Received r, Receive(From("r" + std::to_string(i), "w-" + std::to_string(i), i / 2)));
    if (i % 3 == 0) {
      ASSERT_OK(Close(r.conversation.id, 50));
    }
  }
  for (const bool only_open : {false, true}) {
    ConversationFilter filter;
    if (only_open) filter.states = {State::kOpen};
    std::vector<Uuid> seen;
    std::optional<ConversationRepository::Position> after;
    do {
      const auto page = Do([&](sql::Transaction& tx) { return desk_.conversations().List(tx, filter, after, 4); });
      ASSERT_OK(page);
      for (const Conversation& c : page->conversations) seen.push_back(c.id);
      after = page->next;
    } while (after);
    EXPECT_EQ(seen.size(), only_open ? 16u : 25u);
    std::sort(seen.begin(), seen.end());
    EXPECT_EQ(std::unique(seen.begin(), seen.end()), seen.end());
  }
}

}  // namespace
}  // namespace vinculo::support
