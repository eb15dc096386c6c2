#include <gtest/gtest.h>

#include "common/sql/test_database.h"
#include "common/status/status_macros.h"
#include "common/testing/status_matchers.h"
#include "messaging_store_migrations.h"
#include "services/messaging/store/campaign_repository.h"
#include "services/messaging/store/channel_repository.h"
#include "services/messaging/store/compliance_repository.h"
#include "services/messaging/store/contact_history.h"
#include "services/messaging/store/contact_repository.h"
#include "services/messaging/store/cost_repository.h"
#include "services/messaging/store/erasure_repository.h"
#include "services/messaging/store/import_repository.h"
#include "services/messaging/store/inbound_repository.h"
#include "services/messaging/store/inbox_repository.h"
#include "services/messaging/store/limit_repository.h"
#include "services/messaging/store/media_repository.h"
#include "services/messaging/store/merge_repository.h"
#include "services/messaging/store/message_repository.h"
#include "services/messaging/store/policy_repository.h"
#include "services/messaging/store/pulse_repository.h"
#include "services/messaging/store/reachability_repository.h"
#include "services/messaging/store/segment_repository.h"
#include "services/messaging/store/setup_repository.h"
#include "services/messaging/store/template_account_repository.h"
#include "services/messaging/store/template_repository.h"

