#include <algorithm>

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
    EXPECT_EQ(kept->size(), actual->size()) << "counters equal the rows";
    for (const auto& [key, share] : *actual) {
      EXPECT_EQ((*kept)[key].messages, share.messages);
      EXPECT_EQ((*kept)[key].micros, share.micros);
    }
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
