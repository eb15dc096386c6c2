#include "services/messaging/settle.h"
#include "services/messaging/store/cost_repository.h"
#include "services/messaging/store/policy_repository.h"
#include "services/messaging/work/work_rig.h"

namespace vinculo::messaging {
namespace {

using ::vinculo::test::IsOk;

// WhatsApp changes the category of a template while messages of it wait: they are judged, reserved and counted by what
// it is when they go out [M-27].
class CategoryTest : public WorkRig {
 protected:
  void Become(Category category) {
    const TranslationKey key{channel_, "promo", "es"};
    const absl::Time at = kNow + absl::Seconds(++changes_);
    ASSERT_THAT(Write([&](sql::Transaction& tx) {
                  return ApplyVerdict(tx, key, {.category = category, .at = at}, at).status();
                }),
                IsOk());
  }
  Campaign Read(const Campaign& c) {
    return *Write([&](sql::Transaction& tx) { return CampaignRepository::Get(tx, c.id); });
  }
  // As ResumeCampaign does.
  void Resume(const Campaign& c) {
    Campaign is = Read(c);
    EXPECT_EQ(is.pause_reason, "TEMPLATE_CATEGORY");
    is.state = CampaignState::kRunning;
    ASSERT_THAT(Write([&](sql::Transaction& tx) { return CampaignRepository::Update(tx, is); }), IsOk());
  }
  void SetPolicy(Policy policy) {
    ASSERT_THAT(Write([&](sql::Transaction& tx) { return PolicyRepository::Put(tx, policy, kNow); }), IsOk());
  }
  // At any hour, with at most so many marketing messages a week.
  static Policy Capped(int cap) {
    Policy p;
    p.allowed_hours.fill({{0, 24 * 3600}});
    p.frequency_cap = cap;
    return p;
  }
  void Decide(Contact& who, Decision marketing) {
    who.marketing = marketing;
    ASSERT_THAT(Write([&](sql::Transaction& tx) { return contacts_.SetPermissions(tx, who); }), IsOk());
  }
  Recipient Row(const Campaign& c, const Contact& who) {
    return **Write([&](sql::Transaction& tx) { return CampaignRepository::FindRecipient(tx, c.id, who.id); });
  }
  Message Get(const Uuid& id) {
    return *Write([&](sql::Transaction& tx) { return MessageRepository::Get(tx, id); });
  }
  CostShares Costs(const Campaign& c) {
    auto kept = Write([&](sql::Transaction& tx) { return CostRepository::OfCampaign(tx, c.id); });
    auto actual = Write([&](sql::Transaction& tx) { return CostRepository::Recount(tx, c.id); });
    EXPECT_EQ(*kept, *actual) << "counters equal the rows";
    return *kept;
  }
  // A message of SendMessage as it was accepted under `category`.
  Message Queue(const Contact& to, Category category) {
    Message m{.id = Uuid::New(kNow),
              .contact_id = to.id,
              .sender_id = sender_,
              .due_at = kNow,
              .expire_at = kNow + absl::Hours(24),
              .resend = category == Category::kMarketing ? ResendPolicy::kNever : ResendPolicy::kOnceIfUnknown,
              .content = TemplateContent{"promo", "es", {{"body.1", "Ana"}}},
              .version = 1,
              .category = category,
              .created_at = kNow};
    m.lane = LaneOf(m.content, category);
    EXPECT_THAT(Write([&](sql::Transaction& tx) { return MessageRepository::Insert(tx, m); }), IsOk());
    return m;
  }
  void PutRate(const char* category, int64_t micros) {
    ASSERT_THAT(
        Write([&](sql::Transaction& tx) {
          return CostRepository::PutRate(tx, {"AR", category, absl::CivilDay(2025, 1, 1), std::nullopt, "USD", micros});
        }),
        IsOk());
  }

