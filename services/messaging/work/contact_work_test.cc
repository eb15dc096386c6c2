#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/events/event_log.h"
#include "common/jobs/job_queue.h"
#include "common/status/status_macros.h"
#include "common/testing/status_matchers.h"
#include "services/messaging/consent_act.h"
#include "services/messaging/contact_merge.h"
#include "services/messaging/erasure.h"
#include "services/messaging/reachability.h"
#include "services/messaging/store/channel_repository.h"
#include "services/messaging/store/erasure_repository.h"
#include "services/messaging/store/inbound_repository.h"
#include "services/messaging/store/limit_repository.h"
#include "services/messaging/store/media_repository.h"
#include "services/messaging/store/message_repository.h"
#include "services/messaging/store/policy_repository.h"
#include "services/messaging/store/template_repository.h"
#include "services/messaging/template_act.h"
#include "services/messaging/work/dispatch_intents.h"
#include "services/messaging/work/profiling_feed.h"
#include "services/messaging/work/webhook_parse.h"
#include "services/messaging/work/work_rig.h"
#include "vinculo/profiling/v1/events.pb.h"

namespace vinculo::messaging {
namespace {

using ::vinculo::test::IsOk;
using ::vinculo::test::IsOkAndHolds;
using ::vinculo::test::StatusIs;

class ContactWorkTest : public WorkRig {
 protected:
  Contact Make(const PersonRef& who, absl::Time at, Decision marketing = Decision::kGranted) {
    absl::StatusOr<Contact> made = Write([&](sql::Transaction& tx) -> absl::StatusOr<Contact> {
      ASSIGN_OR_RETURN(Contact c, contacts_.Create(tx, who, at));
      if (marketing == Decision::kNone) return c;
      const Consent grant{.id = Uuid::New(at), .contact_id = c.id, .decision = marketing, .at = at, .source = "form"};
      RETURN_IF_ERROR(ActOnConsent(tx, contacts_, c, grant, "API", at));
      return c;
    });
    EXPECT_THAT(made, IsOk());
    return made.value_or(Contact());
  }
  Contact Read(const Uuid& id) {
    absl::StatusOr<Contact> found = Write([&](sql::Transaction& tx) -> absl::StatusOr<Contact> {
      ASSIGN_OR_RETURN(Contact c, contacts_.Get(tx, id));
      RETURN_IF_ERROR(contacts_.LoadIdentities(tx, c));
      return c;
    });
    EXPECT_THAT(found, IsOk());
    return found.value_or(Contact());
  }
  std::optional<Contact> Find(const PersonRef& who) {
    return *Write([&](sql::Transaction& tx) { return contacts_.Find(tx, who); });
  }

  // The id of a campaign whose ledger has these people in this order.
  static Uuid CampaignOf(const std::vector<Contact>& people) {
    while (true) {
      const Uuid id = Uuid::New(kNow);
      const auto place = [&](const Contact& c) { return RecipientPosition(id, c.id); };
      if (std::ranges::is_sorted(people, {}, place)) return id;
    }
  }

