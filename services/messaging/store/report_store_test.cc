#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/sql/test_database.h"
#include "common/status/status_macros.h"
#include "common/testing/status_matchers.h"
#include "messaging_store_migrations.h"
#include "services/messaging/store/contact_repository.h"
#include "services/messaging/store/message_export.h"
#include "services/messaging/store/message_repository.h"
#include "services/messaging/store/recipient_query.h"
#include "services/messaging/store/report_repository.h"
#include "services/messaging/store/template_history.h"
#include "services/messaging/store/timeline_repository.h"

namespace vinculo::messaging {
namespace {

using ::testing::ElementsAre;
using ::vinculo::test::IsOk;
using ::vinculo::test::IsOkAndHolds;

const absl::Time kNow = absl::FromUnixSeconds(1'760'000'000);

class ReportStoreTest : public testing::Test {
 protected:
  template <class Body>
  auto Write(Body body) {
    return db_->WriteAndWait(sql::TestScope("demo"), body);
  }

  Message NewMessage(const Uuid& sender, std::optional<Uuid> campaign) {
    Message m;
    m.id = Uuid::New(kNow);
    m.contact_id = Uuid::New(kNow);
    m.sender_id = sender;
    m.campaign_id = campaign;
    m.version = 2;
    m.content = TemplateContent{"promo", "es_AR", {}};
    m.progress = {.phase = Phase::kAccepted, .attempt = 1, .accepted_at = kNow};
    return m;
  }

  // A row of a campaign that stands at `state`.
  Recipient AddRow(const Uuid& campaign, RecipientState state, const std::string& reason = "", int replied = 0,
                   bool opted_out = false) {
    static int n = 0;
    auto added = Write([&](sql::Transaction& tx) -> absl::StatusOr<Recipient> {
      ASSIGN_OR_RETURN(const Contact contact,
                       contacts_.Create(tx, {.phone = absl::StrCat("+549112233", 1000 + ++n)}, kNow));
      Recipient r{.campaign_id = campaign,
                  .contact_id = contact.id,
                  .state = state,
                  .reason = reason,
                  .not_before = kNow,
                  .updated_at = kNow};
      RETURN_IF_ERROR(CampaignRepository::InsertRecipient(tx, r));
      r.replied = replied;
      r.opted_out = opted_out;
      if (replied != 0) RETURN_IF_ERROR(CampaignRepository::SetReplied(tx, r));
      return r;
    });
    EXPECT_THAT(added, IsOk());
    return added.value_or(Recipient());
  }

  size_t Count(const Uuid& campaign, const RecipientFilter& filter, int limit = 3, int walk = 4) {
    size_t n = 0;
    Uuid after;
    for (bool more = true; more;) {
      const auto page =
          Write([&](sql::Transaction& tx) { return ListRecipients(tx, campaign, filter, after, limit, walk); });
      if (!page.ok()) return ADD_FAILURE() << page.status(), 0;
      n += page->rows.size();
      after = page->next;
      more = page->more;
    }
    return n;
  }

  sql::TestDatabase db_{"messaging", Migrations()};
  DataKey key_ = *DataKey::FromSecret(std::string(32, 'k'));
  ContactRepository contacts_{key_};
};

TEST_F(ReportStoreTest, NoStatementScansATable) {
  for (const auto& queries : {ReportRepository::Queries(), FigureDeltas::Queries(), TemplateHistory::Queries(),
                              RecipientQueries(), ExportQueries(), TimelineRepository::Queries()}) {
    EXPECT_TRUE(sql::NoTableScans(*db_, queries));
  }
}

TEST_F(ReportStoreTest, CountersFollowAMessageWhateverMoves) {
  const Uuid campaign = Uuid::New(kNow), sender = Uuid::New(kNow);
  const Message accepted = NewMessage(sender, campaign);
  Message delivered = accepted, corrected = accepted;
  delivered.progress.delivered_at = kNow + absl::Minutes(30);
  corrected.progress.delivered_at = kNow + absl::Minutes(2);
  EXPECT_THAT(Write([&](sql::Transaction& tx) -> absl::Status {
                FigureDeltas deltas;
                deltas.Change(accepted, {}, FiguresOf(accepted), true);
                RETURN_IF_ERROR(deltas.Flush(tx));
                deltas.Change(delivered, FiguresOf(accepted), FiguresOf(delivered), true);
                RETURN_IF_ERROR(deltas.Flush(tx));
                deltas.Change(corrected, FiguresOf(delivered), FiguresOf(corrected), true);
                return deltas.Flush(tx);
              }),
              IsOk());
  std::vector<std::tuple<int64_t, Figure, int64_t>> minutes;
  auto sums = Write([&](sql::Transaction& tx) -> absl::StatusOr<CountsBySource> {
    RETURN_IF_ERROR(ReportRepository::EachMinute(
        tx, campaign, [&](int64_t minute, Figure f, int64_t n) { minutes.emplace_back(minute, f, n); }));
    return ReportRepository::OfSender(tx, sender, QuarterOf(kNow), QuarterOf(kNow) + 1);
  });
  const int64_t minute = MinuteOf(kNow);
  EXPECT_THAT(minutes,
              ElementsAre(std::tuple(minute, Figure::kAccepted, 1), std::tuple(minute + 2, Figure::kDelivered, 1)));
  ASSERT_THAT(sums, IsOk());
  EXPECT_EQ((*sums)[Source::kCampaign].figures,
            (FigureCounts{{{Figure::kAccepted, ""}, 1}, {{Figure::kDelivered, ""}, 1}}));
}

TEST_F(ReportStoreTest, CostsFollowAMessageWhateverMoves) {
  const Uuid sender = Uuid::New(kNow);
  const Message accepted = NewMessage(sender, std::nullopt);
  Message unpriced = accepted;
  unpriced.progress.delivered_at = kNow + absl::Minutes(30);
  Message priced = unpriced;
  priced.billable = true;
  priced.price = 61'900;
  priced.currency = "USD";
  Message earlier = priced, dearer = priced;
  earlier.progress.delivered_at = dearer.progress.delivered_at = kNow + absl::Minutes(2);
  dearer.price = 70'000;
  dearer.currency = "EUR";
  EXPECT_THAT(Write([&](sql::Transaction& tx) -> absl::Status {
                FigureDeltas deltas;
                const Message* before = &accepted;
                for (const Message* after : {&unpriced, &priced, &earlier, &dearer}) {
                  deltas.ChangeCost(*before, *after);
                  RETURN_IF_ERROR(deltas.Flush(tx));
                  before = after;
                }
                return absl::OkStatus();
              }),
              IsOk());
  const CostShares expected{{{CostKind::kPriced, "EUR"}, {1, 70'000}}};
  auto versions = Write([&](sql::Transaction& tx) {
    return ReportRepository::OfTemplate(tx, {sender, Uuid::New(kNow)}, "promo");
  });
  ASSERT_THAT(versions, IsOk());
  ASSERT_EQ(versions->size(), 1u);
  EXPECT_EQ((*versions)[0].version, 2);
  EXPECT_EQ((*versions)[0].by_source[Source::kNotification].costs, expected);
  EXPECT_FALSE((*versions)[0].by_source.contains(Source::kCampaign));
  const auto costs_in = [&](absl::Time at) {
    return Write([&](sql::Transaction& tx) {
      return ReportRepository::CostsOfSender(tx, sender, QuarterOf(at), QuarterOf(at) + 1);
    });
  };
  EXPECT_THAT(costs_in(kNow + absl::Minutes(2)), IsOkAndHolds(std::map{std::pair(Source::kNotification, expected)}));
  EXPECT_THAT(costs_in(kNow + absl::Minutes(30)), IsOkAndHolds(testing::IsEmpty())) << "it left this quarter";
}

TEST_F(ReportStoreTest, AMessageThatTheLedgerLeftKeepsItsOtherCounters) {
  const Uuid campaign = Uuid::New(kNow), sender = Uuid::New(kNow);
  const Message m = NewMessage(sender, campaign);
  auto versions = Write([&](sql::Transaction& tx) -> absl::StatusOr<std::vector<VersionCounts>> {
    FigureDeltas deltas;
    deltas.Change(m, {}, FiguresOf(m), true);
    deltas.Show(m, false);
    RETURN_IF_ERROR(deltas.Flush(tx));
    return ReportRepository::OfTemplate(tx, {sender}, "promo");
  });
  ASSERT_THAT(versions, IsOk());
  ASSERT_EQ(versions->size(), 1u);
  EXPECT_EQ((*versions)[0].language, "es_AR");
  EXPECT_EQ((*versions)[0].version, 2);
  EXPECT_EQ((*versions)[0].by_source[Source::kCampaign].figures, (FigureCounts{{{Figure::kAccepted, ""}, 1}}));
  int minutes = 0;
  EXPECT_THAT(Write([&](sql::Transaction& tx) {
                return ReportRepository::EachMinute(tx, campaign, [&](int64_t, Figure, int64_t) { ++minutes; });
              }),
              IsOk());
  EXPECT_EQ(minutes, 0);
}

TEST_F(ReportStoreTest, EveryFigureOpensWithThatManyRows) {
  const Uuid campaign = Uuid::New(kNow);
  for (int i = 0; i < 3; ++i) AddRow(campaign, RecipientState::kExcluded, "NO_CONSENT");
  for (int i = 0; i < 2; ++i) AddRow(campaign, RecipientState::kFailed, "PROVIDER_131026");
  AddRow(campaign, RecipientState::kFailed, "LATER_131049");
  for (int i = 0; i < 4; ++i) AddRow(campaign, RecipientState::kDelivered);
  AddRow(campaign, RecipientState::kRead, "", 1);
  AddRow(campaign, RecipientState::kRead, "", 2, true);
  AddRow(campaign, RecipientState::kUnknown);
  AddRow(Uuid::New(kNow), RecipientState::kRead, "", 1);
  using F = RecipientFilter;
  constexpr auto kFailed = RecipientState::kFailed;
  EXPECT_EQ(Count(campaign, {}), 13u);
  EXPECT_EQ(Count(campaign, {.reason = "NO_CONSENT"}), 3u);
  EXPECT_EQ(Count(campaign, {.first = RecipientState::kSending}), 10u) << "attempted";
  EXPECT_EQ(Count(campaign, {.first = RecipientState::kAccepted, .failure = F::Failure::kLater}), 7u)
      << "accepted ever";
  EXPECT_EQ(Count(campaign, {.first = RecipientState::kDelivered, .last = RecipientState::kRead}), 6u);
  EXPECT_EQ(Count(campaign, {.first = kFailed, .last = kFailed, .failure = F::Failure::kRefused}), 2u);
  EXPECT_EQ(Count(campaign, {.first = kFailed, .last = kFailed, .failure = F::Failure::kLater}), 1u);
  EXPECT_EQ(Count(campaign, {.reply = F::Reply::kAny}), 2u);
  EXPECT_EQ(Count(campaign, {.reply = F::Reply::kDirect}), 1u);
  EXPECT_EQ(Count(campaign, {.reply = F::Reply::kInferred}), 1u);
  EXPECT_EQ(
      Count(campaign, {.first = RecipientState::kDelivered, .last = RecipientState::kRead, .reply = F::Reply::kNone}),
      4u);
  EXPECT_EQ(Count(campaign, {.opted_out = true}), 1u);
}

TEST_F(ReportStoreTest, APageLooksAtABoundedNumberOfRows) {
  const Uuid campaign = Uuid::New(kNow);
  for (int i = 0; i < 5; ++i) AddRow(campaign, RecipientState::kDelivered);
  const auto page = Write([&](sql::Transaction& tx) {
    return ListRecipients(tx, campaign, {.first = RecipientState::kHeld, .last = RecipientState::kHeld}, Uuid(), 10, 2);
  });
  ASSERT_THAT(page, IsOk());
  EXPECT_TRUE(page->rows.empty());
  EXPECT_TRUE(page->more) << "two of five rows were looked at";
  EXPECT_FALSE(page->next.is_nil());
}

TEST_F(ReportStoreTest, QualityIsRememberedWhenItChangesAndTheFirstVerdictForEver) {
  const TranslationKey key{Uuid::New(kNow), "promo", "es_AR"};
  EXPECT_THAT(Write([&](sql::Transaction& tx) -> absl::Status {
                RETURN_IF_ERROR(TemplateHistory::Submitted(tx, key, kNow));
                RETURN_IF_ERROR(TemplateHistory::Submitted(tx, key, kNow + absl::Hours(9)));
                for (const char* verdict : {"PENDING", "REJECTED", "APPROVED"})
                  RETURN_IF_ERROR(TemplateHistory::Judged(tx, key, verdict));
                int hour = 0;
                for (const char* quality : {"GREEN", "GREEN", "", "RED"})
                  RETURN_IF_ERROR(TemplateHistory::Quality(tx, key, quality, kNow + absl::Hours(++hour)));
                return absl::OkStatus();
              }),
              IsOk());
  auto changes =
      Write([&](sql::Transaction& tx) { return TemplateHistory::QualityChanges(tx, key.channel_id, "promo"); });
  ASSERT_THAT(changes, IsOk());
  ASSERT_EQ(changes->size(), 2u);
  EXPECT_EQ((*changes)[0].quality, "GREEN");
  EXPECT_EQ((*changes)[1].at, kNow + absl::Hours(4));
  auto firsts =
      Write([&](sql::Transaction& tx) { return TemplateHistory::FirstSubmissions(tx, kNow, kNow + absl::Hours(1)); });
  ASSERT_THAT(firsts, IsOk());
  ASSERT_EQ(firsts->size(), 1u);
  EXPECT_EQ((*firsts)[0].verdict, "REJECTED");
}

TEST_F(ReportStoreTest, AContactIsReachedOnceAMonth) {
  const Uuid sender = Uuid::New(kNow);
  const absl::Time next = kNow + absl::Hours(24 * 40);
  EXPECT_THAT(Write([&](sql::Transaction& tx) -> absl::Status {
                const Message first = NewMessage(sender, std::nullopt);
                for (const absl::Time at : {kNow, kNow + absl::Hours(1), next}) {
                  Message m = first;
                  m.id = Uuid::New(at);
                  m.progress.accepted_at = at;
                  RETURN_IF_ERROR(MessageRepository::Insert(tx, m));
                  RETURN_IF_ERROR(MessageRepository::UpdateProgress(tx, m));
                }
                return absl::OkStatus();
              }),
              IsOk());
  const auto reached = [&](absl::Time from, absl::Time until) {
    return Write([=](sql::Transaction& tx) { return ReportRepository::ContactsReached(tx, from, until); });
  };
  EXPECT_THAT(reached(kNow, next), IsOkAndHolds(1));
  EXPECT_THAT(reached(next, next + absl::Hours(1)), IsOkAndHolds(1));
  EXPECT_THAT(reached(next + absl::Hours(1), next + absl::Hours(2)), IsOkAndHolds(0));
}

}  // namespace
}  // namespace vinculo::messaging