  int changes_ = 0;
};

TEST_F(CategoryTest, RowsOfACampaignNeedWhatMarketingNeedsOnceItIs) {
  Become(Category::kUtility);
  const Campaign c = NewCampaign(2);
  Decide(people_[0], Decision::kNone);
  SetPolicy(Policy());  // kNow is 05:53 in Argentina
  Become(Category::kMarketing);
  EXPECT_TRUE(Commit()->intents.empty()) << "it pauses first";
  Resume(c);
  EXPECT_TRUE(Commit()->intents.empty());
  EXPECT_EQ(Row(c, people_[0]).reason, "NO_CONSENT");
  const absl::Time nine = absl::FromCivil(absl::CivilHour(2025, 10, 9, 12), absl::UTCTimeZone());
  EXPECT_EQ(Row(c, people_[1]).not_before, nine) << "it waits for the allowed hours";
}

TEST_F(CategoryTest, RowsOfACampaignNeedNoMoreThanUtilityOnceItIs) {
  const Campaign c = NewCampaign(2);
  Decide(people_[0], Decision::kRevoked);
  SetPolicy(Policy());
  Become(Category::kUtility);
  const IntentBatch batch = *Commit();
  ASSERT_EQ(batch.intents.size(), 2u) << "neither consent to marketing nor its hours";
  EXPECT_EQ(Get(batch.intents[0].message.id).category, Category::kUtility);
}

TEST_F(CategoryTest, AnotherAttemptReservesTheRateOfTheNewCategory) {
  PutRate("UTILITY", 10'000);
  PutRate("MARKETING", 60'000);
  Become(Category::kUtility);
  Campaign c = NewCampaign(2);
  c.guards.max_cost = MaxCost{"USD", 100'000};
  ASSERT_THAT(Write([&](sql::Transaction& tx) { return CampaignRepository::Rewrite(tx, c); }), IsOk());
  const std::vector<Intent> first = Commit()->intents;
  ASSERT_EQ(first.size(), 2u);
  ASSERT_THAT(Record({Refused(first[0], 130429), Refused(first[1], 130429)}), IsOk());
  EXPECT_EQ(UsedOf(Costs(c), "USD"), 20'000);
  Become(Category::kMarketing);
  Resume(c);
  const IntentBatch again = *Commit(1, 64, kNow + absl::Minutes(2));
  ASSERT_EQ(again.intents.size(), 1u) << "two at 0.06 would pass the maximal cost of 0.10";
  EXPECT_EQ(Read(c).pause_reason, "BUDGET");
  EXPECT_EQ(UsedOf(Costs(c), "USD"), 70'000) << "one anew, the other keeps what it has";
  EXPECT_EQ(Get(again.intents[0].message.id).category, Category::kMarketing);
}

TEST_F(CategoryTest, AnotherAttemptThatIsTooDearPausesAndKeepsWhatItHas) {
  PutRate("UTILITY", 10'000);
  Become(Category::kUtility);
  Campaign c = NewCampaign(1);
  c.guards.max_cost = MaxCost{"USD", 15'000};
  ASSERT_THAT(Write([&](sql::Transaction& tx) { return CampaignRepository::Rewrite(tx, c); }), IsOk());
  ASSERT_THAT(Record({Refused(Commit()->intents.at(0), 130429)}), IsOk());
  PutRate("MARKETING", 16'000);
  Become(Category::kMarketing);
  Resume(c);
  EXPECT_TRUE(Commit(1, 64, kNow + absl::Minutes(2))->intents.empty());
  EXPECT_EQ(Read(c).pause_reason, "BUDGET");
  EXPECT_EQ(UsedOf(Costs(c), "USD"), 10'000);
}

TEST_F(CategoryTest, TheFrequencyCapCountsAnotherAttemptOnceItIsMarketing) {
  SetPolicy(Capped(1));
  Become(Category::kUtility);
  const Campaign c = NewCampaign(2);
  const std::vector<Intent> first = Commit()->intents;
  ASSERT_EQ(first.size(), 2u);
  ASSERT_THAT(Record({Refused(first[0], 130429), Refused(first[1], 130429)}), IsOk());
  const Uuid capped = first[0].message.contact_id;
  ASSERT_THAT(Write([&](sql::Transaction& tx) {
                Contact counted;
                counted.id = capped;
                NoteMarketing(counted, absl::Hours(24 * 7), kNow);
                return contacts_.SetRecentMarketing(tx, counted);
              }),
              IsOk());
  Become(Category::kMarketing);
  Resume(c);
  const absl::Time later = kNow + absl::Minutes(2);
  const IntentBatch again = *Commit(1, 64, later);
  ASSERT_EQ(again.intents.size(), 1u);
  EXPECT_NE(again.intents[0].message.contact_id, capped);
  EXPECT_EQ(Counts(c).of(RecipientState::kSkipped), 1);
  const auto recent = [&] {
    const Contact who = *Write([&](sql::Transaction& tx) { return contacts_.Get(tx, first[1].message.contact_id); });
    return MarketingWithin(who, absl::Hours(24), later);
  };
  EXPECT_EQ(recent(), 1) << "counted when it began as marketing";
  // It becomes utility again while it waits: what goes out then takes no place.
  SendReport refused = Refused(again.intents[0], 130429);
  ASSERT_THAT(Record({refused}, later), IsOk());
  Become(Category::kUtility);
  ASSERT_EQ(Commit(1, 64, later + absl::Minutes(2))->intents.size(), 1u);
  EXPECT_EQ(recent(), 0);
}

TEST_F(CategoryTest, AQueuedNotificationNeedsWhatMarketingNeedsOnceItIs) {
  NewCampaign(2);
  Decide(people_[0], Decision::kNone);
  Become(Category::kUtility);
  const Message refused = Queue(people_[0], Category::kUtility), taken = Queue(people_[1], Category::kUtility);
  Become(Category::kMarketing);
  const IntentBatch batch = *Commit();
  ASSERT_EQ(batch.intents.size(), 1u);
  EXPECT_EQ(batch.intents[0].message.id, taken.id);
  const Message is = Get(taken.id);
  EXPECT_EQ(is.category, Category::kMarketing);
  EXPECT_EQ(is.lane, Lane::kBulk) << "marketing leaves the transactional lane";
  EXPECT_EQ(is.resend, ResendPolicy::kNever) << "and is never repeated in doubt";
  EXPECT_EQ(Get(refused.id).progress.error_reason, "NO_CONSENT");
}

TEST_F(CategoryTest, AQueuedNotificationIsTransactionalOnceItIsUtility) {
  NewCampaign(1);
  const Message m = Queue(people_[0], Category::kMarketing);
  SetPolicy(Policy());
  Become(Category::kUtility);
  const IntentBatch moved = *Commit(1, 1);
  EXPECT_TRUE(moved.intents.empty() || moved.intents[0].message.id != m.id) << "its lane goes first, the next time";
  EXPECT_TRUE(moved.more) << "which is at once";
  const IntentBatch batch = *Commit(1, 1);
  ASSERT_EQ(batch.intents.size(), 1u);
  EXPECT_EQ(batch.intents[0].message.id, m.id);
  EXPECT_EQ(Get(m.id).lane, Lane::kTransactional);
  EXPECT_EQ(Get(m.id).category, Category::kUtility);
}

TEST_F(CategoryTest, TheFrequencyCapCountsANotificationThatBecameMarketingBetweenTwoAttempts) {
  SetPolicy(Capped(1));
  Become(Category::kUtility);
  const Campaign c = NewCampaign(1);
  ASSERT_THAT(Write([&](sql::Transaction& tx) { return AutoPause(tx, c.id, "FAILURES", kNow); }), IsOk());
  const Message first = Queue(people_[0], Category::kUtility);
  ASSERT_THAT(Record({Refused(Commit()->intents.at(0), 130429)}), IsOk());
  Become(Category::kMarketing);
  const absl::Time later = kNow + absl::Minutes(2);
  for (int turn = 0; turn < 2; ++turn) ASSERT_THAT(Commit(1, 64, later), IsOk());
  ASSERT_EQ(Get(first.id).state(), MessageState::kSending);
  EXPECT_EQ(Get(first.id).category, Category::kMarketing);
  const Message second = Queue(people_[0], Category::kMarketing);
  ASSERT_THAT(Commit(1, 64, later), IsOk());
  EXPECT_EQ(Get(second.id).progress.error_reason, "FREQUENCY_CAP");
}

TEST_F(CategoryTest, AnOptOutSkipsWhatIsMarketingNow) {
  Become(Category::kUtility);
  const Campaign c = NewCampaign(1);
  const Contact person = people_[0];
  ASSERT_THAT(Inbound(person, "BAJA"), IsOk());
  EXPECT_EQ(Row(c, person).state, RecipientState::kQueued) << "frozen as marketing, utility by now";
  ASSERT_THAT(Inbound(person, "ALTA"), IsOk());
  Become(Category::kMarketing);
  ASSERT_THAT(Inbound(person, "BAJA"), IsOk());
  EXPECT_EQ(Row(c, person).reason, "OPTED_OUT");
}

}  // namespace
}  // namespace vinculo::messaging
