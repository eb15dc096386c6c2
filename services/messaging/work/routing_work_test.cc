// The edges of routing and of statuses over the store.
#include <gmock/gmock.h>

#include "services/messaging/store/inbound_repository.h"
#include "services/messaging/work/work_rig.h"

namespace vinculo::messaging {
namespace {

using ::vinculo::test::IsOk;
using ::vinculo::test::IsOkAndHolds;

class RoutingWorkTest : public WorkRig {
 protected:
  ReplyRoute LastRoute(const Contact& of) {
    const auto events =
        *Write([&](sql::Transaction& tx) { return InboundRepository::ListByContact(tx, of.id, std::nullopt, 1); });
    return events.empty() ? ReplyRoute() : events[0].to;
  }
  void Hold(const Contact& of, const std::string& ref, absl::Time at) {
    const vinculo::messaging::Hold hold{{Route::kProfiling, ref}, at + absl::Hours(24), at};
    ASSERT_THAT(Write([&](sql::Transaction& tx) { return WindowRepository::SetHold(tx, sender_, of.id, hold); }),
                IsOk());
  }
  void Clear(const Contact& of, const std::string& ref) {
    ASSERT_THAT(Write([&](sql::Transaction& tx) { return WindowRepository::ClearHold(tx, sender_, of.id, ref); }),
                IsOk());
  }
};

TEST_F(RoutingWorkTest, ClearingAnEndedFlowLeavesTheHoldOfTheNext) {
  NewCampaign(1);
  Hold(people_[0], "session-1", kNow);
  Hold(people_[0], "session-2", kNow + absl::Seconds(5));
  Clear(people_[0], "session-1");
  ASSERT_THAT(Inbound(people_[0], "mi respuesta"), IsOk());
  EXPECT_EQ(LastRoute(people_[0]).ref, "session-2");
  Hold(people_[0], "session-0", kNow + absl::Seconds(1));
  ASSERT_THAT(Inbound(people_[0], "otra"), IsOk());
  EXPECT_EQ(LastRoute(people_[0]).ref, "session-2") << "an older hold that arrives late changes nothing";
  Clear(people_[0], "session-2");
  ASSERT_THAT(Inbound(people_[0], "y otra"), IsOk());
  EXPECT_EQ(LastRoute(people_[0]).route, Route::kSupport);
}

TEST_F(RoutingWorkTest, AnEditGoesWhereTheMessageWentWhateverWhatsAppToldBetween) {
  NewCampaign(1);
  Hold(people_[0], "session-1", kNow);
  ASSERT_THAT(Inbound(people_[0], "mi respuesta"), IsOk());
  int second = 20;
  const auto tell = [&](InboundKind kind) {
    InboundItem item{.wamid = absl::StrCat("in.told.", ++second),
                     .wa_id = people_[0].phone.substr(1),
                     .at = kNow + absl::Seconds(second)};
    item.content = {.kind = kind, .type = "x"};
    EXPECT_THAT(ApplyOne(item, item.at), IsOkAndHolds(ItemResult::kApplied));
    return LastRoute(people_[0]);
  };
  for (const InboundKind kind : {InboundKind::kSystem, InboundKind::kOther}) {
    EXPECT_EQ(tell(kind).route, Route::kNone);
    EXPECT_EQ(tell(InboundKind::kChange), (ReplyRoute{Route::kProfiling, "session-1"}));
  }
}

TEST_F(RoutingWorkTest, AnOptOutWordInsideAFlowTakesEffectAndStillReachesTheFlow) {
  NewCampaign(1);
  Hold(people_[0], "session-1", kNow);
  ASSERT_THAT(Inbound(people_[0], "Baja"), IsOk());
  EXPECT_EQ(LastRoute(people_[0]).ref, "session-1");
  const auto contact = Write([&](sql::Transaction& tx) { return contacts_.Get(tx, people_[0].id); });
  EXPECT_FALSE(contact->marketing_allowed());
}

TEST_F(RoutingWorkTest, AKeywordEqualToAnOptOutWordRoutesAndOptsOut) {
  NewCampaign(1);
  const RoutingRule rule{.id = "baja", .keywords = {"baja"}, .reply_route = {Route::kProfiling, "goodbye-flow"}};
  ASSERT_THAT(Write([&](sql::Transaction& tx) { return InboundRepository::PutRule(tx, rule); }), IsOk());
  ASSERT_THAT(Inbound(people_[0], "BAJA"), IsOk());
  EXPECT_EQ(LastRoute(people_[0]).ref, "goodbye-flow");
  const auto contact = Write([&](sql::Transaction& tx) { return contacts_.Get(tx, people_[0].id); });
  EXPECT_FALSE(contact->marketing_allowed());
}

TEST_F(RoutingWorkTest, AButtonOfLastYearsCampaignIsCreditedToIt) {
  const Campaign old = NewCampaign(1);
  const Intent intent = Commit()->intents[0];
  ASSERT_THAT(Record({Accepted(intent)}), IsOk());
  InboundItem tap{.wamid = "in.tap",
                  .wa_id = people_[0].phone.substr(1),
                  .names_wamid = absl::StrCat("wamid.", intent.message.id.ToString()),
                  .at = kNow + absl::Hours(24 * 365)};
  tap.content = {.kind = InboundKind::kTemplateButton, .type = "button", .text = "Quiero", .reply_id = "si"};
  ASSERT_THAT(ApplyOne(tap, tap.at), IsOkAndHolds(ItemResult::kApplied));
  EXPECT_EQ(Counts(old).of(RecipientState::kReplierDirect), 1);
}

TEST_F(RoutingWorkTest, OfTwoCampaignsInADayTheNewerIsAnswered) {
  const Campaign first = NewCampaign(1);
  ASSERT_THAT(Record({Accepted(Commit()->intents[0])}), IsOk());
  const Contact person = people_[0];
  const Campaign second = NewCampaign(1);
  ASSERT_THAT(Write([&](sql::Transaction& tx) -> absl::Status {
                CountDeltas deltas;
                RETURN_IF_ERROR(CampaignRepository::InsertRecipient(tx, QueuedRow(second.id, person.id)));
                deltas.Add(second.id, RecipientState::kQueued, "", 1);
                return deltas.Flush(tx);
              }),
              IsOk());
  const absl::Time later = kNow + absl::Minutes(10);
  const auto batch = Commit(1, 64, later);
  ASSERT_THAT(batch, IsOk());
  std::vector<SendReport> reports;
  for (const Intent& i : batch->intents) reports.push_back(Accepted(i));
  ASSERT_THAT(Record(reports, later), IsOk());
  InboundItem answer{.wamid = "in.1", .wa_id = person.phone.substr(1), .at = later + absl::Minutes(5)};
  answer.content = {.kind = InboundKind::kText, .type = "text", .text = "hola"};
  ASSERT_THAT(ApplyOne(answer, answer.at), IsOkAndHolds(ItemResult::kApplied));
  EXPECT_EQ(Counts(first).of(RecipientState::kReplierInferred), 0);
  EXPECT_EQ(Counts(second).of(RecipientState::kReplierInferred), 1) << "never to two";
}

TEST_F(RoutingWorkTest, TheSameStatusAHundredTimesIsOneChange) {
  const Campaign c = NewCampaign(1);
  const Intent intent = Commit()->intents[0];
  ASSERT_THAT(Record({Accepted(intent)}), IsOk());
  for (int i = 0; i < 100; ++i) {
    ASSERT_THAT(Status(intent.message, ReportedStatus::kDelivered, 3),
                IsOkAndHolds(i == 0 ? ItemResult::kApplied : ItemResult::kDuplicate));
  }
  const std::vector<std::string> types = EventTypes();
  EXPECT_EQ(std::count(types.begin(), types.end(), "message.delivered"), 1);
  EXPECT_EQ(Counts(c).of(RecipientState::kDelivered), 1);
}

TEST_F(RoutingWorkTest, AResendIsDroppedOnceTheFirstAttemptProvesSent) {
  NewCampaign(1);
  ASSERT_THAT(Inbound(people_[0], "hola"), IsOk());
  Message m{.id = Uuid::New(kNow),
            .contact_id = people_[0].id,
            .sender_id = sender_,
            .due_at = kNow,
            .expire_at = kNow + absl::Hours(24),
            .resend = ResendPolicy::kOnceIfUnknown,
            .content = TextContent{"Hola"},
            .created_at = kNow};
  ASSERT_THAT(Write([&](sql::Transaction& tx) { return MessageRepository::Insert(tx, m); }), IsOk());
  const Intent intent = Commit()->intents[0];
  ASSERT_THAT(Record({{intent.message.id, 1, {.result = SendResult::kAmbiguous}}}), IsOk());
  const absl::Time later = kNow + absl::Minutes(11);
  ASSERT_THAT(Write([&](sql::Transaction& tx) { return SettleUnknown(tx, sender_, later); }), IsOk());
  ASSERT_THAT(Status(intent.message, ReportedStatus::kSent, 2), IsOkAndHolds(ItemResult::kApplied));
  const absl::StatusOr<IntentBatch> next = Commit(1, 64, later + absl::Minutes(1));
  ASSERT_THAT(next, IsOk());
  for (const Intent& i : next->intents) EXPECT_NE(i.message.id, m.id);
}

}  // namespace
}  // namespace vinculo::messaging