  // A running campaign to these people, in this order.
  Campaign Launch(const std::vector<Contact>& people) {
    Campaign c{.id = CampaignOf(people),
               .display_name = "c",
               .sender_id = sender_,
               .channel_id = channel_,
               .template_name = "promo",
               .language = {false, "es"},
               .audience = {.kind = AudienceFilter::Kind::kAllContacts},
               .rate_per_second = 1000,
               .state = CampaignState::kRunning,
               .created_at = kNow};
    EXPECT_THAT(Write([&](sql::Transaction& tx) -> absl::Status {
                  RETURN_IF_ERROR(CampaignRepository::Insert(tx, c));
                  CountDeltas deltas;
                  for (const Contact& contact : people) {
                    RETURN_IF_ERROR(CampaignRepository::InsertRecipient(tx, QueuedRow(c.id, contact.id)));
                    deltas.Add(c.id, RecipientState::kQueued, "", 1);
                  }
                  return deltas.Flush(tx);
                }),
                IsOk());
    return c;
  }
  // At most so many of each campaign named.
  std::vector<Intent> Commit(const std::map<Uuid, int>& limits = {}, absl::Time now = kNow) {
    const IntentRequest request{
        .sender_id = sender_, .token = 1, .now = now, .limit = 64, .bulk_limit = 64, .campaign_free = limits};
    auto batch = Write([&](sql::Transaction& tx) { return CommitIntents(tx, contacts_, request); });
    EXPECT_THAT(batch, IsOk());
    return batch.ok() ? batch->intents : std::vector<Intent>();
  }
  absl::Status Answer(const Intent& i, SendOutcome outcome, absl::Time now = kNow) {
    return Write([&](sql::Transaction& tx) {
      const SendReport report = SendReport::Of(std::make_shared<const Message>(i.message), outcome);
      return RecordOutcomes(tx, contacts_, {report}, {}, absl::Minutes(10), now);
    });
  }
  std::vector<Identity> Identities(Contact contact) {
    EXPECT_THAT(Write([&](sql::Transaction& tx) { return contacts_.LoadIdentities(tx, contact); }), IsOk());
    return contact.identities;
  }
  Recipient Row(const Campaign& c, const Contact& contact) {
    auto row = Write([&](sql::Transaction& tx) { return CampaignRepository::FindRecipient(tx, c.id, contact.id); });
    EXPECT_TRUE(row.ok() && row->has_value());
    return row.ok() && *row ? **row : Recipient();
  }
  void ExpectCountersEqualRows(const Campaign& c) {
    auto counts = Write([&](sql::Transaction& tx) { return CampaignRepository::Counts(tx, c.id); });
    auto actual = Write([&](sql::Transaction& tx) { return CampaignRepository::Recount(tx, c.id); });
    EXPECT_EQ(*counts, *actual);
  }
  absl::StatusOr<ItemResult> Apply(InboundItem item, absl::Time now = kNow) {
    if (item.wamid.empty()) item.wamid = absl::StrCat("in.", ++made_);
    return ApplyOne(item, now);
  }
  absl::StatusOr<ItemResult> Says(const PersonRef& who, const std::string& text, absl::Time at = kNow) {
    InboundItem item{.wa_id = who.wa_id, .bsuid = who.bsuid, .at = at};
    item.content = {.kind = InboundKind::kText, .type = "text", .text = text};
    return Apply(item, at);
  }
};

const PersonRef kBoth{.phone = "", .wa_id = "5491122334455", .bsuid = "AR.99"};

TEST_F(ContactWorkTest, TwoContactsThatTheChannelProvesToBeOneMerge) {
  const Contact older = Make({.bsuid = "AR.99"}, kNow - absl::Hours(2), Decision::kNone);
  const Contact younger = Make({.wa_id = "5491122334455", .country = "AR"}, kNow - absl::Hours(1));
  const Uuid list = Uuid::New(kNow);
  ASSERT_THAT(Write([&](sql::Transaction& tx) -> absl::Status {
                Contact c = younger;
                c.name = "Ana";
                c.attributes = {{"plan", "oro"}};
                RETURN_IF_ERROR(contacts_.Update(tx, c, kNow));
                RETURN_IF_ERROR(ListRepository::Insert(tx, {list, "vips", 0, kNow}));
                RETURN_IF_ERROR(ListRepository::PutMember(tx, list, younger.id, {{"due", "7"}}).status());
                RETURN_IF_ERROR(WindowRepository::Extend(tx, sender_, younger.id, kNow + absl::Hours(3)));
                return WindowRepository::Extend(tx, sender_, older.id, kNow + absl::Hours(1));
              }),
              IsOk());
  ASSERT_THAT(Says(kBoth, "hola", kNow - absl::Hours(23)), IsOkAndHolds(ItemResult::kApplied));

  const Contact survivor = Read(younger.id);
  EXPECT_EQ(survivor.id, older.id) << "the loser reads as the survivor";
  EXPECT_EQ(survivor.name, "Ana");
  EXPECT_EQ(survivor.phone, "+5491122334455");
  EXPECT_EQ(survivor.attributes.at("plan"), "oro");
  EXPECT_EQ(survivor.marketing, Decision::kGranted) << "consent unites";
  EXPECT_EQ(survivor.identities.size(), 2u);
  EXPECT_EQ(Find({.wa_id = "5491122334455"})->id, older.id);
  auto window = Write([&](sql::Transaction& tx) { return WindowRepository::Get(tx, sender_, older.id); });
  EXPECT_EQ(window->open_until, kNow + absl::Hours(3)) << "the later window stays";
  auto stored = Write([&](sql::Transaction& tx) { return ListRepository::Get(tx, list); });
  EXPECT_EQ(stored->members, 1);
  auto variables = Write([&](sql::Transaction& tx) { return contacts_.MemberVariables(tx, list, older.id); });
  EXPECT_EQ(variables->at("due"), "7");
  EXPECT_THAT(EventTypes(), testing::Contains("contact.merged").Times(1));
  ASSERT_THAT(Says(kBoth, "hola"), IsOk());
  EXPECT_THAT(EventTypes(), testing::Contains("contact.merged").Times(1)) << "once";
}

TEST_F(ContactWorkTest, FilesAndReachGoAlongWithAMerge) {
  const Contact older = Make({.bsuid = "AR.99"}, kNow - absl::Hours(2));
  const Contact younger = Make({.wa_id = "5491122334455", .country = "AR"}, kNow - absl::Hours(1));
  const std::string shared_portfolio = "", other_portfolio = "p2";
  const Uuid early = Uuid::New(kNow), late = Uuid::New(kNow), alone = Uuid::New(kNow);
  const absl::Time hour_ago = kNow - absl::Hours(1);
  ASSERT_THAT(Write([&](sql::Transaction& tx) -> absl::Status {
                RETURN_IF_ERROR(ChannelRepository::InsertChannel(tx, {.id = Uuid::New(kNow),
                                                                      .display_name = "y",
                                                                      .waba_id = "78",
                                                                      .portfolio_id = other_portfolio,
                                                                      .app = "main",
                                                                      .token_sealed = "s",
                                                                      .token_tail = "t",
                                                                      .created_at = kNow}));
                RETURN_IF_ERROR(MediaRepository::Put(
                    tx, {.id = "m1", .sender_id = sender_, .contact_id = younger.id, .expire_at = kNow}));
                RETURN_IF_ERROR(LimitRepository::TakeReach(tx, shared_portfolio, older.id, early, hour_ago));
                RETURN_IF_ERROR(LimitRepository::TakeReach(tx, shared_portfolio, younger.id, late, kNow));
                RETURN_IF_ERROR(LimitRepository::AddReach(tx, shared_portfolio, 2));
                RETURN_IF_ERROR(LimitRepository::TakeReach(tx, other_portfolio, younger.id, alone, hour_ago));
                return LimitRepository::AddReach(tx, other_portfolio, 1);
              }),
              IsOk());
  ASSERT_THAT(Says(kBoth, "hola"), IsOk());

  const auto read = [&](sql::Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const std::optional<StoredMedia> file, MediaRepository::Find(tx, "m1"));
    EXPECT_EQ(file->contact_id, older.id);
    for (const std::string& portfolio : {shared_portfolio, other_portfolio}) {
      EXPECT_THAT(LimitRepository::ReachUsed(tx, portfolio), IsOkAndHolds(1)) << "one person, one slot";
      ASSIGN_OR_RETURN(const Addressee to, LimitRepository::Find(tx, {sender_, portfolio}, older.id, {kNow, kNow}));
      EXPECT_EQ(to.reach_at, portfolio == shared_portfolio ? kNow : hour_ago) << "the later slot";
    }
    // Both messages were begun in the slot: that one was refused gives nothing back, and the count stays that of rows.
    RETURN_IF_ERROR(LimitRepository::GiveReachBack(tx, shared_portfolio, older.id, late));
    EXPECT_THAT(LimitRepository::ReachUsed(tx, shared_portfolio), IsOkAndHolds(1));
    RETURN_IF_ERROR(LimitRepository::GiveReachBack(tx, other_portfolio, older.id, alone));
    EXPECT_THAT(LimitRepository::ReachUsed(tx, other_portfolio), IsOkAndHolds(0));
    return absl::OkStatus();
  };
  EXPECT_THAT(Write(read), IsOk());
}

TEST_F(ContactWorkTest, TypedDataNeverMerges) {
  const Contact typed = Make({.phone = "+5491122334455", .country = "AR"}, kNow - absl::Hours(2));
  const Contact hidden = Make({.bsuid = "AR.99"}, kNow - absl::Hours(1));
  ASSERT_THAT(Says(kBoth, "hola"), IsOk());
  EXPECT_EQ(Read(typed.id).id, typed.id);
  EXPECT_EQ(Read(hidden.id).id, hidden.id);
  EXPECT_THAT(EventTypes(), testing::Not(testing::Contains("contact.merged")));
}

TEST_F(ContactWorkTest, TheAnswerOfWhatsAppMergesToo) {
  const Contact one = Make({.phone = "+5491122334455", .country = "AR"}, kNow - absl::Hours(2));
  const Contact other = Make({.bsuid = "AR.99"}, kNow - absl::Hours(1));
  const Campaign c = Launch({one});
  const std::vector<Intent> sent = Commit();
  ASSERT_EQ(sent.size(), 1u);
  ASSERT_THAT(Answer(sent[0], {.result = SendResult::kAccepted,
                               .wamid = "wamid.1",
                               .wa_id = "AR.99",  // a BSUID is one wherever it appears
                               .user_id = ""}),
              IsOk());
  EXPECT_EQ(Read(other.id).id, one.id);
  EXPECT_EQ(Row(c, one).state, RecipientState::kAccepted);
}

TEST_F(ContactWorkTest, APhoneStandsForTheWaIdOfItsDigits) {
  const Contact typed = Make({.phone = "+5491122334455", .country = "AR"}, kNow - absl::Hours(2));
  Launch({typed});
  ASSERT_THAT(Answer(Commit().at(0), {.result = SendResult::kAccepted, .wamid = "wamid.1", .wa_id = "5491122334455"}),
              IsOk());
  EXPECT_EQ(Identities(typed), (std::vector<Identity>{{IdentityKind::kPhone, "+5491122334455"}}));
  EXPECT_EQ(Find({.wa_id = "5491122334455"})->id, typed.id);
  // Now the channel has proven the phone: who turns out to have its wa_id is the same person.
  const Contact hidden = Make({.bsuid = "AR.99"}, kNow - absl::Hours(1));
  Launch({hidden});
  ASSERT_THAT(Answer(Commit().at(0), {.result = SendResult::kAccepted, .wamid = "wamid.2", .wa_id = "5491122334455"}),
              IsOk());
  EXPECT_EQ(Read(hidden.id).id, typed.id);
}

TEST_F(ContactWorkTest, APhoneThatWhatsAppNeverAnsweredWithStandsForNothing) {
  Contact hidden = Make({.bsuid = "AR.99"}, kNow - absl::Hours(2));
  Launch({hidden});
  ASSERT_THAT(Answer(Commit().at(0), {.result = SendResult::kAccepted, .wamid = "wamid.1", .user_id = "AR.99"}),
              IsOk());
  // Somebody types a phone for a contact that was reached under another name.
  ASSERT_THAT(Write([&](sql::Transaction& tx) {
                return contacts_.AddIdentities(tx, {.phone = "+5491122334455", .country = "AR"}, hidden, kNow).status();
              }),
              IsOk());
  const Contact other = Make({.bsuid = "AR.77"}, kNow - absl::Hours(1));
  Launch({other});
  ASSERT_THAT(Answer(Commit().at(0), {.result = SendResult::kAccepted, .wamid = "wamid.2", .wa_id = "5491122334455"}),
              IsOk());
  EXPECT_EQ(Read(other.id).id, other.id) << "typed data never merges";
  EXPECT_EQ(Find({.wa_id = "5491122334455"})->id, other.id);
}

TEST_F(ContactWorkTest, AnAnswerAfterAnErasureLeavesNoNumber) {
  const Contact ana = Make({.phone = "+5491122334455", .country = "AR"}, kNow);
  const Contact eva = Make({.phone = "+5491122334466", .country = "AR"}, kNow);
  Launch({ana, eva});
  const std::vector<Intent> sent = Commit();
  ASSERT_EQ(sent.size(), 2u);
  ASSERT_THAT(Write([&](sql::Transaction& tx) -> absl::Status {
                for (const Contact& c : {ana, eva}) {
                  RETURN_IF_ERROR(EraseContact(tx, contacts_, c.id, kNow));
                  RETURN_IF_ERROR(ErasureRepository::ScrubMessages(tx, c.id, 10).status());
                }
                // A status that came before its answer.
                return InboundRepository::Park(tx, {.wamid = "wamid.2", .report = {ReportedStatus::kSent, kNow}}, kNow);
              }),
              IsOk());
  ASSERT_THAT(Answer(sent[0], {.result = SendResult::kAccepted, .wamid = "wamid.1", .wa_id = "5491122334455"}), IsOk());
  ASSERT_THAT(Answer(sent[1], {.result = SendResult::kAccepted, .wamid = "wamid.2", .wa_id = "5491122334466"}), IsOk());
  for (const auto& [contact, wa_id] : {std::pair(ana, "5491122334455"), {eva, "5491122334466"}}) {
    EXPECT_THAT(Write([&](sql::Transaction& tx) { return MessageRepository::AnsweredWith(tx, contact.id, wa_id); }),
                IsOkAndHolds(false));
  }
}

TEST_F(ContactWorkTest, ARefusalForAnOptOutAfterAnErasureWritesNothingAboutThePerson) {
  const Contact ana = Make({.phone = "+5491122334455", .country = "AR"}, kNow);
  Launch({ana});
  const Intent sent = Commit().at(0);
  ASSERT_THAT(Write([&](sql::Transaction& tx) { return EraseContact(tx, contacts_, ana.id, kNow); }), IsOk());
  const auto evidence = [&] {
    return Write([&](sql::Transaction& tx) { return contacts_.Evidence(tx, ana.id); })->size();
  };
  const size_t before = evidence();
  ASSERT_THAT(Answer(sent, {.result = SendResult::kRefused, .graph_error = true, .code = 131050, .http = 400}), IsOk());
  EXPECT_EQ(evidence(), before);
  EXPECT_THAT(EventTypes(), testing::Not(testing::Contains("contact.opted_out")));
}

TEST_F(ContactWorkTest, ABsuidThatIsLearnedDoesNotBringThePhonesOwnWaIdAlong) {
  const Contact typed = Make({.phone = "+5491122334455", .country = "AR"}, kNow - absl::Hours(2));
  Launch({typed});
  ASSERT_THAT(
      Answer(Commit().at(0),
             {.result = SendResult::kAccepted, .wamid = "wamid.1", .wa_id = "5491122334455", .user_id = "AR.99"}),
      IsOk());
  EXPECT_EQ(Identities(typed),
            (std::vector<Identity>{{IdentityKind::kPhone, "+5491122334455"}, {IdentityKind::kBsuid, "AR.99"}}));
}

TEST_F(ContactWorkTest, AWaIdUnlikeThePhoneIsKept) {
  const Contact typed = Make({.phone = "+5215512345678", .country = "MX"}, kNow - absl::Hours(2));
  Launch({typed});
  ASSERT_THAT(Answer(Commit().at(0), {.result = SendResult::kAccepted, .wamid = "wamid.1", .wa_id = "525512345678"}),
              IsOk());
  EXPECT_THAT(Identities(typed), testing::Contains(Identity{IdentityKind::kWaId, "525512345678"}));
}

TEST_F(ContactWorkTest, APersonUnderTwoRowsOfACampaignIsWrittenToOnce) {
  const Contact survivor = Make({.bsuid = "AR.99"}, kNow - absl::Hours(2));
  const Contact loser = Make({.wa_id = "5491122334455", .country = "AR"}, kNow - absl::Hours(1));
  const Campaign first = Launch({survivor, loser}), second = Launch({loser, survivor}), queued = Launch({loser});
  // Of the first the survivor is written to before the merge, of the second the loser.
  ASSERT_EQ(Commit({{first.id, 1}, {second.id, 1}, {queued.id, 0}}).size(), 2u);
  ASSERT_THAT(Says(kBoth, "hola"), IsOk());
  EXPECT_EQ(Row(first, loser).reason, "DUPLICATE_PERSON");
  EXPECT_EQ(Row(second, survivor).reason, "DUPLICATE_PERSON");
  const std::vector<Intent> rest = Commit({}, kNow + absl::Hours(1));  // once the pair may be written to again
  ASSERT_EQ(rest.size(), 1u) << "a row that stands alone goes on";
  EXPECT_EQ(rest[0].message.contact_id, survivor.id);
  EXPECT_EQ(Row(queued, loser).state, RecipientState::kSending) << "the ledger row stays where it is";
  ASSERT_THAT(Answer(rest[0], {.result = SendResult::kAccepted, .wamid = "wamid.9"}), IsOk());
  EXPECT_EQ(Row(queued, loser).state, RecipientState::kAccepted);
  for (const Campaign& c : {first, second, queued}) ExpectCountersEqualRows(c);
}

TEST_F(ContactWorkTest, AReplyToAMergedContactIsCreditedToItsRow) {
  Make({.bsuid = "AR.99"}, kNow - absl::Hours(2));
  const Contact loser = Make({.wa_id = "5491122334455", .country = "AR"}, kNow - absl::Hours(1));
  const Campaign c = Launch({loser});
  ASSERT_THAT(Answer(Commit().at(0), {.result = SendResult::kAccepted, .wamid = "wamid.1"}), IsOk());
  ASSERT_THAT(Says(kBoth, "quiero", kNow + absl::Minutes(1)), IsOk());
  EXPECT_EQ(Row(c, loser).replied, 2) << "inferred, in the transaction that merged";
  ExpectCountersEqualRows(c);
}

TEST_F(ContactWorkTest, AnOldNumberGoesToANewContactWithoutConsent) {
  const Contact ana = Make({.phone = "+5491122334455", .country = "AR"}, kNow - absl::Hours(2));
  ASSERT_THAT(Says({.wa_id = "5491122334455"}, "baja"), IsOk());
  InboundItem item{.wa_id = "5491122334455", .at = kNow, .new_wa_id = "5491166667777"};
  item.content = {.kind = InboundKind::kSystem, .type = "system", .text = "user_changed_number"};
  ASSERT_THAT(Apply(item), IsOk());
  EXPECT_EQ(Read(ana.id).phone, "+5491166667777");
  EXPECT_EQ(Find({.wa_id = "5491166667777"})->id, ana.id);
  EXPECT_FALSE(Find({.phone = "+5491122334455"}).has_value()) << "retired";
  ASSERT_THAT(Says({.wa_id = "5491122334455"}, "hola"), IsOk());
  const Contact next = *Find({.wa_id = "5491122334455"});
  EXPECT_NE(next.id, ana.id);
  EXPECT_EQ(next.marketing, Decision::kNone);
  EXPECT_EQ(next.suppressed, 0) << "the opt-out went along with the person";
  EXPECT_EQ(Read(ana.id).suppressed, kSuppressedMarketing);
}

TEST_F(ContactWorkTest, AHiddenNewNumberIsABsuidAndFreesTheOldOne) {
  const Contact ana = Make({.phone = "+5491122334455", .country = "AR"}, kNow - absl::Hours(2));
  const ParsedWebhook parsed = ParseWebhook(
      R"({"entry":[{"changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"55"},"messages":[
      {"id":"w1","from":"5491122334455","timestamp":"1760000000","type":"system",
       "system":{"type":"user_changed_number","wa_id":"BR.99"}}]}}]}]})",
      kNow);
  ASSERT_EQ(parsed.items.size(), 1u);
  ASSERT_THAT(Apply(std::get<InboundItem>(parsed.items[0])), IsOk());
  const Contact moved = Read(ana.id);
  EXPECT_THAT(moved.identities, testing::ElementsAre(Identity{IdentityKind::kBsuid, "BR.99"}));
  EXPECT_EQ(moved.phone, "");
  EXPECT_EQ(moved.bsuid, "BR.99");
  EXPECT_EQ(moved.country, "BR");
  ASSERT_THAT(Says({.bsuid = "BR.99"}, "hola"), IsOk());
  EXPECT_EQ(Find({.bsuid = "BR.99"})->id, ana.id) << "one person";
  ASSERT_THAT(Says({.wa_id = "5491122334455"}, "hola"), IsOk());
  EXPECT_NE(Find({.wa_id = "5491122334455"})->id, ana.id) << "the old number's next owner";
}

