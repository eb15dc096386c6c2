#include <random>

#include "absl/strings/str_cat.h"
#include "common/status/status_macros.h"
#include "common/testing/status_matchers.h"
#include "services/messaging/consent_act.h"
#include "services/messaging/sender_state.h"
#include "services/messaging/store/channel_repository.h"
#include "services/messaging/store/inbound_repository.h"
#include "services/messaging/store/message_repository.h"
#include "services/messaging/store/template_repository.h"
#include "services/messaging/template_act.h"
#include "services/messaging/work/dispatch_intents.h"
#include "services/messaging/work/holding.h"
#include "services/messaging/work/inbox_apply.h"
#include "services/messaging/work/upkeep.h"
#include "services/messaging/work/webhook_parse.h"
#include "services/messaging/work/work_rig.h"

namespace vinculo::messaging {
namespace {

using ::vinculo::test::IsOk;
using ::vinculo::test::StatusIs;

class WorkTest : public WorkRig {};

TEST_F(WorkTest, AnIntentIsCommittedOnceForEachRecipient) {
  const Campaign c = NewCampaign(3);
  auto first = Commit();
  ASSERT_THAT(first, IsOk());
  ASSERT_EQ(first->intents.size(), 3u);
  EXPECT_EQ(Counts(c).of(RecipientState::kSending), 3);
  auto second = Commit();
  ASSERT_THAT(second, IsOk());
  EXPECT_TRUE(second->intents.empty());
}

TEST_F(WorkTest, NoIntentCommitsAfterAPause) {
  Campaign c = NewCampaign(3);
  ASSERT_THAT(Commit(1, 1), IsOk());
  c.state = CampaignState::kPaused;
  ASSERT_THAT(Write([&](sql::Transaction& tx) { return CampaignRepository::Update(tx, c); }), IsOk());
  EXPECT_TRUE(Commit()->intents.empty());
  c.state = CampaignState::kRunning;
  ASSERT_THAT(Write([&](sql::Transaction& tx) { return CampaignRepository::Update(tx, c); }), IsOk());
  EXPECT_EQ(Commit()->intents.size(), 2u) << "continues without repeating anybody";
}

TEST_F(WorkTest, AnIntentOfAnOldTokenIsRefused) {
  NewCampaign(1);
  ASSERT_THAT(Write([&](sql::Transaction& tx) {
                return ChannelRepository::ClaimDispatcher(tx, sender_, "two", kNow + absl::Seconds(20),
                                                          kNow + absl::Seconds(35));
              }),
              IsOk());
  EXPECT_THAT(Commit(1), StatusIs(absl::StatusCode::kFailedPrecondition, "LEASE_LOST"));
  EXPECT_EQ(Commit(2)->intents.size(), 1u);
}

TEST_F(WorkTest, ANewHolderMakesOrphansUnknownAndNeverResendsMarketing) {
  const Campaign c = NewCampaign(2);
  ASSERT_EQ(Commit()->intents.size(), 2u);
  const absl::Time later = kNow + absl::Seconds(20);
  ASSERT_THAT(Write([&](sql::Transaction& tx) {
                return ChannelRepository::ClaimDispatcher(tx, sender_, "two", later, later + absl::Seconds(15));
              }),
              IsOk());
  EXPECT_THAT(Write([&](sql::Transaction& tx) { return RecoverOrphans(tx, sender_, 2, absl::Minutes(10), later); }),
              vinculo::test::IsOkAndHolds(true));
  EXPECT_THAT(Write([&](sql::Transaction& tx) { return RecoverOrphans(tx, sender_, 2, absl::Minutes(10), later); }),
              vinculo::test::IsOkAndHolds(false));
  EXPECT_EQ(Counts(c).of(RecipientState::kUnknown), 2);
  const absl::Time much_later = later + absl::Minutes(11);
  ASSERT_THAT(Write([&](sql::Transaction& tx) { return SettleUnknown(tx, sender_, much_later); }), IsOk());
  EXPECT_TRUE(Commit(2, 64, much_later)->intents.empty());
  EXPECT_THAT(EventTypes(), testing::Contains("message.unknown").Times(2));
  auto campaign = Write([&](sql::Transaction& tx) { return CampaignRepository::Get(tx, c.id); });
  EXPECT_EQ(campaign->state, CampaignState::kCompleted) << "nobody is waited for any longer";
}

TEST_F(WorkTest, AStatusSettlesAnUnknownMessageHoweverLate) {
  const Campaign c = NewCampaign(1);
  const Message m = Commit()->intents[0].message;
  ASSERT_THAT(Record({{m.id, 1, {.result = SendResult::kAmbiguous}}}), IsOk());
  EXPECT_EQ(Counts(c).of(RecipientState::kUnknown), 1);
  ASSERT_THAT(Status(m, ReportedStatus::kDelivered, 5), IsOk());
  EXPECT_EQ(Counts(c).of(RecipientState::kDelivered), 1);
  EXPECT_THAT(EventTypes(), testing::Contains("message.delivered"));
}

TEST_F(WorkTest, AnAnswerAfterItsStatusChangesNothingForTheWorse) {
  const Campaign c = NewCampaign(1);
  const Intent intent = Commit()->intents[0];
  ASSERT_THAT(Status(intent.message, ReportedStatus::kRead, 5), IsOk());
  ASSERT_THAT(Record({Accepted(intent)}), IsOk());
  EXPECT_EQ(Counts(c).of(RecipientState::kRead), 1);
}

TEST_F(WorkTest, AnAnswerSaysWhenAMessageWasAcceptedWhateverCameFirst) {
  NewCampaign(2);
  const std::vector<Intent> intents = Commit()->intents;
  const auto answered = [&] { return Record({Accepted(intents[0]), Accepted(intents[1])}, kNow + absl::Seconds(7)); };
  ASSERT_THAT(Status(intents[0].message, ReportedStatus::kSent, 5), IsOk());
  ASSERT_THAT(answered(), IsOk());
  ASSERT_THAT(Status(intents[1].message, ReportedStatus::kSent, 5), IsOk());
  for (const Intent& i : intents) {
    const auto m = Write([&](auto& tx) { return MessageRepository::Get(tx, i.message.id); });
    EXPECT_EQ(m->progress.accepted_at, kNow + absl::Seconds(7));
    EXPECT_EQ(m->state(), MessageState::kSent);
  }
}

TEST_F(WorkTest, AnAnswerLeavesTheSameWhetherItsMessageIsReadBackOrNot) {
  const Campaign c = NewCampaign(2);
  const std::vector<Intent> intents = Commit()->intents;
  SendReport read_back = Accepted(intents[0]);
  read_back.begun = nullptr;
  ASSERT_THAT(Record({read_back, Accepted(intents[1])}), IsOk());
  std::vector<Message> are;
  for (const Intent& i : intents)
    are.push_back(*Write([&](auto& tx) { return MessageRepository::Get(tx, i.message.id); }));
  EXPECT_EQ(are[0].state(), MessageState::kAccepted);
  EXPECT_EQ(are[1].state(), are[0].state());
  EXPECT_EQ(are[1].wamid, absl::StrCat("wamid.", are[1].id.ToString()));
  EXPECT_EQ(are[1].progress.accepted_at, are[0].progress.accepted_at);
  EXPECT_EQ(are[1].due_at, are[0].due_at);
  EXPECT_EQ(Counts(c).of(RecipientState::kAccepted), 2);
}

TEST_F(WorkTest, EachClassOfErrorHasItsOwnConsequence) {
  const Campaign c = NewCampaign(3);
  const std::vector<Intent> intents = Commit()->intents;
  ASSERT_THAT(Record({Refused(intents[0], 131026),
                      Refused(intents[1], 130429),
                      {intents[2].message.id, 1, {.result = SendResult::kNotSent}}}),
              IsOk());
  const Funnel f = Counts(c);
  EXPECT_EQ(f.refused, 1);
  EXPECT_EQ(f.of(RecipientState::kQueued), 2);
  EXPECT_TRUE(Commit()->intents.empty()) << "not before the wait is over";
  const IntentBatch again = *Commit(1, 64, kNow + absl::Minutes(2));
  ASSERT_EQ(again.intents.size(), 2u);
  EXPECT_EQ(again.intents[0].message.progress.attempt, 2);
}

TEST_F(WorkTest, ATokenProblemBlocksTheSenderAndPausesTheCampaign) {
  const Campaign c = NewCampaign(2);
  const std::vector<Intent> intents = Commit(1, 1)->intents;
  ASSERT_THAT(Record({Refused(intents[0], 190)}), IsOk());
  auto campaign = Write([&](sql::Transaction& tx) { return CampaignRepository::Get(tx, c.id); });
  EXPECT_EQ(campaign->state, CampaignState::kPaused);
  EXPECT_EQ(campaign->pause_reason, "SENDER_BLOCKED");
  EXPECT_TRUE(Commit(1, 64, kNow + absl::Hours(1))->intents.empty());
  EXPECT_THAT(EventTypes(), testing::IsSupersetOf({"sender.state_changed", "campaign.paused"}));
}

TEST_F(WorkTest, AnyOrderAndRepetitionOfStatusesLeavesEqualRows) {
  std::vector<std::pair<ReportedStatus, int>> statuses = {{ReportedStatus::kSent, 1},
                                                          {ReportedStatus::kDelivered, 2},
                                                          {ReportedStatus::kRead, 3},
                                                          {ReportedStatus::kFailed, 2}};
  std::mt19937 random(3);
  // With an answer and, every second round, without one.
  std::optional<Progress> expected[2];
  for (int round = 0; round < 24; ++round) {
    const bool lost = round % 2 == 1;
    const Campaign c = NewCampaign(1);
    const Intent intent = Commit()->intents.at(0);
    ASSERT_THAT(
        Record({lost ? SendReport{intent.message.id, 1, {.result = SendResult::kAmbiguous}} : Accepted(intent)}),
        IsOk());
    auto shuffled = statuses;
    shuffled.insert(shuffled.end(), statuses.begin(), statuses.end());
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    for (const auto& [status, at] : shuffled)
      ASSERT_THAT(Status(intent.message, status, at, status == ReportedStatus::kFailed ? 131000 : 0), IsOk());
    auto m = Write([&](sql::Transaction& tx) { return MessageRepository::Get(tx, intent.message.id); });
    if (!expected[lost]) expected[lost] = m->progress;
    EXPECT_EQ(m->progress, *expected[lost]);
    EXPECT_EQ(m->progress.accepted_at, kNow + absl::Seconds(lost ? 1 : 0));
    EXPECT_EQ(Counts(c).of(RecipientState::kRead), 1);
  }
}

TEST_F(WorkTest, AStatusOfAStrangerIsParkedAndJoinedLater) {
  const Campaign c = NewCampaign(1);
  const Intent intent = Commit()->intents[0];
  StatusItem item{.wamid = absl::StrCat("wamid.", intent.message.id.ToString())};
  item.report = {ReportedStatus::kDelivered, kNow + absl::Seconds(3), 0, 0};
  EXPECT_THAT(ApplyOne(item, kNow), vinculo::test::IsOkAndHolds(ItemResult::kParked));
  ASSERT_THAT(Record({Accepted(intent)}), IsOk());
  EXPECT_EQ(Counts(c).of(RecipientState::kDelivered), 1);
}

TEST_F(WorkTest, AnInboundMessageHasItsEffectsOnce) {
  const Campaign c = NewCampaign(1);
  const Intent intent = Commit()->intents[0];
  ASSERT_THAT(Record({Accepted(intent)}), IsOk());
  EXPECT_THAT(Inbound(people_[0], "Sí, quiero", "", absl::StrCat("wamid.", intent.message.id.ToString())),
              vinculo::test::IsOkAndHolds(ItemResult::kApplied));
  EXPECT_THAT(Apply(last_inbound_), vinculo::test::IsOkAndHolds(ItemResult::kDuplicate));
  EXPECT_THAT(EventTypes(), testing::Contains("message.received").Times(1));
  const Funnel f = Counts(c);
  EXPECT_EQ(f.of(RecipientState::kReplierDirect), 1);
  EXPECT_EQ(f.of(RecipientState::kDelivered), 1) << "who answers it has it";
  auto window = Write([&](sql::Transaction& tx) { return WindowRepository::Get(tx, sender_, people_[0].id); });
  EXPECT_EQ(window->open_until, kNow + absl::Seconds(10) + absl::Hours(24));
}

TEST_F(WorkTest, AnAnswerWithoutANameIsCreditedToTheNewestCampaignOnce) {
  const Campaign c = NewCampaign(1);
  ASSERT_THAT(Record({Accepted(Commit()->intents[0])}), IsOk());
  ASSERT_THAT(Inbound(people_[0], "hola"), IsOk());
  ASSERT_THAT(Inbound(people_[0], "otra vez"), IsOk());
  EXPECT_EQ(Counts(c).of(RecipientState::kReplierInferred), 1);
}

TEST_F(WorkTest, AfterAnOptOutNoMarketingIntentCommits) {
  const Campaign c = NewCampaign(2);
  ASSERT_THAT(Inbound(people_[0], "BAJA"), IsOk());
  const IntentBatch batch = *Commit();
  ASSERT_EQ(batch.intents.size(), 1u);
  EXPECT_EQ(batch.intents[0].message.contact_id, people_[1].id);
  EXPECT_EQ(Counts(c).of(RecipientState::kSkipped), 1);
  EXPECT_THAT(EventTypes(), testing::Contains("contact.opted_out"));
  auto contact = Write([&](sql::Transaction& tx) { return contacts_.Get(tx, people_[0].id); });
  EXPECT_FALSE(contact->marketing_allowed());
  ASSERT_THAT(Inbound(people_[0], "Alta"), IsOk());
  contact = Write([&](sql::Transaction& tx) { return contacts_.Get(tx, people_[0].id); });
  EXPECT_TRUE(contact->marketing_allowed()) << "the person's own word lifts it";
}

TEST_F(WorkTest, OnlyThePersonCanUndoTheirOptOut) {
  NewCampaign(1);
  ASSERT_THAT(Inbound(people_[0], "No", "STOP:marketing"), IsOk());
  const auto grant = Write([&](sql::Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(Contact contact, contacts_.Get(tx, people_[0].id));
    RETURN_IF_ERROR(contacts_.LoadIdentities(tx, contact));
    return ActOnConsent(
        tx, contacts_, contact,
        {.id = Uuid::New(kNow), .contact_id = contact.id, .decision = Decision::kGranted, .at = kNow + absl::Hours(1)},
        "API", kNow);
  });
  EXPECT_THAT(grant, StatusIs(absl::StatusCode::kFailedPrecondition, "OPT_OUT_BY_PERSON"));
}

TEST_F(WorkTest, TransactionalGoesFirstAndOneAtATimePerContact) {
  NewCampaign(2);
  const auto queue = [&](const Contact& to) {
    Message m{.id = Uuid::New(kNow),
              .contact_id = to.id,
              .sender_id = sender_,
              .due_at = kNow,
              .expire_at = kNow + absl::Hours(24),
              .content = TextContent{"Hola", false},
              .created_at = kNow};
    return Write([&](sql::Transaction& tx) { return MessageRepository::Insert(tx, m); });
  };
  ASSERT_THAT(Inbound(people_[0], "hola"), IsOk());
  ASSERT_THAT(queue(people_[0]), IsOk());
  ASSERT_THAT(queue(people_[0]), IsOk());
  const IntentBatch batch = *Commit();
  ASSERT_EQ(batch.intents.size(), 2u) << "the second text waits for the first, and so does the campaign";
  EXPECT_EQ(batch.intents[0].message.lane, Lane::kTransactional);
  EXPECT_EQ(batch.intents[1].message.lane, Lane::kBulk);
  EXPECT_EQ(batch.intents[1].message.contact_id, people_[1].id);
}

TEST_F(WorkTest, AQueuedMessageFailsWhenItsWindowCloses) {
  NewCampaign(1);
  Message m{.id = Uuid::New(kNow),
            .contact_id = people_[0].id,
            .sender_id = sender_,
            .due_at = kNow,
            .expire_at = kNow + absl::Hours(24),
            .content = TextContent{"Hola", false},
            .created_at = kNow};
  ASSERT_THAT(Write([&](sql::Transaction& tx) { return MessageRepository::Insert(tx, m); }), IsOk());
  ASSERT_THAT(Commit(), IsOk());
  auto read = Write([&](sql::Transaction& tx) { return MessageRepository::Get(tx, m.id); });
  EXPECT_EQ(read->state(), MessageState::kFailed);
  EXPECT_EQ(read->progress.error_reason, "WINDOW_CLOSED");
}

TEST_F(WorkTest, AMessageStillQueuedAtItsExpiryFails) {
  NewCampaign(1);
  ASSERT_THAT(Inbound(people_[0], "hola"), IsOk());
  Message m{.id = Uuid::New(kNow),
            .contact_id = people_[0].id,
            .sender_id = sender_,
            .due_at = kNow,
            .expire_at = kNow + absl::Minutes(5),
            .content = TextContent{"Hola", false},
            .created_at = kNow};
  ASSERT_THAT(Write([&](sql::Transaction& tx) { return MessageRepository::Insert(tx, m); }), IsOk());
  ASSERT_THAT(Commit(1, 64, kNow + absl::Minutes(5)), IsOk());
  auto read = Write([&](sql::Transaction& tx) { return MessageRepository::Get(tx, m.id); });
  EXPECT_EQ(read->state(), MessageState::kFailed);
  EXPECT_EQ(read->progress.error_reason, "QUEUE_EXPIRED");
}

TEST_F(WorkTest, WhatWaitsBehindABlockedSenderEndsAtItsExpiry) {
  NewCampaign(1);
  const auto queue = [&](absl::Duration life) {
    const Message m{.id = Uuid::New(kNow),
                    .contact_id = people_[0].id,
                    .sender_id = sender_,
                    .due_at = kNow,
                    .expire_at = kNow + life,
                    .content = TextContent{"Hola", false},
                    .created_at = kNow};
    EXPECT_THAT(Write([&](sql::Transaction& tx) { return MessageRepository::Insert(tx, m); }), IsOk());
    return m.id;
  };
  const Uuid code = queue(absl::Minutes(5)), later = queue(absl::Hours(24));
  ASSERT_THAT(Write([&](sql::Transaction& tx) { return BlockForError(tx, sender_, 190, kNow); }), IsOk());
  const absl::Time now = kNow + absl::Minutes(5);
  ASSERT_TRUE(Commit(1, 64, now)->blocked);
  metrics::Registry registry;
  Metrics metrics(registry);
  ASSERT_THAT(Upkeep(*db_, metrics, {"demo"}, "one").Round(now), IsOk());
  const auto state = [&](const Uuid& id) {
    return Write([&](sql::Transaction& tx) { return MessageRepository::Get(tx, id); })->state();
  };
  EXPECT_EQ(state(code), MessageState::kFailed);
  EXPECT_EQ(state(later), MessageState::kQueued);
  EXPECT_THAT(EventTypes(), testing::Contains("message.failed").Times(1));
}

TEST_F(WorkTest, AHeldMessageIsNeitherRetriedNorFailed) {
  const Campaign c = NewCampaign(1);
  const Intent intent = Commit()->intents[0];
  SendReport held = Accepted(intent);
  held.outcome.held = true;
  ASSERT_THAT(Record({held}), IsOk());
  EXPECT_EQ(Counts(c).of(RecipientState::kHeld), 1);
  EXPECT_TRUE(Commit(1, 64, kNow + absl::Hours(1))->intents.empty());
  ASSERT_THAT(Status(intent.message, ReportedStatus::kSent, 9), IsOk());
  EXPECT_EQ(Counts(c).of(RecipientState::kSent), 1);
}

TEST_F(WorkTest, AResendIsMadeOnceWhereThePolicyAsksForIt) {
  NewCampaign(1);
  ASSERT_THAT(Inbound(people_[0], "hola"), IsOk());
  Message m{.id = Uuid::New(kNow),
            .contact_id = people_[0].id,
            .sender_id = sender_,
            .due_at = kNow,
            .expire_at = kNow + absl::Hours(20),
            .resend = ResendPolicy::kOnceIfUnknown,
            .content = TextContent{"Hola", false},
            .created_at = kNow};
  ASSERT_THAT(Write([&](sql::Transaction& tx) { return MessageRepository::Insert(tx, m); }), IsOk());
  for (int attempt = 1; attempt <= 2; ++attempt) {
    const absl::Time now = kNow + absl::Minutes(20) * (attempt - 1);
    const IntentBatch batch = *Commit(1, 1, now);
    ASSERT_EQ(batch.intents.size(), 1u) << attempt;
    EXPECT_EQ(batch.intents[0].message.progress.attempt, attempt);
    ASSERT_THAT(Record({{m.id, attempt, {.result = SendResult::kAmbiguous}}}, now), IsOk());
    const absl::Time later = now + absl::Minutes(11);
    ASSERT_THAT(Write([&](sql::Transaction& tx) { return SettleUnknown(tx, sender_, later); }), IsOk());
  }
  EXPECT_THAT(EventTypes(), testing::Contains("message.unknown").Times(1));
}

TEST(Holding, HalvesItsRateWhenWhatsAppThrottlesAndRegainsIt) {
  Holding h;
  h.sender.throughput = 100;
  h.limit = h.FullRate();
  EXPECT_EQ(h.limit, 95);
  h.Learn({.result = SendResult::kRefused, .graph_error = true, .code = 130429, .http = 400}, ErrorClasses::Default(),
          std::nullopt, kNow);
  EXPECT_EQ(h.limit, 47);
  EXPECT_GT(h.back_off_until, kNow);
  // The answers to what was in flight already tell of the same moment.
  h.Learn({.result = SendResult::kRefused, .graph_error = true, .code = 130429, .http = 400}, ErrorClasses::Default(),
          std::nullopt, kNow);
  EXPECT_EQ(h.limit, 47);
  h.Regain(kNow + absl::Seconds(9));
  EXPECT_EQ(h.limit, 47);
  for (int i = 1; i < 10; ++i) h.Regain(kNow + absl::Seconds(10 * i));
  EXPECT_EQ(h.limit, 95);
}

TEST(Holding, ACampaignThatUsedItsRateGoesOnAsSoonAsAPlaceIsFree) {
  Holding h;
  const Uuid slow = Uuid::New(kNow), free = Uuid::New(kNow);
  const absl::Time now = absl::UnixEpoch() + absl::Hours(1);  // of the monotonic clock
  for (const Uuid& id : {slow, free}) h.campaign_windows.try_emplace(id, 100);
  h.campaign_windows.at(slow).Take(now - absl::Milliseconds(930), 100);
  h.next_due = kNow + absl::Seconds(1);
  h.WakeForRates({{slow, 100}, {free, 100}}, now, kNow);
  EXPECT_EQ(*h.next_due, kNow + absl::Milliseconds(100)) << "not only at the next look at everything";
  h.WakeForRates({{slow, 100}}, now + absl::Milliseconds(98), kNow + absl::Milliseconds(98));
  EXPECT_EQ(*h.next_due, kNow + absl::Milliseconds(100)) << "the earlier one stays";
  h.next_due.reset();
  h.WakeForRates({{slow, 100}}, now + absl::Milliseconds(98), kNow + absl::Milliseconds(98));
  EXPECT_EQ(*h.next_due, kNow + absl::Milliseconds(108)) << "several places at once";
  h.next_due.reset();
  h.WakeForRates({{free, 100}}, now, kNow);
  EXPECT_FALSE(h.next_due);
}

TEST(Holding, AReadMarkTakesNothingOfACommitUnderWayAndGetsTheNextPlace) {
  Holding h;
  h.sender.throughput = 80;
  h.limit = h.FullRate();
  absl::Time now = absl::UnixEpoch() + absl::Hours(1);
  ASSERT_EQ(h.FreeForMessages(now), 76);
  h.promised = 64;  // what the commit may begin
  for (int i = 0; i < 12; ++i) EXPECT_TRUE(h.Reserve(now));
  EXPECT_FALSE(h.Reserve(now)) << "76 in a second, whatever the commit finds";
  h.window.Take(now, 64);
  h.promised = 0;
  EXPECT_EQ(h.Free(now), 0);
  now += absl::Seconds(2);
  EXPECT_EQ(h.FreeForMessages(now), 76) << "who asked long ago has given up";
  h.promised = 76;
  EXPECT_FALSE(h.Reserve(now));
  h.promised = 0;
  EXPECT_EQ(h.FreeForMessages(now), 75) << "one is left to it";
  h.window.Take(now, 75);
  EXPECT_EQ(h.FreeForMessages(now), 0);
  EXPECT_GT(h.NextFree(now), now);
  EXPECT_TRUE(h.Reserve(now));
}

TEST(Holding, SilenceIsNotCountedWhileNothingIsAsked) {
  Holding h;
  h.sender.throughput = 80;
  h.limit = h.FullRate();
  const auto lose = [&](absl::Time at) {
    h.Begin(at);
    h.Learn({.result = SendResult::kAmbiguous}, ErrorClasses::Default(), std::nullopt, at + absl::Seconds(30));
  };
  lose(kNow);
  lose(kNow + absl::Seconds(90));
  EXPECT_EQ(h.silent_since, kNow + absl::Seconds(30));
  lose(kNow + absl::Hours(9));
  EXPECT_EQ(h.silent_since, kNow + absl::Hours(9) + absl::Seconds(30)) << "one lost answer of the night says nothing";
}

TEST(Holding, ForgetsTheRateOfACampaignThatHasNone) {
  Holding h;
  const Uuid one = Uuid::New(kNow), other = Uuid::New(kNow);
  const absl::Time now = absl::UnixEpoch() + absl::Hours(1);
  h.AdoptRates({{one, 5}, {other, 7}}, now);
  h.campaign_windows.at(one).Take(now, 5);
  h.AdoptRates({}, now);
  EXPECT_TRUE(h.campaign_windows.contains(one)) << "a pause must not let it begin anew within the second";
  EXPECT_FALSE(h.campaign_windows.contains(other));
  h.AdoptRates({}, now + absl::Seconds(2));
  EXPECT_TRUE(h.campaign_windows.empty());
}

TEST(Holding, TenFaultsOfTheRequestInARowPauseACampaign) {
  Holding h;
  h.sender.throughput = 100;
  const Uuid campaign = Uuid::New(kNow);
  const SendOutcome bug{.result = SendResult::kRefused, .graph_error = true, .code = 100, .http = 400};
  for (int i = 0; i < 9; ++i) h.Learn(bug, ErrorClasses::Default(), campaign, kNow);
  h.Learn({.result = SendResult::kAccepted}, ErrorClasses::Default(), campaign, kNow);
  for (int i = 0; i < 9; ++i) h.Learn(bug, ErrorClasses::Default(), campaign, kNow);
  EXPECT_TRUE(h.failing.empty());
  h.Learn(bug, ErrorClasses::Default(), campaign, kNow);
  EXPECT_TRUE(h.failing.contains(campaign));
}

TEST(WebhookParse, ABadItemNeverCostsItsNeighbours) {
  const std::string body =
      R"({"object":"whatsapp_business_account","entry":[7,{"id":"1","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":55},
    "contacts":[{"profile":{"name":"Ana"},"wa_id":"549"}],
    "messages":[null,{"id":"","from":"549"},{"id":"a","from":"549","timestamp":"1759999999000","type":"text","text":{"body":"hola"}},
                {"id":"b","from":"AR.77","timestamp":1759999999,"type":"hologram"}],
    "statuses":[{"id":"w","status":"levitated"},{"id":"w","status":"failed","timestamp":"1759999999","errors":[{"code":"131049"}]}]}},
    {"field":"novelty","value":{}}]}]})";
  const ParsedWebhook parsed = ParseWebhook(body, kNow);
  ASSERT_EQ(parsed.items.size(), 3u);
  const auto& text = std::get<InboundItem>(parsed.items[0]);
  EXPECT_EQ(text.phone_number_id, "55");
  EXPECT_EQ(text.content.text, "hola");
  EXPECT_EQ(text.at, absl::FromUnixSeconds(1759999999)) << "milliseconds are seen through";
  EXPECT_EQ(std::get<InboundItem>(parsed.items[1]).bsuid, "AR.77");
  EXPECT_EQ(std::get<StatusItem>(parsed.items[2]).report.error_code, 131049);
  EXPECT_GE(parsed.unknown, 4);
}

