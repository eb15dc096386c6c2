#include "services/support/domain/conversation.h"

#include <gtest/gtest.h>

#include "common/status/error.h"
#include "services/support/domain/test_story.h"

namespace vinculo::support {
namespace {

const absl::Time kStart = absl::FromCivil(absl::CivilSecond(2024, 3, 4, 13, 0, 0), absl::UTCTimeZone());

int CountOf(const Story& story, EventKind kind) {
  int n = 0;
  for (const HistoryEvent& event : story.history()) n += event.kind == kind;
  return n;
}

TEST(ConversationState, InboundIsOpenAndWaitsOnTheAgent) {
  Story story(kStart);
  story.Customer(0);
  EXPECT_EQ(story.now().state, State::kOpen);
  EXPECT_EQ(story.now().waiting_on, Waiting::kAgent);
  EXPECT_EQ(story.now().first_contact_at, kStart);
}

TEST(ConversationState, OneThatAnAgentStartsWaitsOnTheCustomer) {
  Story story(kStart, Author::kAgent);
  story.Agent(0);
  EXPECT_EQ(story.now().state, State::kOpen);
  EXPECT_EQ(story.now().waiting_on, Waiting::kCustomer);
  EXPECT_FALSE(story.now().first_contact_at.has_value());
}

TEST(ConversationState, ReplyPassesTheTurnToTheCustomerAndBack) {
  Story story(kStart);
  story.Customer(0).Agent(5);
  EXPECT_EQ(story.now().waiting_on, Waiting::kCustomer);
  story.Customer(6);
  EXPECT_EQ(story.now().waiting_on, Waiting::kAgent);
  EXPECT_EQ(CountOf(story, EventKind::kWaitingChanged), 2);
}

TEST(ConversationState, BotsAndNotesDoNotPassTheTurn) {
  Story story(kStart);
  story.Customer(0).Bot(1).Note(2);
  EXPECT_EQ(story.now().waiting_on, Waiting::kAgent);
  EXPECT_EQ(story.now().human_replies, 0);
}

TEST(ConversationSnooze, MustEndInTheFuture) {
  Story story(kStart);
  const Step step = story.At(5, Author::kAgent, "ana");
  EXPECT_EQ(ErrorReason(Snooze(story.draft(), step, step.at)), "SNOOZE_IN_PAST");
  EXPECT_TRUE(Snooze(story.draft(), step, step.at + absl::Seconds(1)).ok());
  EXPECT_EQ(story.now().state, State::kSnoozed);
  EXPECT_EQ(story.now().snoozed_until, step.at + absl::Seconds(1));
}

TEST(ConversationSnooze, CustomerMessageOpensItAtOnce) {
  Story story(kStart);
  story.Customer(0).Snoozes(1).Customer(2);
  EXPECT_EQ(story.now().state, State::kOpen);
  EXPECT_EQ(story.history().back().kind, EventKind::kUnsnoozed);
  EXPECT_EQ(story.history().back().cause, Cause::kCustomer);
}

TEST(ConversationSnooze, OwnReplyLeavesItSnoozed) {
  Story story(kStart);
  story.Customer(0).Snoozes(1).Agent(2);
  EXPECT_EQ(story.now().state, State::kSnoozed);
}

TEST(ConversationSnooze, NoteBySomebodyElseOpensItWhereTheInboxSaysSo) {
  Inbox inbox;
  inbox.note_unsnoozes = true;
  Story story(kStart, Author::kCustomer, inbox);
  story.Customer(0).AssignsTo(1, "ana").Snoozes(2).Note(3, "ana");
  EXPECT_EQ(story.now().state, State::kSnoozed);
  story.Note(4, "ben");
  EXPECT_EQ(story.now().state, State::kOpen);

  Story other(kStart);
  other.Customer(0).AssignsTo(1, "ana").Snoozes(2).Note(3, "ben");
  EXPECT_EQ(other.now().state, State::kSnoozed);
}

TEST(ConversationClose, WorksFromOpenAndSnoozedOnly) {
  Story story(kStart);
  story.Customer(0).Snoozes(1).Closes(2);
  EXPECT_EQ(story.now().state, State::kClosed);
  EXPECT_FALSE(story.now().snoozed_until.has_value());
  EXPECT_EQ(story.now().waiting_on, Waiting::kNone);
  EXPECT_EQ(ErrorReason(story.Closes(3).status()), "ALREADY_CLOSED");
  EXPECT_EQ(ErrorReason(story.Snoozes(3).status()), "NOT_OPEN");
  EXPECT_EQ(ErrorReason(story.Unsnoozes(3).status()), "NOT_SNOOZED");
}

TEST(ConversationReopen, ByCustomerCountsAndWaitsOnTheAgent) {
  Story story(kStart);
  story.Customer(0).Agent(1).Closes(2).Customer(3);
  EXPECT_EQ(story.now().state, State::kOpen);
  EXPECT_EQ(story.now().reopen_count, 1);
  EXPECT_EQ(story.now().waiting_on, Waiting::kAgent);
  EXPECT_FALSE(story.now().closed_at.has_value());
}

TEST(ConversationReopen, ByAgentOnlyFromClosed) {
  Story story(kStart);
  EXPECT_EQ(ErrorReason(story.Customer(0).Reopens(1).status()), "NOT_CLOSED");
  EXPECT_TRUE(story.Closes(2).Reopens(3).status().ok());
  EXPECT_EQ(story.now().state, State::kOpen);
}

TEST(ConversationReopen, PolicyDecidesWhatAMessageDoesToAClosedOne) {
  Story story(kStart);
  story.Customer(0).Closes(1);
  const absl::Time closed = *story.now().closed_at;
  Inbox inbox;
  EXPECT_EQ(DecideArrival(story.now(), inbox, closed + absl::Hours(14 * 24) - absl::Microseconds(1)), Arrival::kReopen);
  EXPECT_EQ(DecideArrival(story.now(), inbox, closed + absl::Hours(14 * 24)), Arrival::kFollowUp);
  inbox.reopen_policy = ReopenPolicy::kReopen;
  EXPECT_EQ(DecideArrival(story.now(), inbox, closed + absl::Hours(9000)), Arrival::kReopen);
  inbox.reopen_policy = ReopenPolicy::kNew;
  EXPECT_EQ(DecideArrival(story.now(), inbox, closed + absl::Seconds(1)), Arrival::kFollowUp);
  EXPECT_EQ(DecideArrival(Story(kStart).now(), inbox, closed), Arrival::kContinue);
}

TEST(ConversationMerged, IsFinal) {
  Story story(kStart);
  story.Customer(0).IsMerged(1);
  EXPECT_EQ(ErrorReason(story.Reopens(2).status()), "IS_MERGED");
  EXPECT_EQ(ErrorReason(story.Closes(2).status()), "IS_MERGED");
  EXPECT_EQ(ErrorReason(story.Agent(2).status()), "IS_MERGED");
  EXPECT_EQ(ErrorReason(story.Tags(2, {"a"}).status()), "IS_MERGED");
}

TEST(ConversationTags, AddingTwiceIsANoOp) {
  Story story(kStart);
  story.Tags(1, {"billing", "api"}).Tags(2, {"billing"});
  EXPECT_EQ(story.now().tags, (std::vector<std::string>{"api", "billing"}));
  EXPECT_EQ(CountOf(story, EventKind::kTagAdded), 2);
  ASSERT_TRUE(RemoveTags(story.draft(), story.At(3, Author::kAgent, "ana"), {"billing", "none"}).ok());
  EXPECT_EQ(story.now().tags, (std::vector<std::string>{"api"}));
  EXPECT_EQ(CountOf(story, EventKind::kTagRemoved), 1);
}

TEST(ConversationHistory, WhatDoesNotChangeHasNoEvent) {
  Story story(kStart);
  const size_t before = story.history().size();
  const Step step = story.At(1, Author::kAgent, "ana");
  ASSERT_TRUE(Assign(story.draft(), step, "").ok());
  ASSERT_TRUE(SetPriority(story.draft(), step, Priority::kNormal).ok());
  ASSERT_TRUE(SetTeam(story.draft(), step, "").ok());
  ASSERT_TRUE(SetSubject(story.draft(), step, "").ok());
  EXPECT_EQ(story.history().size(), before);
}

TEST(ConversationHistory, CountsItsEventsFromOneWithoutGaps) {
  Story story(kStart);
  story.Customer(0).Agent(1).Snoozes(2).Customer(3).Closes(4);
  int64_t expected = 1;
  for (const HistoryEvent& event : story.history()) EXPECT_EQ(event.seq, expected++);
  EXPECT_EQ(story.now().last_seq, expected - 1);
}

TEST(ConversationSpam, ClosesAndTakesFurtherMessagesWithoutOpening) {
  Story story(kStart);
  story.Customer(0);
  ASSERT_TRUE(MarkSpam(story.draft(), story.At(1, Author::kAgent, "ana"), true).ok());
  EXPECT_EQ(story.now().state, State::kClosed);
  EXPECT_EQ(DecideArrival(story.now(), Inbox(), kStart + absl::Hours(1)), Arrival::kContinue);
  story.Customer(5, false);
  EXPECT_EQ(story.now().state, State::kClosed);
  ASSERT_TRUE(MarkSpam(story.draft(), story.At(6, Author::kAgent, "ana"), false).ok());
  EXPECT_FALSE(story.now().spam);
}

TEST(ConversationDelivery, FailureGivesTheTurnBackToTheAgent) {
  Story story(kStart);
  story.Customer(0).Agent(1);
  NoteDeliveryFailure(story.draft(), story.At(2, Author::kSystem, ""), *story.now().last_message_id, "WINDOW_CLOSED");
  EXPECT_EQ(story.now().waiting_on, Waiting::kAgent);
}

}  // namespace
}  // namespace vinculo::support