TEST_F(ContactWorkTest, ANewNumbersLongerSuppressionIsNotCutShort) {
  const Contact ana = Make({.phone = "+5491122334455"}, kNow - absl::Hours(2));
  const Contact known = Make({.wa_id = "5491166667777"}, kNow - absl::Hours(1));
  ASSERT_THAT(Write([&](sql::Transaction& tx) -> absl::Status {
                RETURN_IF_ERROR(contacts_.Suppress(tx, ana, kOperatorMarketing, kNow + absl::Hours(24), kNow));
                return contacts_.Suppress(tx, known, kOperatorMarketing, std::nullopt, kNow);
              }),
              IsOk());
  InboundItem item{.wa_id = "5491122334455", .at = kNow, .new_wa_id = "5491166667777"};
  item.content = {.kind = InboundKind::kSystem, .type = "system", .text = "user_changed_number"};
  ASSERT_THAT(Apply(item), IsOk());
  const std::vector<Identity> identities = Read(ana.id).identities;
  const auto kept =
      Write([&](sql::Transaction& tx) { return contacts_.Suppressions(tx, identities, kNow + absl::Hours(48)); });
  ASSERT_THAT(kept, IsOk());
  ASSERT_EQ(kept->size(), 1u);
  EXPECT_EQ((*kept)[0].until, std::nullopt);
}

