// What single messages, windows and files go through without HTTP: on both engines.
#include <gmock/gmock.h>

#include "common/metrics/registry.h"
#include "services/messaging/store/import_repository.h"
#include "services/messaging/store/inbound_repository.h"
#include "services/messaging/store/inbox_repository.h"
#include "services/messaging/store/media_repository.h"
#include "services/messaging/work/upkeep.h"
#include "services/messaging/work/work_rig.h"

namespace vinculo::messaging {
namespace {

using ::vinculo::test::IsOk;
using ::vinculo::test::IsOkAndHolds;
using ::vinculo::test::StatusIs;

class ConversationTest : public WorkRig {
 protected:
  Message Queue(Content content, std::optional<TemplateContent> fallback = std::nullopt) {
    Message m{.id = Uuid::New(kNow),
              .contact_id = people_[0].id,
              .sender_id = sender_,
              .due_at = kNow,
              .expire_at = kNow + absl::Hours(24),
              .content = std::move(content),
              .fallback = std::move(fallback),
              .created_at = kNow};
    EXPECT_THAT(Write([&](sql::Transaction& tx) { return MessageRepository::Insert(tx, m); }), IsOk());
    return m;
  }
  Message Read(const Uuid& id) {
    return *Write([&](sql::Transaction& tx) { return MessageRepository::Get(tx, id); });
  }
  template <class Item>
  absl::StatusOr<ItemResult> ApplyAny(const Item& item) {
    return ApplyOne(item, kNow + absl::Seconds(20));
  }
  // One message with an open window, accepted.
  Message AcceptedText() {
    NewCampaign(1);
    EXPECT_THAT(Inbound(people_[0], "hola"), IsOk());
    Queue(TextContent{"Hola"});
    const IntentBatch batch = *Commit();
    EXPECT_THAT(Record({Accepted(batch.intents[0])}), IsOk());
    return batch.intents[0].message;
  }
  // A round of upkeep `later` than now.
  void Sweep(absl::Duration later, const std::string& instance = "one") {
    ASSERT_THAT(Upkeep(*db_, metrics_, {"demo"}, instance).Round(kNow + later), IsOk());
  }

