#include <algorithm>
#include <random>

#include "services/messaging/campaign_protection.h"
#include "services/messaging/job_kinds.h"
#include "services/messaging/retry_rows.h"
#include "services/messaging/settle.h"
#include "services/messaging/store/cost_repository.h"
#include "services/messaging/store/policy_repository.h"
#include "services/messaging/store/report_repository.h"
#include "services/messaging/work/campaign_freeze.h"
#include "services/messaging/work/work_rig.h"

namespace vinculo::messaging {
namespace {

using ::vinculo::test::IsOk;

class CampaignLaneTest : public WorkRig {
 protected:
  void SetPolicy(const Policy& policy) {
    Policy p = policy;
    ASSERT_THAT(Write([&](sql::Transaction& tx) { return PolicyRepository::Put(tx, p, kNow); }), IsOk());
  }
  static Policy Anytime() {
    Policy p;
    p.allowed_hours.fill({{0, 24 * 3600}});
    return p;
  }
  // A running campaign of `n` new people with `change` applied.
  template <class Change>
  Campaign Changed(int n, Change change) {
    Campaign c = NewCampaign(n);
    change(c);
    EXPECT_THAT(Write([&](sql::Transaction& tx) -> absl::Status {
                  RETURN_IF_ERROR(CampaignRepository::Rewrite(tx, c));
                  return CampaignRepository::Update(tx, c);
                }),
                IsOk());
    return c;
  }
  // The same people in another running campaign.
  Campaign Again(const std::vector<Contact>& people) {
    Campaign c = NewCampaign(0);
    EXPECT_THAT(Write([&](sql::Transaction& tx) -> absl::Status {
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
  Campaign Read(const Campaign& c) {
    return *Write([&](sql::Transaction& tx) { return CampaignRepository::Get(tx, c.id); });
  }
  Recipient Row(const Campaign& c, const Contact& who) {
    return **Write([&](sql::Transaction& tx) { return CampaignRepository::FindRecipient(tx, c.id, who.id); });
  }
  void PutRate(int64_t micros) {
    ASSERT_THAT(Write([&](sql::Transaction& tx) {
                  return CostRepository::PutRate(
                      tx, {"AR", "MARKETING", absl::CivilDay(2025, 1, 1), std::nullopt, "USD", micros});
                }),
                IsOk());
  }
  CostShares Costs(const Campaign& c) {
    auto kept = Write([&](sql::Transaction& tx) { return CostRepository::OfCampaign(tx, c.id); });
    auto actual = Write([&](sql::Transaction& tx) { return CostRepository::Recount(tx, c.id); });
    EXPECT_EQ(*kept, *actual) << "counters equal the rows";
    return *kept;
  }
  absl::Status Priced(const Message& m, ReportedStatus status, int at, bool billable = true) {
    StatusItem item{.wamid = absl::StrCat("wamid.", m.id.ToString()), .callback = CallbackId(m.id.ToString(), 1)};
    item.report = {status, kNow + absl::Seconds(at), 0, 0};
    item.has_pricing = true;
    item.billing_category = "marketing";
    item.billable = billable;
    return ApplyOne(item, kNow + absl::Seconds(at)).status();
  }
  // What the campaign's series counts is what a count over the rows gives.
  void ExpectSeriesEqualsRows(const Campaign& c) {
    MinuteCounts kept;
    auto actual = Write([&](sql::Transaction& tx) -> absl::StatusOr<MinuteCounts> {
      kept.clear();
      RETURN_IF_ERROR(ReportRepository::EachMinute(tx, c.id, [&](int64_t minute, Figure figure, int64_t n) {
        kept[{minute, figure}] = n;
      }));
      return ReportRepository::RecountMinutes(tx, c.id);
    });
    ASSERT_THAT(actual, IsOk());
    EXPECT_EQ(kept, *actual);
  }
  // A single message of the template that WhatsApp took.
  Message Notification(const Contact& to) {
    Message m{.id = Uuid::New(kNow),
              .contact_id = to.id,
              .sender_id = sender_,
              .progress = {.phase = Phase::kAccepted, .attempt = 1, .accepted_at = kNow},
              .expire_at = kNow + absl::Hours(24),
              .content = TemplateContent{"promo", "es", {}},
              .version = 1,
              .created_at = kNow};
    EXPECT_THAT(Write([&](sql::Transaction& tx) -> absl::Status {
                  RETURN_IF_ERROR(MessageRepository::Insert(tx, m));
                  return MessageRepository::UpdateProgress(tx, m);
                }),
                IsOk());
    return m;
  }
  // What reports count of costs, by template and by quarter of delivery, is what a count over all messages gives.
  void ExpectReportCostsEqualRows(const std::vector<Message>& messages) {
    std::map<Source, CostShares> of_template;
    std::map<int64_t, std::map<Source, CostShares>> of_quarters;
    for (const Message& sent : messages) {
      const Message m = *Write([&](sql::Transaction& tx) { return MessageRepository::Get(tx, sent.id); });
      const CostShares shares = ReportedShares(m);
      if (shares.empty()) continue;
      AddShares(shares, 1, of_template[SourceOf(m)]);
      AddShares(shares, 1, of_quarters[QuarterOf(*m.progress.delivered_at)][SourceOf(m)]);
    }
    auto versions = Write([&](sql::Transaction& tx) { return ReportRepository::OfTemplate(tx, {sender_}, "promo"); });
    ASSERT_EQ(versions->size(), 1u);
    for (const Source source : {Source::kCampaign, Source::kNotification})
      EXPECT_EQ((*versions)[0].by_source[source].costs, of_template[source]);
    for (int64_t q = QuarterOf(kNow); q < QuarterOf(kNow) + 100; ++q) {
      EXPECT_THAT(Write([&](sql::Transaction& tx) { return ReportRepository::CostsOfSender(tx, sender_, q, q + 1); }),
                  vinculo::test::IsOkAndHolds(of_quarters[q]));
    }
  }
  // Claims the one due job of a kind and runs `page` until it is done.
  template <class Page>
  void RunJob(const char* kind, absl::Time now, Page page) {
    auto jobs = Write([&](sql::Transaction& tx) { return jobs::Claim(tx, kind, now, absl::Minutes(1), 10); });
    ASSERT_THAT(jobs, IsOk());
    ASSERT_EQ(jobs->size(), 1u);
    while (true) {
      auto more = Write([&](sql::Transaction& tx) { return page(tx, (*jobs)[0]); });
      ASSERT_THAT(more, IsOk());
      if (!*more) return;
    }
  }
};

TEST_F(CampaignLaneTest, RowsGoByTimeThenPosition) {
  const Campaign c = NewCampaign(3);
  Recipient late = Row(c, people_[0]);
  late.not_before = kNow + absl::Hours(1);
  ASSERT_THAT(Write([&](sql::Transaction& tx) { return CampaignRepository::UpdateRecipient(tx, late); }), IsOk());
  std::vector<Uuid> order;
  for (const absl::Time now : {kNow, kNow, kNow, kNow + absl::Hours(1)}) {
    const IntentBatch batch = *Commit(1, /*limit=*/1, now);
    for (const Intent& intent : batch.intents) order.push_back(intent.message.contact_id);
  }
  EXPECT_EQ(order, (std::vector<Uuid>{people_[1].id, people_[2].id, people_[0].id}));
}

TEST_F(CampaignLaneTest, ACampaignsOwnRateHoldsFromItsFirstCommitAndNoLongerThanItIsSet) {
  Campaign c = Changed(40, [](Campaign& one) { one.rate_per_second = 5; });
  const auto commit = [&](std::map<Uuid, int> free) {
    const IntentRequest request{
        .sender_id = sender_, .token = 1, .now = kNow, .limit = 64, .bulk_limit = 56, .campaign_free = std::move(free)};
    const auto batch = Write([&](sql::Transaction& tx) { return CommitIntents(tx, contacts_, request); });
    EXPECT_THAT(batch, IsOk());
    return batch.ok() ? batch->intents.size() : 0;
  };
  EXPECT_EQ(commit({}), 5u) << "of which the holder knows nothing yet";
  EXPECT_EQ(commit({{c.id, 2}}), 2u);
  c.rate_per_second = 0;
  ASSERT_THAT(Write([&](sql::Transaction& tx) { return CampaignRepository::Rewrite(tx, c); }), IsOk());
  EXPECT_EQ(commit({{c.id, 1}}), 33u);
}

TEST_F(CampaignLaneTest, OutsideTheAllowedHoursARowWaitsForTheNextOpening) {
  SetPolicy(Policy());  // kNow is 05:53 in Argentina
  const Campaign c = NewCampaign(2);
  EXPECT_TRUE(Commit()->intents.empty());
  const absl::Time nine = absl::FromCivil(absl::CivilHour(2025, 10, 9, 12), absl::UTCTimeZone());
  EXPECT_EQ(Row(c, people_[0]).not_before, nine);
  EXPECT_TRUE(Commit()->intents.empty());
  EXPECT_EQ(Read(c).wait, (CampaignWait{"HOURS", nine}));
  EXPECT_EQ(Read(c).state, CampaignState::kRunning) << "hours never pause";
  EXPECT_EQ(Commit(1, 64, nine)->intents.size(), 2u);
}

TEST_F(CampaignLaneTest, AtTheFrequencyCapARecipientIsSkippedAndARefusalGivesItsPlaceBack) {
  Policy policy = Anytime();
  policy.frequency_cap = 1;
  SetPolicy(policy);
  NewCampaign(2);
  const std::vector<Intent> first = Commit()->intents;
  ASSERT_EQ(first.size(), 2u);
  ASSERT_THAT(Record({Accepted(first[0]), Refused(first[1], 131026)}), IsOk());
  const Campaign second = Again(people_);
  EXPECT_EQ(Commit(1, 64, kNow + absl::Seconds(10))->intents.size(), 1u);
  const Funnel f = Counts(second);
  EXPECT_EQ(f.of(RecipientState::kSkipped), 1);
  const Uuid written = first[0].message.contact_id;
  for (const Contact& who : people_) {
    if (who.id != written) continue;
    EXPECT_EQ(Row(second, who).reason, "FREQUENCY_CAP");
  }
  const Campaign third = Again(people_);
  EXPECT_EQ(Commit(1, 64, kNow + absl::Hours(7 * 24 + 1))->intents.size(), 2u) << "the window has passed";
}

TEST_F(CampaignLaneTest, WhoWasHeldBackByWhatsAppRestsForADay) {
  NewCampaign(1);
  ASSERT_THAT(Record({Refused(Commit()->intents[0], 131049)}), IsOk());
  const Campaign second = Again(people_);
  EXPECT_TRUE(Commit(1, 64, kNow + absl::Hours(23))->intents.empty());
  EXPECT_EQ(Row(second, people_[0]).reason, "PROVIDER_CAP");
  Again(people_);
  EXPECT_EQ(Commit(1, 64, kNow + absl::Hours(25))->intents.size(), 1u);
}

TEST_F(CampaignLaneTest, ACanaryGoesFirstAndTheRestAfterItsWait) {
  const Campaign c = Changed(60, [](Campaign& x) {
    x.guards.canary = Canary{.count = 20};
    x.canary_phase = CanaryPhase::kSlice;
    x.canary_size = 20;
  });
  const std::vector<Intent> slice = Commit()->intents;
  EXPECT_EQ(slice.size(), 20u);
  std::vector<SendReport> reports;
  for (const Intent& i : slice) reports.push_back(Accepted(i));
  ASSERT_THAT(Record(reports), IsOk());
  EXPECT_TRUE(Commit()->intents.empty());
  EXPECT_EQ(Read(c).wait.reason, "CANARY");
  EXPECT_TRUE(Commit(1, 64, kNow + absl::Minutes(14))->intents.empty());
  EXPECT_EQ(Commit(1, 64, kNow + absl::Minutes(15))->intents.size(), 40u);
}

TEST_F(CampaignLaneTest, ACanaryThatFailsPausesTheCampaign) {
  const Campaign c = Changed(60, [](Campaign& x) {
    x.guards.canary = Canary{.count = 20};
    x.canary_phase = CanaryPhase::kSlice;
    x.canary_size = 20;
  });
  std::vector<SendReport> reports;
  const absl::StatusOr<IntentBatch> committed = Commit();
  for (const Intent& i : committed->intents) reports.push_back(Refused(i, 131026));
  ASSERT_THAT(Record(reports), IsOk());
  EXPECT_TRUE(Commit()->intents.empty());
  EXPECT_TRUE(Commit(1, 64, kNow + absl::Minutes(15))->intents.empty());
  EXPECT_EQ(Read(c).pause_reason, "CANARY_FAILED");
  EXPECT_EQ(Counts(c).of(RecipientState::kQueued), 40) << "nobody else was written to";
}

TEST_F(CampaignLaneTest, TooManyFailuresAmongTheLastOutcomesPause) {
  const Campaign c = Changed(40, [](Campaign& x) { x.guards.protection.outcomes = 20; });
  const std::vector<Intent> intents = Commit()->intents;
  std::vector<SendReport> reports;
  for (int i = 0; i < 20; ++i) reports.push_back(Refused(intents[i], 131026));
  reports.resize(19);
  ASSERT_THAT(Record(reports), IsOk());
  EXPECT_EQ(Read(c).state, CampaignState::kRunning);
  ASSERT_THAT(Record({Refused(intents[19], 131026)}), IsOk());
  EXPECT_EQ(Read(c).pause_reason, "FAILURES");
  // A resume counts anew, so a single further failure does not pause it again.
  ASSERT_THAT(Write([&](sql::Transaction& tx) { return ResetPulse(tx, c.id); }), IsOk());
  Campaign resumed = Read(c);
  resumed.state = CampaignState::kRunning;
  ASSERT_THAT(Write([&](sql::Transaction& tx) { return CampaignRepository::Update(tx, resumed); }), IsOk());
  ASSERT_THAT(Record({Refused(intents[20], 131026)}), IsOk());
  EXPECT_EQ(Read(c).state, CampaignState::kRunning);
}

TEST_F(CampaignLaneTest, LostAnswersWithinAMinutePause) {
  const Campaign c = Changed(25, [](Campaign&) {});
  std::vector<SendReport> reports;
  const absl::StatusOr<IntentBatch> committed = Commit();
  for (const Intent& i : committed->intents) reports.push_back({i.message.id, 1, {.result = SendResult::kAmbiguous}});
  ASSERT_THAT(Record(reports), IsOk());
  EXPECT_EQ(Read(c).pause_reason, "UNKNOWNS");
}

TEST_F(CampaignLaneTest, AProviderThatIsSilentForMinutesPausesWhatRuns) {
  const Campaign c = NewCampaign(1),
                 patient = Changed(1, [](Campaign&x) { x.guards.protection.silence = absl::Hours(1); });
  const auto pause = [&](absl::Duration silence) {
    return Write([&](sql::Transaction& tx) { return PauseForSilence(tx, sender_, silence, kNow); });
  };
  ASSERT_THAT(pause(absl::Minutes(4)), IsOk());
  EXPECT_EQ(Read(c).state, CampaignState::kRunning);
  ASSERT_THAT(pause(absl::Minutes(5)), IsOk());
  EXPECT_EQ(Read(c).pause_reason, "PROVIDER_DOWN");
  EXPECT_EQ(Read(patient).state, CampaignState::kRunning) << "its own threshold";
}

TEST_F(CampaignLaneTest, TheNextMessageNeverPassesTheMaximalCost) {
  PutRate(40'000);
  const Campaign c = Changed(5, [](Campaign& x) { x.guards.max_cost = MaxCost{"USD", 100'000}; });
  const std::vector<Intent> intents = Commit()->intents;
  ASSERT_EQ(intents.size(), 2u);
  EXPECT_EQ(Read(c).pause_reason, "BUDGET");
  EXPECT_EQ(Costs(c).at({CostKind::kReserved, "USD"}).micros, 80'000);
  // A refused one gives its money back, a delivered one costs what it costs.
  ASSERT_THAT(Record({Refused(intents[0], 131026), Accepted(intents[1])}), IsOk());
  ASSERT_THAT(Priced(intents[1].message, ReportedStatus::kDelivered, 5), IsOk());
  const CostShares costs = Costs(c);
  EXPECT_EQ(costs.at({CostKind::kPriced, "USD"}).micros, 40'000);
  EXPECT_EQ(UsedOf(costs, "USD"), 40'000);
}

TEST_F(CampaignLaneTest, APriceIsTheSameInWhateverOrderStatusesCome) {
  PutRate(40'000);
  const Campaign c = NewCampaign(4);
  const std::vector<Intent> intents = Commit()->intents;
  std::vector<SendReport> reports;
  for (const Intent& i : intents) reports.push_back(Accepted(i));
  ASSERT_THAT(Record(reports), IsOk());
  ASSERT_THAT(Priced(intents[0].message, ReportedStatus::kSent, 1), IsOk());
  ASSERT_THAT(Status(intents[0].message, ReportedStatus::kDelivered, 2), IsOk());
  ASSERT_THAT(Status(intents[1].message, ReportedStatus::kDelivered, 2), IsOk());
  ASSERT_THAT(Priced(intents[1].message, ReportedStatus::kSent, 1), IsOk());
  for (int i = 0; i < 2; ++i) ASSERT_THAT(Priced(intents[2].message, ReportedStatus::kDelivered, 2, false), IsOk());
  ASSERT_THAT(Status(intents[3].message, ReportedStatus::kRead, 2), IsOk());
  const CostShares costs = Costs(c);
  EXPECT_EQ(costs.at({CostKind::kPriced, "USD"}).messages, 2);
  EXPECT_EQ(costs.at({CostKind::kPriced, "USD"}).micros, 80'000);
  EXPECT_EQ(costs.at({CostKind::kFree, ""}).messages, 1) << "once, however often it is told";
  EXPECT_EQ(costs.at({CostKind::kUnpriced, ""}).messages, 1) << "WhatsApp has told no category";
}

TEST_F(CampaignLaneTest, ReportsCostWhatTheMessagesDoWhateverOrderStatusesComeIn) {
  PutRate(40'000);
  std::mt19937 random(7);
  const Campaign c = NewCampaign(6);
  std::vector<SendReport> reports;
  std::vector<Message> messages;
  const absl::StatusOr<IntentBatch> committed = Commit();
  for (const Intent& i : committed->intents) {
    reports.push_back(Accepted(i));
    messages.push_back(i.message);
  }
  ASSERT_THAT(Record(reports), IsOk());
  for (const Contact& who : people_) messages.push_back(Notification(who));
  // Every status of every message, some of them twice, with a price or without, over a day; one is told to be free.
  struct Told {
    const Message* message;
    ReportedStatus status;
    int at;
    bool priced;
    bool billable;
  };
  std::vector<Told> told;
  for (size_t i = 0; i < messages.size(); ++i) {
    const int at = static_cast<int>(random() % 80'000);
    const bool billable = i % 6 != 0;
    told.push_back({&messages[i], ReportedStatus::kSent, at, i % 3 != 1, billable});
    told.push_back({&messages[i], ReportedStatus::kDelivered, at + 1'000, i % 3 == 0, billable});
    told.push_back({&messages[i], ReportedStatus::kRead, at + 500 * static_cast<int>(i % 4), i % 2 == 0, billable});
    told.push_back(told.back());
  }
  std::shuffle(told.begin(), told.end(), random);
  for (size_t i = 0; i < told.size(); ++i) {
    if (i == told.size() / 2) PutRate(55'000);  // the list changes under messages that are still to be priced
    const Told& t = told[i];
    ASSERT_THAT(t.priced ? Priced(*t.message, t.status, t.at, t.billable) : Status(*t.message, t.status, t.at).status(),
                IsOk());
    if (i % 6 == 0) ExpectReportCostsEqualRows(messages);
  }
  ExpectReportCostsEqualRows(messages);
  const CostShares of_campaign = Costs(c);
  auto versions = Write([&](sql::Transaction& tx) { return ReportRepository::OfTemplate(tx, {sender_}, "promo"); });
  EXPECT_EQ((*versions)[0].by_source[Source::kCampaign].costs.at({CostKind::kPriced, "USD"}),
            of_campaign.at({CostKind::kPriced, "USD"}))
      << "the template's only campaign";
}

TEST_F(CampaignLaneTest, ARetryQueuesWhoQualifiesAndAnEarlierDeliveryWins) {
  Campaign c = NewCampaign(3);
  const std::vector<Intent> intents = Commit()->intents;
  ASSERT_THAT(Record({Refused(intents[0], 131026),
                      Refused(intents[1], 999'999),  // a code that nobody knows fails bulk at once
                      {intents[2].message.id, 1, {.result = SendResult::kAmbiguous}}}),
              IsOk());
  RetryWork work{.campaign_id = c.id, .include_unknown = true};
  RetryResult sum;
  while (!sum.done) {
    auto page = Write([&](sql::Transaction& tx) { return RetryPage(tx, work, 2, kNow); });
    ASSERT_THAT(page, IsOk());
    sum.queued += page->queued;
    sum.done = page->done;
    for (const auto& [why, n] : page->passed_over) sum.passed_over[why] += n;
  }
  EXPECT_EQ(sum.queued, 2);
  EXPECT_EQ(sum.passed_over.at("NEVER"), 1);
  EXPECT_EQ(Counts(c).of(RecipientState::kQueued), 2);
  ExpectSeriesEqualsRows(c);
  // The unclear one arrived after all, before its second message began.
  ASSERT_THAT(Status(intents[2].message, ReportedStatus::kDelivered, 5), IsOk());
  EXPECT_EQ(Counts(c).of(RecipientState::kDelivered), 1);
  const std::vector<Intent> again = Commit(1, 64, kNow + absl::Seconds(10))->intents;
  ASSERT_EQ(again.size(), 1u) << "who has it gets no other";
  EXPECT_NE(again[0].message.id, intents[1].message.id);
  const auto who = std::find_if(people_.begin(), people_.end(),
                                [&](const Contact& p) { return p.id == again[0].message.contact_id; });
  const Recipient row = Row(c, *who);
  EXPECT_EQ(row.round, 1);
  EXPECT_EQ(row.first_message_id, intents[1].message.id) << "the first message stays linked";
  // The earlier one turns out to have been read while the second is on its way.
  ASSERT_THAT(Record({Accepted(again[0])}), IsOk());
  ASSERT_THAT(Status(intents[1].message, ReportedStatus::kRead, 6), IsOk());
  EXPECT_EQ(Row(c, *who).state, RecipientState::kRead);
  EXPECT_EQ(Counts(c).of(RecipientState::kAccepted), 0);
  ExpectSeriesEqualsRows(c);
}

TEST_F(CampaignLaneTest, AnEarlierDeliveryCancelsTheMessageThatWaitsForAnotherAttempt) {
  Campaign c = NewCampaign(1);
  const Message first = Commit()->intents.at(0).message;
  ASSERT_THAT(Record({{first.id, 1, {.result = SendResult::kAmbiguous}}}), IsOk());
  RetryWork work{.campaign_id = c.id, .include_unknown = true};
  while (!Write([&](sql::Transaction& tx) { return RetryPage(tx, work, 2, kNow); })->done) continue;
  const Intent second = Commit(1, 64, kNow + absl::Seconds(10))->intents.at(0);
  ASSERT_THAT(Record({Refused(second, 130429)}), IsOk());
  const auto state = [&] {
    return Write([&](sql::Transaction& tx) { return MessageRepository::Get(tx, second.message.id); })->state();
  };
  EXPECT_EQ(state(), MessageState::kQueued);
  ASSERT_THAT(Status(first, ReportedStatus::kDelivered, 5), IsOk());
  EXPECT_EQ(Row(c, people_[0]).state, RecipientState::kDelivered);
  EXPECT_EQ(state(), MessageState::kCancelled) << "nobody would ever send it";
  EXPECT_TRUE(Commit(1, 64, kNow + absl::Hours(1))->intents.empty());
  ExpectSeriesEqualsRows(c);
}

TEST_F(CampaignLaneTest, AtTheDeadlineTheRestIsSkippedAndTheCampaignCompletes) {
  const absl::Time deadline = kNow + absl::Hours(1);
  const Campaign c = Changed(3, [&](Campaign& x) { x.deadline = deadline; });
  ASSERT_EQ(Commit(1, 1)->intents.size(), 1u);
  EXPECT_TRUE(Commit(1, 64, deadline)->intents.empty());
  RunJob(kJobSkip, deadline, [&](sql::Transaction& tx, const jobs::Job& job) { return SkipPage(tx, job, deadline); });
  EXPECT_EQ(Counts(c).of(RecipientState::kSkipped), 2);
  EXPECT_TRUE(Commit(1, 64, deadline)->intents.empty());
  EXPECT_EQ(Read(c).wait.reason, "ANSWERS");
}

TEST_F(CampaignLaneTest, ARefusedAttemptOfACancelledCampaignIsSkipped) {
  Campaign c = NewCampaign(1);
  const Intent intent = Commit()->intents[0];
  c = Read(c);
  c.state = CampaignState::kCancelled;
  ASSERT_THAT(Write([&](sql::Transaction& tx) { return CampaignRepository::Update(tx, c); }), IsOk());
  ASSERT_THAT(Record({Refused(intent, 130429)}), IsOk());
  RunJob(kJobSkip, kNow, [&](sql::Transaction& tx, const jobs::Job& job) { return SkipPage(tx, job, kNow); });
  EXPECT_EQ(Row(c, people_[0]).reason, "CAMPAIGN_CANCELLED");
}

TEST_F(CampaignLaneTest, ASkippedRowCancelsItsMessageAndGivesBackWhatItReserved) {
  PutRate(40'000);
  const Campaign c = Changed(1, [](Campaign& x) { x.guards.max_cost = MaxCost{"USD", 100'000}; });
  const Intent intent = Commit()->intents[0];
  ASSERT_THAT(Record({Refused(intent, 130429)}), IsOk());
  ASSERT_THAT(Write([&](sql::Transaction& tx) -> absl::Status {
                CountDeltas deltas;
                Recipient row = **CampaignRepository::FindRecipient(tx, c.id, people_[0].id);
                RETURN_IF_ERROR(SkipRow(tx, row, "OPTED_OUT", deltas, kNow));
                return deltas.Flush(tx);
              }),
              IsOk());
  EXPECT_EQ(UsedOf(Costs(c), "USD"), 0);
  const auto message = [&] { return *Write([&](auto& tx) { return MessageRepository::Get(tx, intent.message.id); }); };
  EXPECT_EQ(message().state(), MessageState::kCancelled);
  // The refused attempt did arrive after all.
  ASSERT_THAT(Priced(intent.message, ReportedStatus::kDelivered, 5), IsOk());
  EXPECT_EQ(Row(c, people_[0]).state, RecipientState::kDelivered);
  EXPECT_EQ(*Write([&](sql::Transaction& tx) { return CampaignRepository::Counts(tx, c.id); }),
            *Write([&](sql::Transaction& tx) { return CampaignRepository::Recount(tx, c.id); }));
  EXPECT_EQ(Costs(c), *Write([&](sql::Transaction& tx) { return CostRepository::Recount(tx, c.id); }));
}

TEST_F(CampaignLaneTest, AFreezeWritesEachMatchedContactOnceAndStartsThemByTheirOwnClocks) {
  NewCampaign(3);  // makes the people
  Campaign c = NewCampaign(0);
  c.state = CampaignState::kScheduled;
  c.parameters["body.1"] = {ParameterSource::Kind::kFixed, "Ana", ""};
  c.guards.canary = Canary{.count = 2};
  c.deadline = kNow + absl::Hours(48);
  c.start = {.kind = CampaignStart::Kind::kContactTime, .local = absl::CivilSecond(2025, 10, 9, 10, 0, 0)};
  people_[0].time_zone = "Europe/Madrid";
  ASSERT_THAT(Write([&](sql::Transaction& tx) -> absl::Status {
                RETURN_IF_ERROR(contacts_.Update(tx, people_[0], kNow));
                RETURN_IF_ERROR(CampaignRepository::Rewrite(tx, c));
                RETURN_IF_ERROR(CampaignRepository::Update(tx, c));
                return jobs::Enqueue(tx, {.kind = kJobFreeze, .key = "k", .due_at = kNow, .payload = c.id.ToString()});
              }),
              IsOk());
  RunJob(kJobFreeze, kNow,
         [&](sql::Transaction& tx, const jobs::Job& job) { return FreezePage(tx, contacts_, job, kNow); });
  const Campaign frozen = Read(c);
  EXPECT_EQ(frozen.state, CampaignState::kRunning);
  EXPECT_TRUE(frozen.frozen);
  EXPECT_EQ(frozen.canary_size, 2);
  EXPECT_EQ(frozen.frozen_places.at("es"), "body.1");
  EXPECT_EQ(Counts(c).audience, 3);
  EXPECT_EQ(Row(c, people_[0]).not_before, kNow) << "10:00 in Madrid has passed";
  const absl::Time ten = absl::FromCivil(absl::CivilHour(2025, 10, 9, 13), absl::UTCTimeZone());
  EXPECT_EQ(Row(c, people_[1]).not_before, ten);
}

}  // namespace
}  // namespace vinculo::messaging
