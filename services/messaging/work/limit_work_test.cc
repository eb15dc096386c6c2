#include "services/messaging/store/inbound_repository.h"
#include "services/messaging/store/limit_repository.h"
#include "services/messaging/work/work_rig.h"

namespace vinculo::messaging {
namespace {

using ::vinculo::test::IsOk;
using ::vinculo::test::IsOkAndHolds;

// Pair, reach and inbound share in intents. Ids never go back within a process, so this suite has days of its own.
class LimitWorkTest : public WorkRig {
 protected:
  void SetUp() override {
    WorkRig::SetUp();
    now_ = kNow + absl::Hours(24) * (10 + 10 * ++day_);
  }

  void SetReach(int people, const Uuid& sender) {
    ASSERT_THAT(Write([&](sql::Transaction& tx) -> absl::Status {
                  ASSIGN_OR_RETURN(Sender s, ChannelRepository::GetSender(tx, sender));
                  s.daily_reach = people;
                  return ChannelRepository::UpdateSender(tx, s);
                }),
                IsOk());
  }

  Message Queue(const Contact& to, Content content, Category category = Category::kUnspecified) {
    Message m{.id = Uuid::New(now_),
              .contact_id = to.id,
              .sender_id = sender_,
              .due_at = now_,
              .expire_at = now_ + absl::Hours(48),
              .content = std::move(content),
              .version = 1,
              .category = category,
              .created_at = now_};
    EXPECT_THAT(Write([&](sql::Transaction& tx) { return MessageRepository::Insert(tx, m); }), IsOk());
    return m;
  }
  Message QueueText(const Contact& to) { return Queue(to, TextContent{"Hola", false}); }
  // A template that is nobody's marketing, so that it is transactional and needs reach.
  Message QueueTemplate(const Contact& to) {
    return Queue(to, TemplateContent{"aviso", "es", {{"body.1", "Ana"}}}, Category::kUtility);
  }
  void OpenWindow(const Contact& contact) {
    ASSERT_THAT(Write([&](sql::Transaction& tx) {
                  return WindowRepository::Extend(tx, sender_, contact.id, now_ + absl::Hours(24));
                }),
                IsOk());
  }
  IntentBatch Begin(int limit = 64) {
    auto batch = Commit(1, limit, now_);
    EXPECT_THAT(batch, IsOk());
    return batch.ok() ? *std::move(batch) : IntentBatch();
  }
  int64_t ReachUsed() {
    auto used = Write([&](sql::Transaction& tx) { return LimitRepository::ReachUsed(tx, portfolio_); });
    return used.value_or(-1);
  }
  Message Read(const Message& m) {
    return *Write([&](sql::Transaction& tx) { return MessageRepository::Get(tx, m.id); });
  }