TEST_F(ContactWorkTest, ANewSecurityCodeMovesNothing) {
  const Contact ana = Make({.wa_id = "5491122334455"}, kNow - absl::Hours(2));
  const ParsedWebhook parsed = ParseWebhook(
      R"({"entry":[{"changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"55"},"messages":[
      {"id":"w1","from":"5491122334455","timestamp":"1760000000","type":"system",
       "system":{"type":"customer_identity_changed","wa_id":"5491166667777"}}]}}]}]})",
      kNow);
  ASSERT_EQ(parsed.items.size(), 1u);
  ASSERT_THAT(Apply(std::get<InboundItem>(parsed.items[0])), IsOk());
  EXPECT_EQ(Read(ana.id).identities.size(), 1u);
}

TEST_F(ContactWorkTest, ThreeDaysWithoutDeliveryMakeAContactUnreachableUntilTheyWrite) {
  const Contact ana = Make({.wa_id = "5491122334455", .country = "AR"}, kNow - absl::Hours(2));
  const auto fail = [&](int hours) {
    return Write([&](sql::Transaction& tx) {
      return NoteUndeliverable(tx, contacts_, ana.id, kNow + absl::Hours(hours), kNow + absl::Hours(hours));
    });
  };
  for (const int hours : {0, 1, 24}) ASSERT_THAT(fail(hours), IsOk());
  EXPECT_EQ(Read(ana.id).suppressed, 0) << "the same day counts once";
  ASSERT_THAT(fail(48), IsOk());
  EXPECT_EQ(Read(ana.id).suppressed, kSuppressedUnreachable);
  EXPECT_EQ(CampaignBlock(Read(ana.id).permissions(), {.is_template = true, .category = Category::kUtility}, {}),
            "UNREACHABLE");
  EXPECT_THAT(EventTypes(), testing::Contains("contact.unreachable").Times(1));
  ASSERT_THAT(Says({.wa_id = "5491122334455"}, "hola", kNow + absl::Hours(72)), IsOk());
  EXPECT_EQ(Read(ana.id).suppressed, 0);
  for (const int hours : {96, 120}) ASSERT_THAT(fail(hours), IsOk());
  EXPECT_EQ(Read(ana.id).suppressed, 0) << "it counts anew since the person wrote";
}

