#include "services/support/domain/filter.h"

#include <gtest/gtest.h>

namespace vinculo::support {
namespace {

Conversation Sample() {
  Conversation c;
  c.state = State::kClosed;
  c.channel = Channel::kWhatsapp;
  c.inbox = "ventas";
  c.team = "uno";
  c.assignee = "ana";
  c.tags = {"api", "billing"};
  c.customer_id = "acme";
  c.requester_id = "maria";
  c.created_at = absl::FromUnixSeconds(1000);
  c.closed_at = absl::FromUnixSeconds(2000);
  return c;
}

TEST(ConversationFilter, EmptyMatchesAllButSpam) {
  Conversation c = Sample();
  EXPECT_TRUE(Matches({}, c));
  c.spam = true;
  EXPECT_FALSE(Matches({}, c));
  ConversationFilter filter;
  filter.include_spam = true;
  EXPECT_TRUE(Matches(filter, c));
}

TEST(ConversationFilter, ListIsAnyOfAndPartsMustAllHold) {
  ConversationFilter filter;
  filter.states = {State::kOpen, State::kClosed};
  filter.tags = {"other", "billing"};
  EXPECT_TRUE(Matches(filter, Sample()));
  filter.assignees = {""};
  EXPECT_FALSE(Matches(filter, Sample()));
  Conversation nobody = Sample();
  nobody.assignee = "";
  EXPECT_TRUE(Matches(filter, nobody));
}

TEST(ConversationFilter, RangesAreHalfOpen) {
  ConversationFilter filter;
  filter.created_from = absl::FromUnixSeconds(1000);
  filter.created_to = absl::FromUnixSeconds(1001);
  EXPECT_TRUE(Matches(filter, Sample()));
  filter.created_to = absl::FromUnixSeconds(1000);
  EXPECT_FALSE(Matches(filter, Sample()));
  ConversationFilter closed;
  closed.closed_from = absl::FromUnixSeconds(0);
  EXPECT_TRUE(Matches(closed, Sample()));
  Conversation open = Sample();
  open.closed_at.reset();
  EXPECT_FALSE(Matches(closed, open));
}

}  // namespace
}  // namespace vinculo::support
