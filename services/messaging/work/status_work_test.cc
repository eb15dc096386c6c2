// What statuses do to their message and beyond it, whatever comes first: on both engines.
#include <gmock/gmock.h>

#include "services/messaging/erasure.h"
#include "services/messaging/sender_state.h"
#include "services/messaging/settle.h"
#include "services/messaging/store/cost_repository.h"
#include "services/messaging/work/work_rig.h"

namespace vinculo::messaging {
namespace {

using ::vinculo::test::IsOk;
using ::vinculo::test::IsOkAndHolds;

class StatusWorkTest : public WorkRig {
 protected:
  Message Read(const Uuid& id) {
    return *Write([&](sql::Transaction& tx) { return MessageRepository::Get(tx, id); });
  }
  Contact Person(int i = 0) {
    return *Write([&](sql::Transaction& tx) { return contacts_.Get(tx, people_.at(static_cast<size_t>(i)).id); });
  }
  static std::string WamidOf(const Message& m) { return absl::StrCat("wamid.", m.id.ToString()); }
  // As WhatsApp writes it where it leaves out what we gave it to send back.
  static StatusItem Nameless(const Message& m, ReportedStatus status, int at, int code = 0) {
    StatusItem item{.wamid = WamidOf(m)};
    item.report = {status, kNow + absl::Seconds(at), 0, code};
    return item;
  }
  // A message of SendMessage as it was accepted.
  Message Queue(const Contact& to, Content content, Category category = Category::kUnspecified,
                std::optional<TemplateContent> fallback = std::nullopt) {
    Message m{.id = Uuid::New(kNow),
              .contact_id = to.id,
              .sender_id = sender_,
              .lane = LaneOf(content, category),
              .due_at = kNow,
              .expire_at = kNow + absl::Hours(24),
              .content = std::move(content),
              .fallback = std::move(fallback),
              .version = 1,
              .category = category,
              .created_at = kNow};
    m.resend = m.lane == Lane::kBulk ? ResendPolicy::kNever : ResendPolicy::kOnceIfUnknown;
    EXPECT_THAT(Write([&](sql::Transaction& tx) { return MessageRepository::Insert(tx, m); }), IsOk());
    return m;
  }
  static TemplateContent Promo() { return {"promo", "es", {{"body.1", "Ana"}}}; }
  static TemplateContent Aviso() { return {"aviso", "es", {{"body.1", "Ana"}}}; }
  absl::StatusOr<ItemResult> Tell(const StatusItem& item) { return ApplyOne(item, kNow + absl::Seconds(20)); }
};

TEST_F(StatusWorkTest, AParkedStatusDoesAllThatItDoesWhenItComesInTime) {
  const Campaign c = NewCampaign(4);
  const std::vector<Intent> intents = Commit()->intents;
  ASSERT_EQ(intents.size(), 4u);
  const auto message = [&](size_t i) -> const Message& { return intents[i].message; };
  StatusItem priced = Nameless(message(2), ReportedStatus::kDelivered, 4);
  priced.has_pricing = true;
  priced.billing_category = "marketing_lite";
  priced.billable = true;
  for (const StatusItem& item : {Nameless(message(0), ReportedStatus::kFailed, 3, 131050),
                                 Nameless(message(1), ReportedStatus::kFailed, 3, 131049), priced,
                                 Nameless(message(3), ReportedStatus::kFailed, 3, 131000)})
    ASSERT_THAT(Tell(item), IsOkAndHolds(ItemResult::kParked));
  std::vector<SendReport> answers;
  for (const Intent& i : intents) answers.push_back(Accepted(i));
  ASSERT_THAT(Record(answers), IsOk());
  EXPECT_FALSE(Person(0).marketing_allowed()) << "opted out";
  EXPECT_THAT(EventTypes(), testing::Contains("contact.opted_out").Times(1));
  const Message next = Queue(people_[1], Promo(), Category::kMarketing);
  ASSERT_THAT(Commit(1, 64, kNow + absl::Hours(23)), IsOk());
  EXPECT_EQ(Read(next.id).progress.error_reason, "PROVIDER_CAP") << "no marketing for a day";
  EXPECT_EQ(Read(message(2).id).billing_category, "MARKETING_LITE");
  EXPECT_EQ(Read(message(2).id).billable, true);
  EXPECT_EQ(Counts(c).failed_later, 3);
  ASSERT_THAT(Tell(Nameless(message(0), ReportedStatus::kFailed, 3, 131050)), IsOkAndHolds(ItemResult::kDuplicate));
}

TEST_F(StatusWorkTest, DaysWithoutDeliveryCountWhenTheirStatusWasParked) {
  NewCampaign(1);
  for (int day = 0; day < 3; ++day) {
    const Message m = Queue(people_[0], Aviso(), Category::kUtility);
    const Intent intent = Commit(1, 1, kNow)->intents.at(0);
    ASSERT_EQ(intent.message.id, m.id);
    ASSERT_THAT(Tell(Nameless(m, ReportedStatus::kFailed, day * 24 * 3600, 131026)), IsOkAndHolds(ItemResult::kParked));
    ASSERT_THAT(Record({Accepted(intent)}), IsOk());
  }
  EXPECT_TRUE(Person().suppressed & kSuppressedUnreachable);
}

TEST_F(StatusWorkTest, AStatusThatNamesAMessageBringsItsParkedOnesAlong) {
  const Campaign c = NewCampaign(1);
  const Message m = Commit()->intents.at(0).message;
  StatusItem priced = Nameless(m, ReportedStatus::kDelivered, 4);
  priced.has_pricing = true;
  priced.billing_category = "marketing";
  ASSERT_THAT(Tell(priced), IsOkAndHolds(ItemResult::kParked));
  ASSERT_THAT(Record({{m.id, 1, {.result = SendResult::kAmbiguous}}}), IsOk());
  ASSERT_THAT(Status(m, ReportedStatus::kSent, 3), IsOkAndHolds(ItemResult::kApplied));
  EXPECT_EQ(Read(m.id).wamid, WamidOf(m));
  EXPECT_EQ(Read(m.id).state(), MessageState::kDelivered) << "no answer will ever bring it";
  EXPECT_EQ(Read(m.id).billing_category, "MARKETING");
  EXPECT_EQ(Counts(c).of(RecipientState::kDelivered), 1);
  EXPECT_THAT(EventTypes(), testing::Contains("message.delivered").Times(1));
}

TEST_F(StatusWorkTest, AnEchoTakesThePriceOfItsParkedStatus) {
  NewCampaign(1);
  StatusItem early{.wamid = "wamid.phone"};
  early.report = {ReportedStatus::kDelivered, kNow + absl::Seconds(3), 0, 0};
  early.has_pricing = true;
  early.billing_category = "service";
  early.billable = false;
  ASSERT_THAT(Tell(early), IsOkAndHolds(ItemResult::kParked));
  EchoItem echo{.wamid = "wamid.phone", .to_wa_id = people_[0].phone.substr(1), .at = kNow};
  echo.content = {.kind = InboundKind::kText, .type = "text", .text = "hola"};
  ASSERT_THAT(ApplyOne(echo, kNow), IsOk());
  const auto m = Write([](sql::Transaction& tx) { return MessageRepository::FindByWamid(tx, "wamid.phone"); });
  ASSERT_TRUE(m->has_value());
  EXPECT_EQ((*m)->state(), MessageState::kDelivered);
  EXPECT_EQ((*m)->billing_category, "SERVICE");
  EXPECT_EQ((*m)->price, 0);
}

TEST_F(StatusWorkTest, APriceIsTheSameWhateverEachStatusLeavesOut) {
  ASSERT_THAT(Write([&](sql::Transaction& tx) {
                return CostRepository::PutRate(
                    tx, {"AR", "MARKETING", absl::CivilDay(2025, 1, 1), std::nullopt, "USD", 60'000});
              }),
              IsOk());
  using Told = std::pair<std::string, std::optional<bool>>;
  const std::vector<std::pair<std::vector<Told>, int64_t>> cases{
      {{{"marketing", true}, {"marketing", std::nullopt}}, 60'000},
      {{{"marketing", false}, {"", std::nullopt}}, 0},
      {{{"marketing", std::nullopt}, {"", false}}, 0},
      {{{"marketing", true}, {"", false}}, 60'000}};
  for (const auto& [told, price] : cases) {
    for (const bool turned : {false, true}) {
      const Campaign c = NewCampaign(1);
      const Intent intent = Commit()->intents.at(0);
      ASSERT_THAT(Record({Accepted(intent)}), IsOk());
      for (const int i : {0, 1}) {
        const auto& [category, billable] = told[static_cast<size_t>(turned ? 1 - i : i)];
        StatusItem item = Nameless(intent.message, i == 0 ? ReportedStatus::kSent : ReportedStatus::kDelivered, 3 + i);
        item.has_pricing = true;
        item.billing_category = category;
        item.billable = billable;
        ASSERT_THAT(Tell(item), IsOkAndHolds(ItemResult::kApplied));
      }
      EXPECT_EQ(Read(intent.message.id).price, price) << turned;
      auto kept = Write([&](sql::Transaction& tx) { return CostRepository::OfCampaign(tx, c.id); });
      auto actual = Write([&](sql::Transaction& tx) { return CostRepository::Recount(tx, c.id); });
      EXPECT_EQ(*kept, *actual);
    }
  }
}

TEST_F(StatusWorkTest, AMarketingFallbackGoesInItsLaneAndOnceOnly) {
  NewCampaign(1);
  const Message m = Queue(people_[0], TextContent{"Hola", false}, Category::kUnspecified, Promo());
  for (int turn = 0; turn < 2; ++turn) ASSERT_THAT(Commit(), IsOk());
  ASSERT_EQ(Read(m.id).state(), MessageState::kSending);
  EXPECT_EQ(Read(m.id).lane, Lane::kBulk);
  EXPECT_EQ(Read(m.id).category, Category::kMarketing);
  ASSERT_THAT(Record({{m.id, 1, {.result = SendResult::kAmbiguous}}}), IsOk());
  const absl::Time later = kNow + absl::Minutes(11);
  ASSERT_THAT(Write([&](sql::Transaction& tx) { return SettleUnknown(tx, sender_, later); }), IsOk());
  EXPECT_EQ(Read(m.id).state(), MessageState::kUnknown) << "marketing is never repeated";
}

TEST_F(StatusWorkTest, AFallbackThatIsMarketingCountsAgainstTheCap) {
  Policy policy;
  policy.allowed_hours.fill({{0, 24 * 3600}});
  policy.frequency_cap = 1;
  ASSERT_THAT(Write([&](sql::Transaction& tx) { return PolicyRepository::Put(tx, policy, kNow); }), IsOk());
  const Campaign people = NewCampaign(2);
  ASSERT_THAT(Write([&](sql::Transaction& tx) { return AutoPause(tx, people.id, "FAILURES", kNow); }), IsOk());
  const auto closed = [&](const Contact& who) {
    EXPECT_THAT(Inbound(who, "hola"), IsOk());
    const Message m = Queue(who, TextContent{"Hola", false}, Category::kUnspecified, Promo());
    EXPECT_THAT(Record({Refused(Commit()->intents.at(0), 131047)}), IsOk());
    EXPECT_EQ(Read(m.id).state(), MessageState::kQueued);
    EXPECT_THAT(Commit(), IsOk());
    return Read(m.id);
  };
  EXPECT_EQ(closed(people_[0]).state(), MessageState::kSending);
  const Message next = Queue(people_[0], Promo(), Category::kMarketing);
  ASSERT_THAT(Commit(), IsOk());
  EXPECT_EQ(Read(next.id).progress.error_reason, "FREQUENCY_CAP") << "the fallback counts";
  Queue(people_[1], Promo(), Category::kMarketing);
  ASSERT_THAT(Record({Accepted(Commit()->intents.at(0))}), IsOk());
  EXPECT_EQ(closed(people_[1]).progress.error_reason, "FREQUENCY_CAP") << "and is counted";
}

// A text inside the window, begun, with a marketing template to fall back on.
class ClosedWindowTest : public StatusWorkTest {
 protected:
  void Begin(std::optional<TemplateContent> fallback = Promo()) {
    const Campaign people = NewCampaign(1);
    ASSERT_THAT(Write([&](sql::Transaction& tx) { return AutoPause(tx, people.id, "FAILURES", kNow); }), IsOk());
    ASSERT_THAT(Inbound(people_[0], "hola"), IsOk());
    id_ = Queue(people_[0], TextContent{"Hola", false}, Category::kUnspecified, std::move(fallback)).id;
    begun_ = *Commit();
    ASSERT_EQ(begun_.intents.size(), 1u);
  }
  const Intent& intent() const { return begun_.intents[0]; }
  // Of the first attempt.
  absl::StatusOr<ItemResult> Failed() { return Status(intent().message, ReportedStatus::kFailed, 4, 131047); }
  absl::StatusOr<ItemResult> NamelessFailed() {
    return Tell(Nameless(intent().message, ReportedStatus::kFailed, 4, 131047));
  }
  Message Now() { return Read(id_); }
  // What goes out now, of those that are the message.
  std::vector<Intent> Next() {
    std::vector<Intent> out;
    for (int turn = 0; turn < 2; ++turn) {
      const IntentBatch batch = *Commit(1, 64, kNow + absl::Seconds(200));
      out.insert(out.end(), batch.intents.begin(), batch.intents.end());
    }
    return out;
  }
  void ExpectFallbackWaits() {
    const Message m = Now();
    EXPECT_EQ(m.state(), MessageState::kQueued);
    EXPECT_TRUE(std::holds_alternative<TemplateContent>(m.content)) << "as the same message";
    EXPECT_EQ(m.lane, Lane::kBulk);
  }

  Uuid id_;
  IntentBatch begun_;
};

TEST_F(ClosedWindowTest, AStatusThatTellsItSendsTheFallbackOnce) {
  Begin();
  ASSERT_THAT(Record({Accepted(intent())}), IsOk());
  ASSERT_THAT(Status(intent().message, ReportedStatus::kSent, 3), IsOk());
  ASSERT_THAT(Failed(), IsOkAndHolds(ItemResult::kApplied));
  ExpectFallbackWaits();
  EXPECT_THAT(Failed(), IsOkAndHolds(ItemResult::kDuplicate));
  EXPECT_THAT(NamelessFailed(), IsOkAndHolds(ItemResult::kDuplicate));
  EXPECT_THAT(Status(intent().message, ReportedStatus::kSent, 3), IsOkAndHolds(ItemResult::kDuplicate));
  ExpectFallbackWaits();
  const std::vector<Intent> next = Next();
  ASSERT_EQ(next.size(), 1u);
  EXPECT_EQ(next[0].message.progress.attempt, 2);
  EXPECT_THAT(Failed(), IsOkAndHolds(ItemResult::kDuplicate));
  EXPECT_THAT(NamelessFailed(), IsOkAndHolds(ItemResult::kParked)) << "its wamid names the first attempt";
  EXPECT_EQ(Now().state(), MessageState::kSending);
  SendReport second = Accepted(next[0]);
  second.outcome.wamid = "wamid.second";
  ASSERT_THAT(Record({second}), IsOk());
  EXPECT_THAT(Failed(), IsOkAndHolds(ItemResult::kDuplicate));
  EXPECT_EQ(Now().state(), MessageState::kAccepted);
  EXPECT_TRUE(Next().empty());
  EXPECT_THAT(EventTypes(), testing::Not(testing::Contains("message.failed")));
}

TEST_F(ClosedWindowTest, WhatArrivesAfterAllNeedsNoFallback) {
  for (const bool nameless : {false, true}) {
    Begin();
    ASSERT_THAT(Record({Accepted(intent())}), IsOk());
    ASSERT_THAT(Failed(), IsOkAndHolds(ItemResult::kApplied));
    const StatusItem arrived = Nameless(intent().message, ReportedStatus::kDelivered, 5);
    ASSERT_THAT(nameless ? Tell(arrived) : Status(intent().message, ReportedStatus::kDelivered, 5),
                IsOkAndHolds(ItemResult::kApplied));
    EXPECT_EQ(Now().state(), MessageState::kDelivered);
    EXPECT_TRUE(Next().empty());
    ASSERT_THAT(Failed(), IsOk());
    EXPECT_EQ(Now().state(), MessageState::kDelivered);
    people_.clear();
  }
}

TEST_F(ClosedWindowTest, AnAnswerThatComesAfterItsFailureIsThatOfTheText) {
  Begin();
  ASSERT_THAT(Failed(), IsOkAndHolds(ItemResult::kApplied));
  ASSERT_THAT(Record({Accepted(intent())}), IsOk());
  ExpectFallbackWaits();
  EXPECT_EQ(Next().size(), 1u);
}

TEST_F(ClosedWindowTest, AParkedFailureSendsTheFallbackToo) {
  Begin();
  ASSERT_THAT(NamelessFailed(), IsOkAndHolds(ItemResult::kParked));
  ASSERT_THAT(Record({Accepted(intent())}), IsOk());
  ExpectFallbackWaits();
  EXPECT_EQ(Next().size(), 1u);
}

TEST_F(ClosedWindowTest, WithoutAFallbackItIsWhyTheMessageFailed) {
  Begin(std::nullopt);
  ASSERT_THAT(Record({Accepted(intent())}), IsOk());
  ASSERT_THAT(Failed(), IsOkAndHolds(ItemResult::kApplied));
  EXPECT_EQ(Now().state(), MessageState::kFailed);
  EXPECT_EQ(Now().progress.error_reason, "WINDOW_CLOSED");
  EXPECT_EQ(FailureReason(Now()), "WINDOW_CLOSED");
  EXPECT_THAT(Failed(), IsOkAndHolds(ItemResult::kDuplicate));
}

TEST_F(StatusWorkTest, AFailureOfTheAccountStopsItOnceForEachStatus) {
  const Campaign c = NewCampaign(2);
  const Intent intent = Commit(1, 1)->intents.at(0);
  ASSERT_THAT(Record({Accepted(intent)}), IsOk());
  const auto state = [&] {
    return Write([&](sql::Transaction& tx) { return ChannelRepository::GetSender(tx, sender_); })->state;
  };
  ASSERT_THAT(Status(intent.message, ReportedStatus::kFailed, 4, 131042), IsOkAndHolds(ItemResult::kApplied));
  EXPECT_EQ(state(), SenderState::kBlocked);
  EXPECT_EQ(Write([&](sql::Transaction& tx) { return CampaignRepository::Get(tx, c.id); })->pause_reason,
            "SENDER_BLOCKED");
  ASSERT_THAT(Write([&](sql::Transaction& tx) { return ResumeSending(tx, sender_, kNow); }), IsOk());
  ASSERT_THAT(Status(intent.message, ReportedStatus::kFailed, 4, 131042), IsOkAndHolds(ItemResult::kDuplicate));
  EXPECT_EQ(state(), SenderState::kActive);
}

TEST_F(StatusWorkTest, AFailureOfTheTemplateStopsItAndOneWithoutACodeNothing) {
  const Campaign c = NewCampaign(2);
  const std::vector<Intent> intents = Commit()->intents;
  ASSERT_THAT(Record({Accepted(intents.at(0)), Accepted(intents.at(1))}), IsOk());
  const auto pause = [&] {
    return Write([&](sql::Transaction& tx) { return CampaignRepository::Get(tx, c.id); })->pause_reason;
  };
  ASSERT_THAT(Status(intents[1].message, ReportedStatus::kFailed, 4, 0), IsOkAndHolds(ItemResult::kApplied));
  EXPECT_EQ(pause(), "");
  const auto promo = [&] {
    const auto found = Write([&](sql::Transaction& tx) { return TemplateRepository::Find(tx, channel_, "promo"); });
    return (*found)->Find("es")->Sendable();
  };
  EXPECT_TRUE(promo());
  ASSERT_THAT(Status(intents[0].message, ReportedStatus::kFailed, 4, 132015), IsOkAndHolds(ItemResult::kApplied));
  EXPECT_FALSE(promo());
  EXPECT_EQ(pause(), "TEMPLATE_UNAVAILABLE");
}

TEST_F(StatusWorkTest, AnOptOutAfterAnErasureHoldsForWhoeverHasTheNumber) {
  NewCampaign(1);
  const Intent intent = Commit()->intents.at(0);
  ASSERT_THAT(Record({Accepted(intent)}), IsOk());
  const std::string phone = people_[0].phone;
  ASSERT_THAT(Write([&](sql::Transaction& tx) { return EraseContact(tx, contacts_, people_[0].id, kNow); }), IsOk());
  StatusItem failed = Nameless(intent.message, ReportedStatus::kFailed, 4, 131050);
  failed.callback = CallbackId(intent.message.id.ToString(), 1);
  failed.recipient_wa_id = phone.substr(1);
  ASSERT_THAT(Tell(failed), IsOkAndHolds(ItemResult::kApplied));
  const auto kept =
      Write([&](sql::Transaction& tx) { return contacts_.Suppressions(tx, IdentitiesOf({.phone = phone}), kNow); });
  ASSERT_EQ(kept->size(), 1u);
  EXPECT_EQ((*kept)[0].flag, kSuppressedMarketing);
  EXPECT_THAT(EventTypes(), testing::Not(testing::Contains("contact.opted_out"))) << "nobody is left to have done so";
}

TEST_F(StatusWorkTest, WhatGoesOutAgainAfterABlockKeepsItsPlaceBeforeLaterMessages) {
  const Campaign people = NewCampaign(1);
  ASSERT_THAT(Write([&](sql::Transaction& tx) { return AutoPause(tx, people.id, "FAILURES", kNow); }), IsOk());
  ASSERT_THAT(Inbound(people_[0], "hola"), IsOk());
  const Message first = Queue(people_[0], TextContent{"uno", false});
  const Message second = Queue(people_[0], TextContent{"dos", false});
  const auto next = [&](int at) { return Commit(1, 64, kNow + absl::Seconds(at))->intents.at(0); };
  const Intent refused = next(0);
  ASSERT_EQ(refused.message.id, first.id);
  ASSERT_THAT(Record({Refused(refused, 131037)}), IsOk());
  ASSERT_THAT(Write([&](sql::Transaction& tx) { return ResumeSending(tx, sender_, kNow); }), IsOk());
  const Intent again = next(5);
  ASSERT_EQ(again.message.id, first.id) << "after the block";
  SendReport untried{
      .message_id = first.id, .attempt = 2, .outcome = {.result = SendResult::kNotSent}, .untried = true};
  ASSERT_THAT(Record({untried}, kNow + absl::Seconds(6)), IsOk());
  EXPECT_EQ(next(10).message.id, first.id) << "after a request that was not written";
  EXPECT_EQ(Read(second.id).progress.attempt, 0);
}

}  // namespace
}  // namespace vinculo::messaging