TEST_F(ContactWorkTest, RefusalsAndFailedStatusesBothCountAsUndeliverable) {
  const Contact ana = Make({.phone = "+5491122334455", .country = "AR"}, kNow - absl::Hours(2));
  ASSERT_THAT(Write([&](sql::Transaction& tx) {
                Policy policy;
                policy.unreachable_days = 2;
                policy.allowed_hours.fill({{0, 24 * 3600}});
                return PolicyRepository::Put(tx, policy, kNow);
              }),
              IsOk());
  Launch({ana});
  Launch({ana});
  const std::vector<Intent> sent = Commit();
  ASSERT_EQ(sent.size(), 2u);
  ASSERT_THAT(Answer(sent[0], {.result = SendResult::kRefused, .graph_error = true, .code = 131026, .http = 400}),
              IsOk());
  ASSERT_THAT(Answer(sent[1], {.result = SendResult::kAccepted, .wamid = "wamid.2"}), IsOk());
  StatusItem item{.wamid = "wamid.2"};
  item.report = {ReportedStatus::kFailed, kNow + absl::Hours(25), 0, 131026};
  ASSERT_THAT(ApplyOne(item, kNow + absl::Hours(25)), IsOk());
  EXPECT_EQ(Read(ana.id).suppressed, kSuppressedUnreachable);
}