  metrics::Registry registry_;
  Metrics metrics_{registry_};
};

TEST_F(ConversationTest, TheFallbackGoesOutWhenWhatsAppSaysThatTheWindowIsClosed) {
  NewCampaign(1);
  ASSERT_THAT(Inbound(people_[0], "hola"), IsOk());
  const Message m = Queue(TextContent{"Hola"}, TemplateContent{"promo", "es", {{"body.1", "Ana"}}});
  const IntentBatch first = *Commit();
  const auto text =
      std::find_if(first.intents.begin(), first.intents.end(), [&](const Intent& i) { return i.message.id == m.id; });
  ASSERT_NE(text, first.intents.end());
  ASSERT_THAT(Record({Refused(*text, 131047)}), IsOk());
  const Message queued = Read(m.id);
  EXPECT_EQ(queued.state(), MessageState::kQueued);
  ASSERT_TRUE(std::holds_alternative<TemplateContent>(queued.content)) << "as the same message";
  EXPECT_EQ(queued.lane, Lane::kBulk);
  EXPECT_FALSE(queued.fallback.has_value());
}

TEST_F(ConversationTest, WithoutAFallbackAClosedWindowFailsTheMessage) {
  NewCampaign(1);
  ASSERT_THAT(Inbound(people_[0], "hola"), IsOk());
  const Message m = Queue(TextContent{"Hola"});
  ASSERT_THAT(Record({Refused(Commit()->intents[0], 131047)}), IsOk());
  EXPECT_EQ(Read(m.id).state(), MessageState::kFailed);
  EXPECT_EQ(Read(m.id).progress.error_reason, "WINDOW_CLOSED");
  EXPECT_EQ(Read(m.id).progress.error_code, 131047);
}

TEST_F(ConversationTest, AFileThatEndedInTheQueueFailsTheMessage) {
  NewCampaign(1);
  ASSERT_THAT(Inbound(people_[0], "hola"), IsOk());
  ASSERT_THAT(Write([&](sql::Transaction& tx) {
                return MediaRepository::Put(
                    tx, {.id = "77", .sender_id = sender_, .kind = MediaKind::kImage, .expire_at = kNow});
              }),
              IsOk());
  const Message m = Queue(MediaContent{MediaKind::kImage, {"77", ""}});
  ASSERT_THAT(Commit(), IsOk());
  EXPECT_EQ(Read(m.id).progress.error_reason, "MEDIA_EXPIRED");
}

TEST_F(ConversationTest, AMessageExpiresAnHourAfterItsTimeToLiveUntilAStatusSaysOtherwise) {
  const Message m = AcceptedText();
  Sweep(absl::Hours(30 * 24));
  EXPECT_EQ(Read(m.id).state(), MessageState::kAccepted);
  Sweep(absl::Hours(30 * 24) + kExpiryMargin);
  EXPECT_EQ(Read(m.id).state(), MessageState::kExpired);
  EXPECT_EQ(Read(m.id).progress.expired_at, kNow + absl::Hours(30 * 24) + kExpiryMargin);
  ASSERT_THAT(Status(m, ReportedStatus::kSent, 1), IsOk());
  EXPECT_EQ(Read(m.id).state(), MessageState::kExpired) << "sent says nothing about arriving";
  ASSERT_THAT(Status(m, ReportedStatus::kDelivered, 2), IsOk());
  EXPECT_EQ(Read(m.id).state(), MessageState::kDelivered);
  EXPECT_EQ(metrics_.upkeep["expired"].Value(), 1);
}

TEST_F(ConversationTest, ADeliveredMessageDoesNotExpire) {
  const Message m = AcceptedText();
  ASSERT_THAT(Status(m, ReportedStatus::kDelivered, 2), IsOk());
  Sweep(absl::Hours(40 * 24));
  EXPECT_EQ(Read(m.id).state(), MessageState::kDelivered);
}

TEST(TimeToLiveRule, FollowsTheTemplateWhereItsCategoryHasOne) {
  EXPECT_EQ(TimeToLive(Category::kUnspecified, 0), absl::Hours(720));
  EXPECT_EQ(TimeToLive(Category::kAuthentication, 0), absl::Minutes(10));
  EXPECT_EQ(TimeToLive(Category::kAuthentication, 60), absl::Minutes(1));
  EXPECT_EQ(TimeToLive(Category::kAuthentication, -1), absl::Hours(720));
  EXPECT_EQ(TimeToLive(Category::kUtility, 43200), absl::Hours(12));
  EXPECT_EQ(TimeToLive(Category::kMarketing, 43200), absl::Hours(720)) << "honoured on the marketing API only";
}

TEST_F(ConversationTest, ParkedStatusesAreDroppedAfterFourteenDays) {
  StatusItem stranger{.wamid = "wamid.nobody", .report = {ReportedStatus::kSent, kNow}};
  ASSERT_THAT(ApplyAny(stranger), IsOkAndHolds(ItemResult::kParked));
  Sweep(absl::Hours(13 * 24));
  EXPECT_EQ(metrics_.upkeep["parked_dropped"].Value(), 0);
  Sweep(absl::Hours(15 * 24));
  EXPECT_EQ(metrics_.upkeep["parked_dropped"].Value(), 1);
  const auto left = Write([](sql::Transaction& tx) { return InboundRepository::TakeParked(tx, "wamid.nobody"); });
  EXPECT_TRUE(left->empty());
}

TEST_F(ConversationTest, AMessageFromThePhoneAppIsStoredOnceAndInNoCampaign) {
  NewCampaign(1);
  const EchoItem echo{.phone_number_id = "55",
                      .wamid = "wamid.echo",
                      .to_wa_id = people_[0].phone.substr(1),
                      .at = kNow,
                      .content = {.kind = InboundKind::kText, .type = "text", .text = "ya va"}};
  const StatusItem early{.wamid = "wamid.echo", .report = {ReportedStatus::kDelivered, kNow + absl::Seconds(2)}};
  ASSERT_THAT(ApplyAny(early), IsOkAndHolds(ItemResult::kParked)) << "its status may come first";
  ASSERT_THAT(ApplyAny(echo), IsOkAndHolds(ItemResult::kApplied));
  ASSERT_THAT(ApplyAny(echo), IsOkAndHolds(ItemResult::kDuplicate));
  const auto found = Write([](sql::Transaction& tx) { return MessageRepository::FindByWamid(tx, "wamid.echo"); });
  ASSERT_TRUE(found.ok() && found->has_value());
  const Message m = Read((*found)->id);
  EXPECT_EQ(m.origin, Origin::kPhoneApp);
  EXPECT_EQ(m.contact_id, people_[0].id);
  EXPECT_EQ(std::get<TextContent>(m.content).body, "ya va");
  EXPECT_EQ(m.state(), MessageState::kDelivered);
  EXPECT_FALSE(m.campaign_id.has_value());
  EXPECT_THAT(EventTypes(), testing::IsSupersetOf({"message.echoed", "message.delivered"}));
}

TEST_F(ConversationTest, AnAdvertOpensAFreeWindowOfThreeDays) {
  NewCampaign(1);
  InboundItem item{.wamid = "in.1", .wa_id = people_[0].phone.substr(1), .at = kNow, .from_advert = true};
  item.content = {.kind = InboundKind::kText, .type = "text", .text = "vi el aviso"};
  ASSERT_THAT(ApplyAny(item), IsOkAndHolds(ItemResult::kApplied));
  const auto window = Write([&](sql::Transaction& tx) { return WindowRepository::Get(tx, sender_, people_[0].id); });
  EXPECT_EQ(window->entry_until, kNow + absl::Hours(72));
  EXPECT_EQ(window->open_until, kNow + absl::Hours(24));
  EXPECT_TRUE(window->IsOpen(kNow + absl::Hours(24) - absl::Seconds(61)));
  EXPECT_FALSE(window->IsOpen(kNow + absl::Hours(24) - absl::Seconds(60)));
}

TEST_F(ConversationTest, OnlyWhatAPersonSaysOpensTheWindow) {
  NewCampaign(1);
  int n = 0;
  for (const InboundKind kind :
       {InboundKind::kReaction, InboundKind::kChange, InboundKind::kSystem, InboundKind::kOther}) {
    InboundItem item{.wamid = absl::StrCat("in.", ++n), .wa_id = people_[0].phone.substr(1), .at = kNow};
    item.content = {.kind = kind, .type = "x"};
    ASSERT_THAT(ApplyAny(item), IsOkAndHolds(ItemResult::kApplied));
  }
  const auto closed = Write([&](sql::Transaction& tx) { return WindowRepository::Get(tx, sender_, people_[0].id); });
  EXPECT_EQ(closed->open_until, std::nullopt);
  InboundItem order{.wamid = "in.order", .wa_id = people_[0].phone.substr(1), .at = kNow};
  order.content = {.kind = InboundKind::kStructured, .type = "order", .data = R"({"catalog_id":"c"})"};
  ASSERT_THAT(ApplyAny(order), IsOkAndHolds(ItemResult::kApplied));
  const auto open = Write([&](sql::Transaction& tx) { return WindowRepository::Get(tx, sender_, people_[0].id); });
  EXPECT_EQ(open->open_until, kNow + absl::Hours(24)) << "an order is something that a person says";
}

TEST_F(ConversationTest, AnAnswerIsCreditedByWhenItWasWrittenNotWhenItArrived) {
  const Campaign c = NewCampaign(2);
  const IntentBatch batch = *Commit();
  ASSERT_THAT(Record({Accepted(batch.intents[0]), Accepted(batch.intents[1])}), IsOk());
  InboundItem late{.wamid = "in.late", .wa_id = people_[0].phone.substr(1), .at = kNow + absl::Hours(25)};
  late.content = {.kind = InboundKind::kText, .type = "text", .text = "hola"};
  ASSERT_THAT(ApplyAny(late), IsOkAndHolds(ItemResult::kApplied));
  EXPECT_EQ(Counts(c).of(RecipientState::kReplierInferred), 0) << "beyond the policy's window";
  InboundItem before{.wamid = "in.before", .wa_id = people_[1].phone.substr(1), .at = kNow - absl::Hours(1)};
  before.content = late.content;
  ASSERT_THAT(ApplyAny(before), IsOkAndHolds(ItemResult::kApplied));
  EXPECT_EQ(Counts(c).of(RecipientState::kReplierInferred), 0) << "written before the campaign";
}

TEST_F(ConversationTest, FilesOfPeopleAreKnownWhileWhatsAppKeepsThem) {
  NewCampaign(1);
  InboundItem photo{.wamid = "in.photo", .wa_id = people_[0].phone.substr(1), .at = kNow};
  photo.content = {.kind = InboundKind::kMedia, .type = "image", .media_id = "901", .mime_type = "image/jpeg"};
  ASSERT_THAT(ApplyAny(photo), IsOkAndHolds(ItemResult::kApplied));
  const auto find = [&] { return Write([](sql::Transaction& tx) { return MediaRepository::Find(tx, "901"); }); };
  ASSERT_TRUE((*find()).has_value());
  EXPECT_EQ((*find())->contact_id, people_[0].id);
  EXPECT_EQ((*find())->expire_at, kNow + absl::Hours(7 * 24));
  Sweep(absl::Hours(38 * 24));
  EXPECT_FALSE((*find()).has_value()) << "a month after its end nobody asks for it";
}

TEST_F(ConversationTest, InboundMessagesAreListedNewestFirst) {
  NewCampaign(1);
  for (int i = 0; i < 3; ++i) ASSERT_THAT(Inbound(people_[0], absl::StrCat("n", i)), IsOk());
  const auto list = [&](const std::optional<InboundRepository::Cursor>& before) {
    return *Write([&](sql::Transaction& tx) { return InboundRepository::ListByContact(tx, people_[0].id, before, 2); });
  };
  const std::vector<InboundEvent> first = list(std::nullopt);
  ASSERT_EQ(first.size(), 2u);
  EXPECT_EQ(first[0].content.text, "n2");
  const std::vector<InboundEvent> second = list({{first[1].received_at, first[1].wamid}});
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(second[0].content.text, "n0");
  EXPECT_EQ(second[0].to.route, Route::kSupport);
}

TEST_F(ConversationTest, OneOfSeveralProcessesAppliesWebhooks) {
  const auto claim = [&](const char* holder, absl::Time now) {
    return *Write([&](sql::Transaction& tx) { return InboxLease::Claim(tx, holder, now, now + absl::Seconds(10)); });
  };
  const auto check = [&](int64_t token) {
    return Write([&](sql::Transaction& tx) { return InboxLease::Check(tx, token); });
  };
  const std::optional<int64_t> one = claim("one", kNow);
  ASSERT_TRUE(one.has_value());
  EXPECT_EQ(claim("two", kNow + absl::Seconds(9)), std::nullopt);
  EXPECT_EQ(claim("one", kNow + absl::Seconds(9)), one) << "renewed under the same token";
  EXPECT_THAT(check(*one), IsOk());
  const std::optional<int64_t> two = claim("two", kNow + absl::Seconds(19));
  ASSERT_TRUE(two.has_value());
  EXPECT_THAT(check(*one), StatusIs(absl::StatusCode::kFailedPrecondition, "LEASE_LOST"));
  EXPECT_THAT(check(*two), IsOk());
}

TEST_F(ConversationTest, AnImportIsInterruptedOnceItsProcessIsGone) {
  const Import ours{.id = Uuid::New(kNow), .started_at = kNow, .owner = "one"};
  Import theirs{.id = Uuid::New(kNow), .started_at = kNow, .owner = "two"};
  ASSERT_THAT(Write([&](sql::Transaction& tx) -> absl::Status {
                RETURN_IF_ERROR(ImportRepository::Put(tx, ours, kNow));
                return ImportRepository::Put(tx, theirs, kNow);
              }),
              IsOk());
  const auto state = [&](const Import& import) {
    return Write([&](sql::Transaction& tx) { return ImportRepository::Get(tx, import.id); })->state;
  };
  Sweep(absl::Minutes(4));
  EXPECT_EQ(state(theirs), ImportState::kRunning) << "its process may live";
  Sweep(kImportLease);
  EXPECT_EQ(state(theirs), ImportState::kInterrupted) << "nothing was heard of its process";
  EXPECT_EQ(state(ours), ImportState::kRunning) << "ours was kept alive";
  Sweep(absl::Minutes(8), "three");
  EXPECT_EQ(state(ours), ImportState::kRunning) << "one that starts interrupts nobody who lives";
  Sweep(absl::Minutes(11), "three");
  EXPECT_EQ(state(ours), ImportState::kInterrupted);
  theirs.state = ImportState::kFinished;
  ASSERT_THAT(Write([&](sql::Transaction& tx) { return ImportRepository::Put(tx, theirs, kNow + absl::Hours(1)); }),
              IsOk());
  EXPECT_EQ(state(theirs), ImportState::kFinished) << "what had only been silent tells how it ended";
}

}  // namespace
}  // namespace vinculo::messaging