namespace vinculo::messaging {
namespace {

using ::vinculo::test::IsOk;
using ::vinculo::test::StatusIs;

const absl::Time kNow = absl::FromUnixSeconds(1'760'000'000);

class StoreTest : public testing::Test {
 protected:
  template <class Body>
  auto Write(Body body, std::string tenant = "demo") {
    return db_->WriteAndWait(sql::TestScope(std::move(tenant)), body);
  }

  Contact NewContact(const PersonRef& who, std::string tenant = "demo") {
    auto created = Write([&](sql::Transaction& tx) { return contacts_.GetOrCreate(tx, who, kNow); }, std::move(tenant));
    EXPECT_THAT(created, IsOk());
    return created.value_or(Contact());
  }

  Message NewMessage(const Contact& contact, const Uuid& sender) {
    Message m;
    m.id = Uuid::New(kNow);
    m.contact_id = contact.id;
    m.sender_id = sender;
    m.content = TextContent{"Hola", false};
    m.due_at = kNow;
    m.expire_at = kNow + absl::Hours(24);
    m.created_at = kNow;
    m.labels = {{"ticket", "7"}};
    return m;
  }

  sql::TestDatabase db_{"messaging", Migrations()};
  DataKey key_ = *DataKey::FromSecret(std::string(32, 'k'));
  ContactRepository contacts_{key_};
};

TEST_F(StoreTest, NoStatementScansATable) {
  for (const auto& queries :
       {ChannelRepository::Queries(),    TemplateRepository::Queries(), TemplateAccountRepository::Queries(),
        ContactRepository::Queries(),    ListRepository::Queries(),     ImportRepository::Queries(),
        CampaignRepository::Queries(),   MessageRepository::Queries(),  RawInbox::Queries(),
        WindowRepository::Queries(),     InboundRepository::Queries(),  PolicyRepository::Queries(),
        ComplianceRepository::Queries(), MergeRepository::Queries(),    ReachabilityRepository::Queries(),
        ErasureRepository::Queries(),    ContactHistory::Queries(),     SegmentRepository::Queries(),
        LimitRepository::Queries(),      MediaRepository::Queries(),    InboxLease::Queries(),
        CostRepository::Queries(),       CountDeltas::Queries(),        PulseRepository::Queries(),
        SetupRepository::Queries()}) {
    EXPECT_TRUE(sql::NoTableScans(*db_, queries));
  }
}

TEST_F(StoreTest, APersonIsFoundUnderEveryIdentity) {
  const Contact ana = NewContact({.phone = "+5491122334455", .country = "AR"});
  EXPECT_EQ(NewContact({.wa_id = "5491122334455"}).id, ana.id) << "same phone key";
  EXPECT_EQ(NewContact({.wa_id = "5491122334455", .bsuid = "AR.99"}).id, ana.id);
  EXPECT_EQ(NewContact({.bsuid = "AR.99"}).id, ana.id) << "the BSUID joined";
  EXPECT_EQ(NewContact({.phone = "+541122334455"}).id, ana.id) << "the Argentine 9 is folded";
  EXPECT_NE(NewContact({.phone = "+5491199999999"}).id, ana.id);
  EXPECT_NE(NewContact({.phone = "+5491122334455"}, "acme").id, ana.id) << "another tenant's person is another person";
}

TEST_F(StoreTest, OfACustomersContactsTheLastHeardFromIsMeant) {
  Contact silent = NewContact({.phone = "+5491122334455"}), wrote = NewContact({.phone = "+5491122334456"}),
          earlier = NewContact({.phone = "+5491122334457"}), last = NewContact({.phone = "+5491122334458"});
  const auto meant = [&] {
    const auto found = Write([&](sql::Transaction& tx) { return contacts_.FindByCustomer(tx, "c-1"); });
    return found.ok() && *found ? (*found)->phone : "";
  };
  ASSERT_THAT(Write([&](sql::Transaction& tx) -> absl::Status {
                for (Contact* c : {&silent, &wrote, &earlier, &last}) {
                  c->customer_id = "c-1";
                  RETURN_IF_ERROR(contacts_.Update(tx, *c, kNow));
                }
                return contacts_.Heard(tx, wrote.id, kNow);
              }),
              IsOk());
  EXPECT_EQ(meant(), wrote.phone) << "the others never wrote";
  ASSERT_THAT(Write([&](sql::Transaction& tx) -> absl::Status {
                RETURN_IF_ERROR(contacts_.Heard(tx, earlier.id, kNow - absl::Hours(1)));
                return contacts_.Heard(tx, last.id, kNow + absl::Hours(1));
              }),
              IsOk());
  EXPECT_EQ(meant(), last.phone);
}

TEST_F(StoreTest, SuppressionOutlivesTheContactAsAHash) {
  Contact ana = NewContact({.phone = "+5491122334455"});
  ASSERT_THAT(Write([&](sql::Transaction& tx) -> absl::Status {
                RETURN_IF_ERROR(contacts_.LoadIdentities(tx, ana));
                return contacts_.Suppress(tx, ana, kSuppressedMarketing, std::nullopt, kNow);
              }),
              IsOk());
  // A contact made later from the other spelling of the number is suppressed from its first moment.
  auto again = Write([&](sql::Transaction& tx) { return contacts_.Create(tx, {.wa_id = "541122334455"}, kNow); });
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->suppressed, kSuppressedMarketing);
}

TEST_F(StoreTest, AMessageComesBackAsItWasStored) {
  const Contact ana = NewContact({.phone = "+5491122334455"});
  Message m = NewMessage(ana, Uuid::New(kNow));
  ListContent list{"¿Sucursal?", "", "", "Ver", {{"Norte", {{"s1", "Olivos", "9 a 18"}}}}};
  m.content = list;
  m.fallback = TemplateContent{"aviso", "es", {{"body.1", "Ana"}}};
  m.reply_route = {Route::kProfiling, "session-1"};
  ASSERT_THAT(Write([&](sql::Transaction& tx) { return MessageRepository::Insert(tx, m); }), IsOk());
  auto read = Write([&](sql::Transaction& tx) { return MessageRepository::Get(tx, m.id); });
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(std::get<ListContent>(read->content).sections[0].rows[0].title, "Olivos");
  EXPECT_EQ(read->fallback->values.at("body.1"), "Ana");
  EXPECT_EQ(read->reply_route, m.reply_route);
  EXPECT_EQ(read->labels, m.labels);
  EXPECT_EQ(read->progress, m.progress);
  EXPECT_THAT(Write([&](sql::Transaction& tx) { return MessageRepository::Get(tx, m.id); }, "acme"),
              StatusIs(absl::StatusCode::kNotFound, "MESSAGE_NOT_FOUND"));
}

TEST_F(StoreTest, OnlyQueuedAndDueMessagesAreHandedOut) {
  const Contact ana = NewContact({.phone = "+5491122334455"});
  const Uuid sender = Uuid::New(kNow);
  Message due = NewMessage(ana, sender), later = NewMessage(ana, sender), sending = NewMessage(ana, sender);
  later.due_at = kNow + absl::Seconds(5);
  sending.progress.phase = Phase::kSending;
  sending.token = 3;
  auto found = Write([&](sql::Transaction& tx) -> absl::StatusOr<std::vector<std::vector<Message>>> {
    for (const Message& m : {due, later, sending}) RETURN_IF_ERROR(MessageRepository::Insert(tx, m));
    ASSIGN_OR_RETURN(auto now, MessageRepository::Due(tx, sender, Lane::kTransactional, kNow, {}, 10));
    ASSIGN_OR_RETURN(auto old, MessageRepository::Orphans(tx, sender, 4, 10));
    ASSIGN_OR_RETURN(auto mine, MessageRepository::Orphans(tx, sender, 3, 10));
    return std::vector<std::vector<Message>>{now, old, mine};
  });
  ASSERT_THAT(found, IsOk());
  ASSERT_EQ((*found)[0].size(), 1u);
  EXPECT_EQ((*found)[0][0].id, due.id);
  ASSERT_EQ((*found)[1].size(), 1u);
  EXPECT_EQ((*found)[1][0].id, sending.id);
  EXPECT_TRUE((*found)[2].empty()) << "a row of the current token is no orphan";
}

TEST_F(StoreTest, ADispatcherTokenGrowsAndFencesOffTheOldHolder) {
  const Uuid sender = Uuid::New(kNow);
  const auto claim = [&](std::string holder, absl::Time now) {
    return Write([=](sql::Transaction& tx) {
      return ChannelRepository::ClaimDispatcher(tx, sender, holder, now, now + absl::Seconds(15));
    });
  };
  EXPECT_THAT(claim("a", kNow), vinculo::test::IsOkAndHolds(1));
  EXPECT_THAT(claim("b", kNow + absl::Seconds(14)), StatusIs(absl::StatusCode::kFailedPrecondition, "LEASE_HELD"));
  EXPECT_THAT(claim("b", kNow + absl::Seconds(15)), vinculo::test::IsOkAndHolds(2));
  EXPECT_THAT(Write([=](sql::Transaction& tx) { return ChannelRepository::CheckDispatcher(tx, sender, 1); }),
              StatusIs(absl::StatusCode::kFailedPrecondition, "LEASE_LOST"));
  EXPECT_THAT(Write([=](sql::Transaction& tx) { return ChannelRepository::CheckDispatcher(tx, sender, 2); }), IsOk());
}

TEST_F(StoreTest, AGraphIdBelongsToOneTenantOfTheInstallation) {
  const auto insert = [&](std::string tenant) {
    return Write(
        [=](sql::Transaction& tx) {
          return ChannelRepository::InsertChannel(tx, {.id = Uuid::New(kNow),
                                                       .display_name = "x",
                                                       .waba_id = "77",
                                                       .app = "main",
                                                       .token_sealed = "s",
                                                       .token_tail = "abcd",
                                                       .created_at = kNow});
        },
        tenant);
  };
  EXPECT_THAT(insert("demo"), IsOk());
  EXPECT_THAT(insert("acme"), StatusIs(absl::StatusCode::kAlreadyExists, "PROVIDER_ID_TAKEN"));
  auto owner = Write([](sql::Transaction& tx) { return ChannelRepository::FindOwner(tx, kKindWaba, "77"); }, "acme");
  ASSERT_THAT(owner, IsOk());
  EXPECT_EQ((*owner)->tenant, "demo");
}

TEST_F(StoreTest, SecretsOpenOnlyWithTheirKeyAndContext) {
  const std::string sealed = key_.Seal("EAAG-token", "waba:77");
  EXPECT_EQ(sealed.find("EAAG"), std::string::npos);
  EXPECT_THAT(key_.Open(sealed, "waba:77"), vinculo::test::IsOkAndHolds("EAAG-token"));
  EXPECT_THAT(key_.Open(sealed, "waba:78"), StatusIs(absl::StatusCode::kDataLoss, "SECRET_UNREADABLE"));
  EXPECT_THAT(DataKey::FromSecret(std::string(32, 'z'))->Open(sealed, "waba:77"),
              StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(DataKey::FromSecret("short"), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(StoreTest, AWindowMovesForwardOnlyAndTheLaterHoldWins) {
  const Uuid sender = Uuid::New(kNow), contact = Uuid::New(kNow);
  auto window = Write([&](sql::Transaction& tx) -> absl::StatusOr<Window> {
    RETURN_IF_ERROR(WindowRepository::Extend(tx, sender, contact, kNow + absl::Hours(24)));
    RETURN_IF_ERROR(WindowRepository::Extend(tx, sender, contact, kNow + absl::Hours(20)));
    RETURN_IF_ERROR(WindowRepository::SetHold(
        tx, sender, contact, {{Route::kProfiling, "s"}, kNow + absl::Hours(1), kNow + absl::Seconds(2)}));
    RETURN_IF_ERROR(WindowRepository::SetHold(
        tx, sender, contact, {{Route::kSupport, "c"}, kNow + absl::Hours(9), kNow + absl::Seconds(1)}));
    RETURN_IF_ERROR(WindowRepository::ClearHold(tx, sender, contact, "c"));
    return WindowRepository::Get(tx, sender, contact);
  });
  ASSERT_THAT(window, IsOk());
  EXPECT_EQ(window->open_until, kNow + absl::Hours(24));
  EXPECT_TRUE(window->IsOpen(kNow + absl::Hours(23)));
  EXPECT_FALSE(window->IsOpen(kNow + absl::Hours(24) - absl::Seconds(60)));
  ASSERT_TRUE(window->hold);
  EXPECT_EQ(window->hold->to.ref, "s");
}

TEST_F(StoreTest, CountersEqualTheRows) {
  const Uuid campaign = Uuid::New(kNow);
  auto counts = Write([&](sql::Transaction& tx) -> absl::StatusOr<std::pair<RecipientCounts, RecipientCounts>> {
    CountDeltas deltas;
    for (int i = 0; i < 5; ++i) {
      Recipient r{.campaign_id = campaign,
                  .contact_id = Uuid::New(kNow),
                  .position = i,
                  .not_before = kNow,
                  .updated_at = kNow};
      r.state = i < 2 ? RecipientState::kExcluded : RecipientState::kQueued;
      r.reason = i < 2 ? "NO_CONSENT" : "";
      RETURN_IF_ERROR(CampaignRepository::InsertRecipient(tx, r));
      deltas.Add(campaign, r.state, r.reason, 1);
    }
    ASSIGN_OR_RETURN(std::vector<Recipient> due, CampaignRepository::Due(tx, campaign, kNow, 1));
    due[0].state = RecipientState::kSending;
    RETURN_IF_ERROR(CampaignRepository::UpdateRecipient(tx, due[0]));
    deltas.Move(campaign, RecipientState::kQueued, "", RecipientState::kSending, "");
    RETURN_IF_ERROR(deltas.Flush(tx));
    ASSIGN_OR_RETURN(auto kept, CampaignRepository::Counts(tx, campaign));
    ASSIGN_OR_RETURN(auto actual, CampaignRepository::Recount(tx, campaign));
    return std::pair(kept, actual);
  });
  ASSERT_THAT(counts, IsOk());
  EXPECT_EQ(counts->first, counts->second);
  EXPECT_EQ((counts->first[{RecipientState::kExcluded, "NO_CONSENT"}]), 2);
}

TEST_F(StoreTest, RawBodiesComeBackInOrderOnceAndGoAfterAWhile) {
  std::vector<Uuid> ids = {Uuid::New(kNow), Uuid::New(kNow), Uuid::New(kNow)};
  auto left = Write([&](sql::Transaction& tx) -> absl::StatusOr<std::vector<RawBody>> {
    for (const Uuid& id : ids) RETURN_IF_ERROR(RawInbox::Append(tx, {id, "main", kNow, "{not json"}));
    RETURN_IF_ERROR(RawInbox::MarkProcessed(tx, ids[1], kNow));
    ASSIGN_OR_RETURN(const int64_t swept, RawInbox::Sweep(tx, kNow + absl::Seconds(1), 10));
    if (swept != 1) return absl::InternalError("one processed body goes");
    return RawInbox::Waiting(tx, Uuid(), 10);
  });
  ASSERT_THAT(left, IsOk());
  ASSERT_EQ(left->size(), 2u);
  EXPECT_EQ((*left)[0].id, ids[0]);
  EXPECT_EQ((*left)[1].body, "{not json");
}

}  // namespace
}  // namespace vinculo::messaging