TEST_F(ContactWorkTest, AnOptOutIsConfirmedOnceADayInTheContactsLanguage) {
  const PersonRef ana{.wa_id = "5491122334455"};
  const auto texts = [&] {
    std::vector<std::string> out;
    const Uuid id = Find(ana)->id;
    auto sent = Write([&](sql::Transaction& tx) {
      return MessageRepository::ListByContact(tx, id, *Uuid::FromBytes(std::string(16, '\xff')), 10);
    });
    for (const Message& m : *sent) out.push_back(std::get<TextContent>(m.content).body);
    return out;
  };
  ASSERT_THAT(Says(ana, "hola"), IsOk());
  Contact c = *Find(ana);
  ASSERT_THAT(Write([&](sql::Transaction& tx) -> absl::Status {
                c.language = "pt_BR";
                return contacts_.Update(tx, c, kNow);
              }),
              IsOk());
  ASSERT_THAT(Says(ana, "BAJA", kNow + absl::Minutes(1)), IsOk());
  EXPECT_THAT(texts(), testing::ElementsAre(Policy().OptOutText("pt_BR")));
  ASSERT_THAT(Says(ana, "alta", kNow + absl::Minutes(2)), IsOk());
  ASSERT_THAT(Says(ana, "baja total", kNow + absl::Minutes(3)), IsOk());
  EXPECT_EQ(texts().size(), 1u) << "once in 24 hours";
  ASSERT_THAT(Says(ana, "BAJA", kNow + absl::Hours(25)), IsOk());
  EXPECT_EQ(texts().size(), 2u);
}

TEST_F(ContactWorkTest, NoConfirmationOutsideTheWindowOrAgainstThePolicy) {
  const PersonRef ana{.wa_id = "5491122334455"}, eva{.wa_id = "5491166667777"};
  InboundItem late{.wa_id = ana.wa_id, .at = kNow - absl::Hours(25)};
  late.content = {.kind = InboundKind::kText, .type = "text", .text = "BAJA"};
  ASSERT_THAT(Apply(late, kNow), IsOk());
  ASSERT_THAT(Write([&](sql::Transaction& tx) {
                Policy policy;
                policy.confirm_opt_out = false;
                return PolicyRepository::Put(tx, policy, kNow);
              }),
              IsOk());
  ASSERT_THAT(Says(eva, "BAJA"), IsOk());
  EXPECT_TRUE(Commit().empty());
}