  static int day_;
  absl::Time now_;
  const std::string portfolio_ = "";
};
int LimitWorkTest::day_ = 0;

TEST_F(LimitWorkTest, APairOwesAtMostFortyMessagesAndNobodyElseWaits) {
  NewCampaign(2);
  ASSERT_THAT(Write([&](sql::Transaction& tx) -> absl::Status {
                ASSIGN_OR_RETURN(std::vector<Campaign> running, CampaignRepository::Running(tx, sender_));
                running[0].state = CampaignState::kPaused;
                return CampaignRepository::Update(tx, running[0]);
              }),
              IsOk());
  for (const Contact& contact : people_) OpenWindow(contact);
  std::vector<Message> queued;
  for (int i = 0; i < 43; ++i) queued.push_back(QueueText(people_[0]));
  int begun = 0;
  for (IntentBatch batch = Begin(); !batch.intents.empty(); batch = Begin()) {
    ASSERT_EQ(batch.intents.size(), 1u) << "one in flight";
    EXPECT_EQ(batch.intents[0].message.id, queued[begun].id) << "in order";
    ASSERT_THAT(Record({Accepted(batch.intents[0])}, now_), IsOk());
    ++begun;
  }
  EXPECT_EQ(begun, 40);
  QueueText(people_[1]);
  EXPECT_EQ(Begin().intents.size(), 1u) << "another contact does not wait";
  for (int i = 40; i < 43; ++i) EXPECT_EQ(Read(queued[i]).due_at, now_ + kPairCost) << i;
  now_ += kPairCost;
  const IntentBatch next = Begin();
  ASSERT_EQ(next.intents.size(), 1u);
  EXPECT_EQ(next.intents[0].message.id, queued[40].id);
  ASSERT_THAT(Record({Accepted(next.intents[0])}, now_), IsOk());
  EXPECT_TRUE(Begin().intents.empty()) << "one for each six seconds from here on";
}

TEST_F(LimitWorkTest, CampaignsOweAPersonOneMessage) {
  NewCampaign(1);
  const Campaign second = NewCampaign(0);
  ASSERT_THAT(Write([&](sql::Transaction& tx) -> absl::Status {
                RETURN_IF_ERROR(CampaignRepository::InsertRecipient(tx, {.campaign_id = second.id,
                                                                         .contact_id = people_[0].id,
                                                                         .language = "es",
                                                                         .version = 1,
                                                                         .category = Category::kMarketing,
                                                                         .params = {{"body.1", "Ana"}},
                                                                         .not_before = kNow,
                                                                         .updated_at = kNow}));
                CountDeltas deltas;
                deltas.Add(second.id, RecipientState::kQueued, "", 1);
                return deltas.Flush(tx);
              }),
              IsOk());
  EXPECT_EQ(Begin().intents.size(), 1u);
  now_ += absl::Seconds(5);
  EXPECT_TRUE(Begin().intents.empty());
  now_ += absl::Seconds(2);
  EXPECT_EQ(Begin().intents.size(), 1u);
}

TEST_F(LimitWorkTest, AnotherAttemptOfTheSameMessageWaitsForItsOwnTimeOnly) {
  NewCampaign(1);
  for (int attempt = 1; attempt <= 3; ++attempt) {
    const IntentBatch batch = Begin();
    ASSERT_EQ(batch.intents.size(), 1u) << attempt;
    EXPECT_EQ(batch.intents[0].message.progress.attempt, attempt);
    SendReport refused = Refused(batch.intents[0], 131000);
    refused.jitter = 0.5;
    ASSERT_THAT(Record({refused}, now_), IsOk());
    now_ += absl::Seconds(1 << (attempt - 1));
  }
}

TEST_F(LimitWorkTest, ReachIsHeldForADayAndItsLastFiftiethIsTransactional) {
  SetReach(50, sender_);
  const Campaign c = NewCampaign(60);
  EXPECT_EQ(Begin().intents.size(), 49u);
  const IntentBatch spent = Begin();
  EXPECT_TRUE(spent.intents.empty());
  EXPECT_FALSE(spent.more);
  EXPECT_EQ(spent.next_due, now_ + kReachSlot) << "waits for the oldest slot";
  EXPECT_EQ(Counts(c).of(RecipientState::kQueued), 11) << "waiting is not failing";
  QueueTemplate(people_[58]);
  const Message waiting = QueueTemplate(people_[59]);
  EXPECT_EQ(Begin().intents.size(), 1u);
  EXPECT_EQ(ReachUsed(), 50);
  EXPECT_EQ(Read(waiting).due_at, now_ + kReachSlot);
  EXPECT_EQ(Read(waiting).state(), MessageState::kQueued);
  now_ += kReachSlot + absl::Seconds(1);
  EXPECT_EQ(Begin().intents.size(), 11u) << "the one that waited goes before the campaign's message to the same person";
  EXPECT_EQ(ReachUsed(), 11) << "slots that ran out are free";
}

TEST_F(LimitWorkTest, WhoeverWroteTakesNoReach) {
  SetReach(50, sender_);
  NewCampaign(3);
  for (const Contact& contact : people_) OpenWindow(contact);
  EXPECT_EQ(Begin().intents.size(), 3u);
  EXPECT_EQ(ReachUsed(), 0);
}

TEST_F(LimitWorkTest, ARefusalGivesTheSlotBackAndDoubtDoesNot) {
  SetReach(50, sender_);
  NewCampaign(3);
  const std::vector<Intent> intents = Begin().intents;
  ASSERT_EQ(intents.size(), 3u);
  EXPECT_EQ(ReachUsed(), 3);
  ASSERT_THAT(Record({Refused(intents[0], 131026),
                      {intents[1].message.id, 1, {.result = SendResult::kAmbiguous}},
                      Accepted(intents[2])},
                     now_),
              IsOk());
  EXPECT_EQ(ReachUsed(), 2);
  // A second message in a slot that was used: its refusal leaves what the first one holds.
  now_ += absl::Minutes(1);
  QueueTemplate(people_[2]);
  const IntentBatch again = Begin();
  ASSERT_EQ(again.intents.size(), 1u);
  ASSERT_THAT(Record({Refused(again.intents[0], 131026)}, now_), IsOk());
  EXPECT_EQ(ReachUsed(), 2);
}

TEST_F(LimitWorkTest, SendersOfAPortfolioShareItsReach) {
  const Uuid other = AddNeighbour();
  ASSERT_THAT(Write([&](sql::Transaction& tx) {
                return ChannelRepository::ClaimDispatcher(tx, other, "one", now_, now_ + absl::Seconds(15)).status();
              }),
              IsOk());
  SetReach(50, sender_);
  SetReach(50, other);
  NewCampaign(30);
  EXPECT_EQ(Begin().intents.size(), 30u);
  Campaign second = NewCampaign(30);
  ASSERT_THAT(Write([&](sql::Transaction& tx) -> absl::Status {
                ASSIGN_OR_RETURN(std::vector<Campaign> running, CampaignRepository::Running(tx, sender_));
                for (Campaign& c : running) {
                  c.state = CampaignState::kPaused;
                  RETURN_IF_ERROR(CampaignRepository::Update(tx, c));
                }
                return absl::OkStatus();
              }),
              IsOk());
  for (int i = 30; i < 60; ++i) {
    Message m{.id = Uuid::New(now_),
              .contact_id = people_[i].id,
              .sender_id = other,
              .due_at = now_,
              .expire_at = now_ + absl::Hours(1),
              .content = TemplateContent{"aviso", "es", {{"body.1", "Ana"}}},
              .version = 1,
              .category = Category::kUtility,
              .created_at = now_};
    ASSERT_THAT(Write([&](sql::Transaction& tx) { return MessageRepository::Insert(tx, m); }), IsOk());
  }
  const IntentRequest request{.sender_id = other, .token = 1, .now = now_, .limit = 64, .bulk_limit = 64};
  auto batch = Write([&](sql::Transaction& tx) { return CommitIntents(tx, contacts_, request); });
  ASSERT_THAT(batch, IsOk());
  EXPECT_EQ(batch->intents.size(), 20u);
}

TEST_F(LimitWorkTest, InboundMessagesOfTheLastSecondAreCounted) {
  const auto inbound = [&](absl::Time at) {
    return Write([&](sql::Transaction& tx) { return LimitRepository::InboundOfLastSecond(tx, sender_, at); });
  };
  for (int i = 0; i < 20; ++i) {
    ASSERT_THAT(Write([&](sql::Transaction& tx) {
                  return LimitRepository::CountInbound(tx, sender_, 2, now_ + absl::Milliseconds(100) * i);
                }),
                IsOk());
  }
  EXPECT_THAT(inbound(now_ + absl::Milliseconds(1900)), IsOkAndHolds(testing::AllOf(testing::Ge(20), testing::Le(24))));
  EXPECT_THAT(inbound(now_ + absl::Seconds(4)), IsOkAndHolds(0));
}

}  // namespace
}  // namespace vinculo::messaging
