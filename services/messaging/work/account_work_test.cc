#include "services/messaging/sender_state.h"
#include "services/messaging/work/account_apply.h"
#include "services/messaging/work/work_rig.h"

namespace vinculo::messaging {
namespace {

using ::vinculo::test::IsOk;
using ::vinculo::test::IsOkAndHolds;

// What webhooks and readings tell of numbers and accounts.
class AccountWorkTest : public WorkRig {
 protected:
  Sender Read() {
    return *Write([&](sql::Transaction& tx) { return ChannelRepository::GetSender(tx, sender_); });
  }
  absl::StatusOr<ItemResult> Account(AccountItem item, int at) {
    item.at = kNow + absl::Seconds(at);
    return Write([&](sql::Transaction& tx) { return ApplyAccount(tx, channel_, item, kNow); });
  }
  absl::Status Learn(const NumberFacts& facts) {
    return Write([&](sql::Transaction& tx) { return LearnNumber(tx, sender_, facts, LevelTable(), kNow); });
  }
};

TEST_F(AccountWorkTest, ARestrictionStopsWhatItNamesUntilItsEnd) {
  const absl::Time end = kNow + absl::Hours(72);
  ASSERT_THAT(
      Account({.event = "ACCOUNT_RESTRICTION", .restrictions = {{"RESTRICTED_ADD_PHONE_NUMBER_ACTION", end}}}, 1),
      IsOk());
  EXPECT_EQ(Read().state, SenderState::kActive) << "nothing about messages";
  ASSERT_THAT(
      Account({.event = "ACCOUNT_RESTRICTION", .restrictions = {{"RESTRICTED_BIZ_INITIATED_MESSAGING", end}}}, 2),
      IsOk());
  EXPECT_EQ(Read().state, SenderState::kBulkBlocked);
  EXPECT_EQ(Read().blocked_until, end);
  ASSERT_THAT(Account({.event = "ACCOUNT_RESTRICTION",
                       .restrictions = {{"RESTRICTED_BIZ_INITIATED_MESSAGING", end},
                                        {"RESTRICTED_CUSTOMER_INITIATED_MESSAGING", end + absl::Hours(1)}}},
                      3),
              IsOk());
  EXPECT_EQ(Read().state, SenderState::kBlocked);
  EXPECT_EQ(Read().blocked_until, end + absl::Hours(1));
  ASSERT_THAT(Write([&](sql::Transaction& tx) { return EndBlock(tx, sender_, end + absl::Hours(1)); }), IsOk());
  EXPECT_EQ(Read().state, SenderState::kActive);
}

TEST_F(AccountWorkTest, ABanEndsByTheWebhookThatSaysSoWhateverComesLate) {
  const AccountItem ban{.event = "DISABLED_UPDATE", .waba_ban_state = "DISABLE"};
  const AccountItem end{.event = "DISABLED_UPDATE", .waba_ban_state = "REINSTATE"};
  EXPECT_THAT(Account({.event = "ACCOUNT_VIOLATION", .violation_type = "SPAM"}, 1), IsOkAndHolds(ItemResult::kApplied));
  EXPECT_THAT(Account({.event = "DISABLED_UPDATE", .waba_ban_state = "SCHEDULE_FOR_DISABLE"}, 2), IsOk());
  EXPECT_EQ(Read().state, SenderState::kActive) << "notices";
  ASSERT_THAT(Account(ban, 3), IsOk());
  EXPECT_EQ(Read().state, SenderState::kBlocked);
  EXPECT_EQ(Read().block_reason, "ACCOUNT_DISABLED");
  ASSERT_THAT(Account(end, 4), IsOk());
  EXPECT_EQ(Read().state, SenderState::kActive);
  EXPECT_THAT(Account(ban, 3), IsOkAndHolds(ItemResult::kDuplicate));
  EXPECT_EQ(Read().state, SenderState::kActive);
  EXPECT_THAT(EventTypes(), testing::Contains("sender.state_changed").Times(2));
}

TEST_F(AccountWorkTest, ADeletedAccountSendsNothing) {
  ASSERT_THAT(Account({.event = "ACCOUNT_DELETED"}, 1), IsOk());
  EXPECT_EQ(Read().block_reason, "ACCOUNT_DELETED");
  auto channel = Write([&](sql::Transaction& tx) { return ChannelRepository::GetChannel(tx, channel_); });
  EXPECT_EQ(channel->state, ChannelState::kBlocked);
}

TEST_F(AccountWorkTest, LimitsComeFromWebhooksAndAreReadAgain) {
  const NumberItem item{.display_phone_number = "+54 9 11 4000-0000",
                        .event = "THROUGHPUT_UPGRADE",
                        .max_daily_conversations_per_business = "TIER_10K",
                        .at = kNow};
  const auto apply = [&](const NumberItem& i) {
    return Write([&](sql::Transaction& tx) { return ApplyNumber(tx, channel_, i, LevelTable(), kNow); });
  };
  EXPECT_THAT(apply(item), IsOkAndHolds(ItemResult::kApplied));
  EXPECT_EQ(Read().throughput, 1000);
  EXPECT_EQ(Read().daily_reach, 10'000);
  EXPECT_THAT(EventTypes(), testing::Contains("sender.limit_changed"));
  const auto due = Write([](sql::Transaction& tx) { return jobs::NextDue(tx, "sender_refresh"); });
  EXPECT_THAT(due, IsOkAndHolds(testing::Optional(kNow)));
  NumberItem stranger = item;
  stranger.display_phone_number = "15550001000";
  EXPECT_THAT(apply(stranger), IsOkAndHolds(ItemResult::kIgnored));
  NumberItem late = item;
  late.max_daily_conversations_per_business = "TIER_250";
  late.at = kNow - absl::Hours(1);
  EXPECT_THAT(apply(late), IsOkAndHolds(ItemResult::kDuplicate));
  EXPECT_EQ(Read().daily_reach, 10'000) << "an older notice than the last reading";
}

TEST_F(AccountWorkTest, ACapabilityIsThePortfolios) {
  const Uuid other = AddNeighbour();
  const CapabilityItem item{.max_daily_conversations_per_business = -1, .at = kNow};
  ASSERT_THAT(Write([&](sql::Transaction& tx) { return ApplyCapability(tx, channel_, item, LevelTable(), kNow); }),
              IsOkAndHolds(ItemResult::kApplied));
  EXPECT_EQ(Read().daily_reach, kUnlimitedReach);
  auto neighbour = Write([&](sql::Transaction& tx) { return ChannelRepository::GetSender(tx, other); });
  EXPECT_EQ(neighbour->daily_reach, kUnlimitedReach);
  EXPECT_EQ(neighbour->tier, "TIER_UNLIMITED");
}

TEST_F(AccountWorkTest, AReadingTellsOnceAndAnUnsetLevelIsTheLowest) {
  ASSERT_THAT(Learn({"HIGH", "TIER_2K", "GREEN", "CONNECTED"}), IsOk());
  ASSERT_THAT(Learn({"HIGH", "TIER_2K", "GREEN", "CONNECTED"}), IsOk());
  EXPECT_EQ(Read().quality, "GREEN");
  EXPECT_EQ(Read().daily_reach, 2000);
  EXPECT_THAT(EventTypes(), testing::Contains("sender.limit_changed").Times(2)) << "limits and tier, each once";
  ASSERT_THAT(Learn({"NOT_SET", "NOT_SET", "RED", "CONNECTED"}), IsOk());
  EXPECT_EQ(Read().throughput, kStandardThroughput);
  EXPECT_EQ(Read().daily_reach, kFirstTier);
}

TEST_F(AccountWorkTest, ANumberThatCannotSendIsStoppedUntilItIsConnectedAgain) {
  ASSERT_THAT(Learn({.status = "BANNED"}), IsOk());
  EXPECT_EQ(Read().block_reason, "NUMBER_BANNED");
  ASSERT_THAT(Learn({.status = "CONNECTED"}), IsOk());
  EXPECT_EQ(Read().state, SenderState::kActive);
  ASSERT_THAT(Write([&](sql::Transaction& tx) { return BlockForError(tx, sender_, 190, kNow); }), IsOk());
  ASSERT_THAT(Learn({.status = "CONNECTED"}), IsOk());
  EXPECT_EQ(Read().state, SenderState::kBlocked) << "another cause";
}

TEST_F(AccountWorkTest, AnAccountProblemInAWebhookStopsAsItsCodeDoes) {
  const auto apply = [&](int code) {
    return Write([&](sql::Transaction& tx) {
      return ApplyAccountError(tx, sender_, {.code = code, .at = kNow}, ErrorClasses::Default(), kNow);
    });
  };
  ASSERT_THAT(apply(130429), IsOk());
  EXPECT_EQ(Read().state, SenderState::kActive);
  ASSERT_THAT(apply(131042), IsOk());
  EXPECT_EQ(Read().block_reason, "PROVIDER_131042");
}

TEST_F(AccountWorkTest, AProblemToldBeforeAResumeStopsNothingAgain) {
  const Uuid other = AddNeighbour();
  const auto tell = [&](const Uuid& sender, int code, int at) {
    const AccountErrorItem item{.code = code, .at = kNow + absl::Seconds(at)};
    return Write(
        [&](sql::Transaction& tx) { return ApplyAccountError(tx, sender, item, ErrorClasses::Default(), item.at); });
  };
  const auto resume = [&](int at) {
    return Write([&](sql::Transaction& tx) { return ResumeSending(tx, sender_, kNow + absl::Seconds(at)); });
  };
  // A problem of the number itself, then one of the account that its neighbour told, being stopped for its own sake.
  EXPECT_THAT(tell(sender_, kSpamCode, 1), IsOkAndHolds(ItemResult::kApplied));
  EXPECT_THAT(tell(sender_, kSpamCode, 1), IsOkAndHolds(ItemResult::kApplied)) << "it stands";
  ASSERT_THAT(resume(2), IsOk());
  EXPECT_THAT(tell(sender_, kSpamCode, 1), IsOkAndHolds(ItemResult::kDuplicate));
  EXPECT_EQ(Read().state, SenderState::kActive);
  ASSERT_THAT(Write([&](sql::Transaction& tx) {
                return BlockSender(tx, other, SenderState::kBlocked, "NUMBER_BANNED", std::nullopt, kNow);
              }),
              IsOk());
  EXPECT_THAT(tell(other, 131031, 3), IsOkAndHolds(ItemResult::kApplied));
  EXPECT_EQ(Read().state, SenderState::kBlocked);
  ASSERT_THAT(resume(4), IsOk());
  EXPECT_EQ(Read().state, SenderState::kActive);
  EXPECT_THAT(tell(other, 131031, 3), IsOkAndHolds(ItemResult::kDuplicate));
  EXPECT_EQ(Read().state, SenderState::kActive);
  EXPECT_THAT(tell(sender_, kSpamCode, 5), IsOkAndHolds(ItemResult::kApplied)) << "told anew";
  EXPECT_EQ(Read().state, SenderState::kBulkBlocked);
}

}  // namespace
}  // namespace vinculo::messaging