TEST_F(ContactWorkTest, AnyOrderOfAPersonsActsEndsInTheLatest) {
  const std::vector<std::pair<std::string, int>> acts = {{"baja", 1}, {"alta", 2}, {"baja", 3}, {"alta", 4}};
  std::vector<int> order = {0, 1, 2, 3};
  int person = 0;
  do {
    const PersonRef who{.wa_id = absl::StrCat("54911", 40000000 + ++person)};
    for (const int i : order) {
      InboundItem item{.wa_id = who.wa_id, .at = kNow + absl::Seconds(acts[i].second)};
      item.content = {.kind = InboundKind::kText, .type = "text", .text = acts[i].first};
      ASSERT_THAT(Apply(item, kNow + absl::Hours(1)), IsOk());
    }
    const Contact c = *Find(who);
    EXPECT_TRUE(c.marketing_allowed()) << "order " << order[0] << order[1] << order[2] << order[3];
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_F(ContactWorkTest, OfAStopAndAResumeInOneSecondTheStopHolds) {
  const auto prefers = [](const PersonRef& who, bool stop) {
    return PreferenceItem{.wa_id = who.wa_id, .bsuid = who.bsuid, .stop = stop, .at = kNow};
  };
  int person = 0;
  for (const bool first : {true, false}) {
    const PersonRef who{.wa_id = absl::StrCat("54911", 40000000 + ++person)};
    const PersonRef other{.wa_id = absl::StrCat("54911", 40000000 + ++person)};
    for (const bool stop : {first, !first}) {
      EXPECT_THAT(ApplyOne(prefers(who, stop), kNow), IsOkAndHolds(ItemResult::kApplied));
      ASSERT_THAT(Says(other, stop ? "baja" : "alta"), IsOk());
    }
    for (const bool stop : {first, !first})
      EXPECT_THAT(ApplyOne(prefers(who, stop), kNow), IsOkAndHolds(ItemResult::kDuplicate));
    for (const PersonRef& one : {who, other}) {
      const Contact c = *Find(one);
      EXPECT_EQ(c.marketing, Decision::kRevoked) << one.wa_id;
      EXPECT_EQ(c.suppressed, kSuppressedMarketing) << one.wa_id;
    }
  }
}

TEST_F(ContactWorkTest, AGrantEndsByTime) {
  Contact ana = Make({.phone = "+5491122334455"}, kNow, Decision::kNone);
  const absl::Time end = kNow + absl::Hours(24);
  ASSERT_THAT(Write([&](sql::Transaction& tx) {
                return ActOnConsent(tx, contacts_, ana,
                                    {.id = Uuid::New(kNow),
                                     .contact_id = ana.id,
                                     .decision = Decision::kGranted,
                                     .at = kNow,
                                     .source = "form",
                                     .expires_at = end},
                                    "API", kNow);
              }),
              IsOk());
  EXPECT_TRUE(Read(ana.id).marketing_allowed());
  auto due = Write([&](sql::Transaction& tx) { return jobs::NextDue(tx, "contact_standing"); });
  EXPECT_EQ(**due, end) << "looked at again when it ends";
  ASSERT_THAT(Write([&](sql::Transaction& tx) { return RefreshStanding(tx, contacts_, ana.id, end); }), IsOk());
  EXPECT_EQ(Read(ana.id).marketing, Decision::kNone);
}

events::v1::Event ProfilingEvent(const std::string& type, const google::protobuf::Message& payload, absl::Time at) {
  events::v1::Event event;
  event.set_type(type);
  event.mutable_payload()->PackFrom(payload);
  event.mutable_occurred_at()->set_seconds(absl::ToUnixSeconds(at));
  return event;
}

TEST_F(ContactWorkTest, ASessionOfProfilingHoldsAndLetsGoOnlyItsOwn) {
  const Contact ana = Make({.wa_id = "5491122334455"}, kNow, Decision::kNone);
  const auto apply = [&](const events::v1::Event& event) {
    EXPECT_THAT(Write([&](sql::Transaction& tx) { return ApplyProfilingEvent(contacts_, tx, event, kNow); }), IsOk());
  };
  const auto hold = [&] {
    return Write([&](sql::Transaction& tx) { return WindowRepository::Get(tx, sender_, ana.id); })->hold;
  };
  profiling::v1::SessionStarted started;
  started.set_session_id("s-1");
  started.set_contact_id(ana.id.ToString());
  started.set_sender_id(sender_.ToString());
  started.mutable_expires_at()->set_seconds(absl::ToUnixSeconds(kNow + absl::Hours(1)));
  apply(ProfilingEvent("session.started", started, kNow));
  ASSERT_TRUE(hold().has_value());
  EXPECT_EQ(hold()->to, (ReplyRoute{Route::kProfiling, "s-1"}));
  EXPECT_EQ(hold()->until, kNow + absl::Hours(1));
  started.set_session_id("s-0");
  apply(ProfilingEvent("session.started", started, kNow - absl::Minutes(1)));
  EXPECT_EQ(hold()->to.ref, "s-1") << "the later by its own time stays";
  profiling::v1::SessionEnded ended;
  ended.set_contact_id(ana.id.ToString());
  ended.set_sender_id(sender_.ToString());
  ended.set_session_id("s-0");
  apply(ProfilingEvent("session.ended", ended, kNow));
  EXPECT_TRUE(hold().has_value());
  ended.set_session_id("s-1");
  apply(ProfilingEvent("session.ended", ended, kNow));
  EXPECT_FALSE(hold().has_value());
  started.set_contact_id(Uuid::New(kNow).ToString());
  apply(ProfilingEvent("session.started", started, kNow));  // a stranger
}

TEST_F(ContactWorkTest, ADecisionInAFlowIsConsentUnlessItCameFromHere) {
  Contact ana = Make({.wa_id = "5491122334455"}, kNow, Decision::kNone);
  ana.customer_id = "c-1";
  ASSERT_THAT(Write([&](sql::Transaction& tx) { return contacts_.Update(tx, ana, kNow); }), IsOk());
  ASSERT_THAT(Says({.wa_id = "5491122334455"}, "baja"), IsOk());
  profiling::v1::ProfileConsentChanged changed;
  changed.set_profile_id("c-1");
  changed.mutable_consent()->set_purpose("marketing");
  changed.mutable_consent()->set_decision(profiling::v1::Consent::DECISION_GRANTED);
  changed.mutable_consent()->mutable_at()->set_seconds(absl::ToUnixSeconds(kNow + absl::Minutes(5)));
  changed.mutable_consent()->set_source("api");
  const auto apply = [&] {
    const events::v1::Event event = ProfilingEvent("profile.consent_changed", changed, kNow);
    EXPECT_THAT(
        Write([&](sql::Transaction& tx) { return ApplyProfilingEvent(contacts_, tx, event, kNow + absl::Minutes(6)); }),
        IsOk());
    return Read(ana.id).marketing_allowed();
  };
  EXPECT_FALSE(apply()) << "not the person's own act";
  changed.mutable_consent()->set_source(Uuid::New(kNow).ToString());
  changed.set_from_messaging(true);
  EXPECT_FALSE(apply());
  changed.set_from_messaging(false);
  EXPECT_TRUE(apply()) << "given in a flow";
  changed.mutable_consent()->set_decision(profiling::v1::Consent::DECISION_REVOKED);
  changed.mutable_consent()->mutable_at()->set_seconds(absl::ToUnixSeconds(kNow + absl::Minutes(6)));
  EXPECT_FALSE(apply());
}

TEST_F(ContactWorkTest, WhoIsErasedInProfilingIsErasedHere) {
  Contact ana = Make({.wa_id = "5491122334455"}, kNow), second = Make({.bsuid = "AR.98"}, kNow),
          other = Make({.bsuid = "AR.99"}, kNow);
  ana.customer_id = second.customer_id = "c-1";
  other.customer_id = "c-2";
  for (Contact* c : {&ana, &second, &other})
    ASSERT_THAT(Write([&](sql::Transaction& tx) { return contacts_.Update(tx, *c, kNow); }), IsOk());
  profiling::v1::ProfileErased erased;
  erased.set_profile_id("c-1");
  const events::v1::Event event = ProfilingEvent("profile.erased", erased, kNow);
  for (int i = 0; i < 2; ++i)  // again, as after a lost cursor: nothing more
    ASSERT_THAT(Write([&](sql::Transaction& tx) { return ApplyProfilingEvent(contacts_, tx, event, kNow); }), IsOk());
  EXPECT_EQ(Read(ana.id).state, ContactState::kErased);
  EXPECT_EQ(Read(second.id).state, ContactState::kErased);
  EXPECT_EQ(Read(other.id).state, ContactState::kActive);
  EXPECT_FALSE(Find({.wa_id = "5491122334455"}).has_value());
  EXPECT_THAT(EventTypes(), testing::Contains("contact.erased").Times(2));
  erased.clear_profile_id();  // says nothing: nobody is erased
  const events::v1::Event empty = ProfilingEvent("profile.erased", erased, kNow);
  ASSERT_THAT(Write([&](sql::Transaction& tx) { return ApplyProfilingEvent(contacts_, tx, empty, kNow); }), IsOk());
  EXPECT_EQ(Read(other.id).state, ContactState::kActive);
}

TEST_F(ContactWorkTest, CustomersThatProfilingMergesAreOneHere) {
  Contact ana = Make({.wa_id = "5491122334455"}, kNow), other = Make({.bsuid = "AR.99"}, kNow);
  ana.customer_id = "c-1";
  ana.attributes = {{"plan", "oro"}};
  other.customer_id = "c-2";
  for (Contact* c : {&ana, &other})
    ASSERT_THAT(Write([&](sql::Transaction& tx) { return contacts_.Update(tx, *c, kNow); }), IsOk());
  const auto merge = [&](const std::string& from, const std::string& into) {
    profiling::v1::ProfileMerged merged;
    merged.set_from(from);
    merged.set_into(into);
    const events::v1::Event event = ProfilingEvent("profile.merged", merged, kNow);
    EXPECT_THAT(Write([&](sql::Transaction& tx) { return ApplyProfilingEvent(contacts_, tx, event, kNow); }), IsOk());
  };
  merge("c-1", "c-1");
  merge("c-1", "");
  EXPECT_EQ(Read(ana.id).customer_id, "c-1");
  merge("c-1", "c-2");
  merge("c-1", "c-2");
  EXPECT_EQ(Read(ana.id).customer_id, "c-2");
  EXPECT_EQ(Read(ana.id).attributes.at("plan"), "oro");
  EXPECT_EQ(Write([&](sql::Transaction& tx) { return contacts_.OfCustomer(tx, "c-2"); })->size(), 2u);
}

}  // namespace
}  // namespace vinculo::messaging