TEST(WebhookParse, TakesAnyBytes) {
  std::mt19937 random(1);
  const std::string seed =
      R"({"entry":[{"id":"1","changes":[{"field":"messages","value":{"messages":[{"id":"a","from":"1","type":"text"}]}}]}]})";
  for (int i = 0; i < 2000; ++i) {
    std::string body = seed;
    for (int n = 0; n < 4; ++n) body[random() % body.size()] = static_cast<char>(random());
    (void)ParseWebhook(body, kNow);
  }
  EXPECT_TRUE(ParseWebhook("", kNow).items.empty());
  EXPECT_TRUE(ParseWebhook("[1,2", kNow).items.empty());
  EXPECT_EQ(ParseWebhook(seed, kNow).items.size(), 1u);
}

TEST(GraphJson, SendsWhatThePreviewShows) {
  Message m{.id = Uuid::New(kNow),
            .content = TemplateContent{"promo", "es_AR", {{"body.2", "dos"}, {"body.1", "uno"}, {"button.0", "a b"}}}};
  m.progress.attempt = 1;
  SendTarget target{
      .phone = "+549",
      .components = TemplateComponents{.body = "x {{2}} y {{1}} z",
                                       .buttons = {{.kind = ButtonKind::kUrl, .label = "v", .url = "https://a/{{1}}"},
                                                   {.kind = ButtonKind::kQuickReply, .label = "n", .opt_out = true}}}};
  const std::string body = SendBody(m, target);
  EXPECT_THAT(body, testing::HasSubstr(R"("parameters":[{"text":"uno","type":"text"},{"text":"dos","type":"text"}])"))
      << "by number";
  EXPECT_THAT(body, testing::HasSubstr(R"("text":"a%20b")"));
  EXPECT_THAT(body, testing::HasSubstr(R"("payload":"STOP:marketing")"));
  EXPECT_THAT(body, testing::HasSubstr(absl::StrCat("m1:", m.id.ToString(), ":1")));
}

}  // namespace
}  // namespace vinculo::messaging
