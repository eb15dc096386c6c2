#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/calendar/zone.h"
#include "services/messaging/domain/allowed_hours.h"
#include "services/messaging/domain/campaign_guard.h"
#include "services/messaging/domain/cost.h"
#include "services/messaging/domain/finish_estimate.h"
#include "services/messaging/domain/money.h"
#include "services/messaging/domain/retry.h"

namespace vinculo::messaging {
namespace {

absl::TimeZone Zone(const char* name) { return *calendar::LoadZone(name); }
absl::Time At(absl::TimeZone zone, int year, int month, int day, int hour, int minute) {
  return absl::FromCivil(absl::CivilMinute(year, month, day, hour, minute), zone);
}

WeeklyHours Daily(int from_hour, int until_hour) {
  WeeklyHours week;
  week.fill({{from_hour * 3600, until_hour * 3600}});
  return week;
}

// --- allowed hours ---

TEST(AllowedHours, MoveToTheNextOpeningOfTheZonesClock) {
  const absl::TimeZone zone = Zone("America/Argentina/Buenos_Aires");
  const WeeklyHours hours = DefaultHours();
  EXPECT_EQ(NextAllowed(hours, zone, At(zone, 2026, 3, 2, 10, 30)), At(zone, 2026, 3, 2, 10, 30));
  EXPECT_EQ(NextAllowed(hours, zone, At(zone, 2026, 3, 2, 8, 59)), At(zone, 2026, 3, 2, 9, 0));
  EXPECT_EQ(NextAllowed(hours, zone, At(zone, 2026, 3, 2, 21, 0)), At(zone, 2026, 3, 3, 9, 0)) << "the end is out";
  WeeklyHours mondays;
  mondays[0] = {{9 * 3600, 12 * 3600}};
  EXPECT_EQ(NextAllowed(mondays, zone, At(zone, 2026, 3, 2, 12, 0)), At(zone, 2026, 3, 9, 9, 0));
  EXPECT_EQ(NextAllowed(WeeklyHours(), zone, At(zone, 2026, 3, 2, 12, 0)), std::nullopt);
}

TEST(AllowedHours, FollowClocksThatChange) {
  const absl::TimeZone berlin = Zone("Europe/Berlin");
  // 29 March 2026: 02:00 becomes 03:00. Hours that begin inside the gap open after it.
  EXPECT_EQ(NextAllowed(Daily(2, 4), berlin, At(berlin, 2026, 3, 29, 1, 0)), At(berlin, 2026, 3, 29, 3, 0));
  // 25 October 2026: 02:00 to 03:00 comes twice; both are allowed while the hours last.
  const absl::Time first = At(berlin, 2026, 10, 25, 2, 30);
  EXPECT_EQ(NextAllowed(Daily(1, 5), berlin, first + absl::Hours(1)), first + absl::Hours(1));
}

TEST(AllowedHours, OfACampaignNarrowThePolicyAndNeverWidenIt) {
  Policy policy;
  Campaign campaign;
  campaign.guards.allowed_hours = Daily(7, 12);
  const WeeklyHours both = HoursOf(policy, campaign);
  ASSERT_EQ(both[3].size(), 1u);
  EXPECT_EQ(both[3][0], (calendar::OpenInterval{9 * 3600, 12 * 3600}));
  EXPECT_FALSE(AlwaysAllowed(both));
  EXPECT_TRUE(AlwaysAllowed(Daily(0, 24)));
}

TEST(AllowedHours, ChooseTheContactsZoneThenTheCountrysThenTheTenants) {
  const absl::TimeZone tenant = Zone("America/Argentina/Buenos_Aires");
  Contact c;
  c.country = "BR";
  EXPECT_EQ(ZoneOf(c, tenant).name(), tenant.name()) << "Brazil has several clocks";
  c.country = "CO";
  EXPECT_EQ(ZoneOf(c, tenant).name(), "America/Bogota");
  c.time_zone = "Europe/Madrid";
  EXPECT_EQ(ZoneOf(c, tenant).name(), "Europe/Madrid");
}

TEST(ZoneClock, StartsEachContactByItsOwnClock) {
  Policy policy;
  Campaign campaign;
  campaign.start = {.kind = CampaignStart::Kind::kContactTime, .local = absl::CivilSecond(2026, 3, 2, 8, 0, 0)};
  const absl::TimeZone madrid = Zone("Europe/Madrid"), bogota = Zone("America/Bogota");
  ZoneClock clock(policy, campaign, At(madrid, 2026, 3, 2, 7, 0));
  Contact spain, colombia;
  spain.time_zone = "Europe/Madrid";
  colombia.country = "CO";
  EXPECT_EQ(clock.For(spain, Category::kUtility), At(madrid, 2026, 3, 2, 8, 0));
  EXPECT_EQ(clock.For(spain, Category::kMarketing), At(madrid, 2026, 3, 2, 9, 0)) << "not before the allowed hours";
  EXPECT_EQ(clock.For(colombia, Category::kMarketing), At(bogota, 2026, 3, 2, 9, 0));
  ZoneClock late(policy, campaign, At(madrid, 2026, 3, 2, 22, 0));
  EXPECT_EQ(late.For(spain, Category::kMarketing), At(madrid, 2026, 3, 3, 9, 0)) << "past its start: the next opening";
}

TEST(CampaignStart, ResolvesGapsForwardAndDoublesToTheFirst) {
  const absl::TimeZone berlin = Zone("Europe/Berlin");
  CampaignStart start{.kind = CampaignStart::Kind::kTenantTime, .local = absl::CivilSecond(2026, 3, 29, 2, 30, 0)};
  EXPECT_EQ(StartInstant(start, berlin, absl::UnixEpoch()), At(berlin, 2026, 3, 29, 3, 30));
  start.local = absl::CivilSecond(2026, 10, 25, 2, 30, 0);
  EXPECT_EQ(StartInstant(start, berlin, absl::UnixEpoch()),
            absl::FromCivil(absl::CivilMinute(2026, 10, 25, 0, 30), absl::UTCTimeZone()));
  EXPECT_TRUE(StartIsPast(start, berlin, At(berlin, 2026, 10, 26, 0, 0)));
  start.kind = CampaignStart::Kind::kContactTime;
  EXPECT_FALSE(StartIsPast(start, berlin, At(berlin, 2026, 10, 25, 12, 0))) << "not yet everywhere";
}

// --- frequency ---

TEST(RecentMarketing, CountsTheWindowAndForgetsWhatWasRefused) {
  const absl::Time now = absl::FromUnixSeconds(1'760'000'000);
  const absl::Duration week = absl::Hours(7 * 24);
  Contact c;
  NoteMarketing(c, week, now - absl::Hours(8 * 24));
  NoteMarketing(c, week, now - absl::Hours(24));
  NoteMarketing(c, week, now);
  EXPECT_EQ(c.recent_marketing.size(), 2u) << "what is older than the window goes";
  EXPECT_EQ(MarketingWithin(c, week, now), 2);
  ForgetMarketing(c, now + absl::Milliseconds(500));
  EXPECT_EQ(MarketingWithin(c, week, now), 1);
  for (int i = 0; i < 300; ++i) NoteMarketing(c, week, now);
  EXPECT_EQ(c.recent_marketing.size(), kMaxRecentMarketing);
}

// --- protection ---

Message Made(Phase phase, int code = 0) {
  Message m;
  m.progress.phase = phase;
  if (phase == Phase::kRefused) m.progress.failed_at = absl::UnixEpoch();
  m.progress.error_code = code;
  return m;
}

TEST(CampaignGuard, ReadsAnOutcomeOnceFromTheFirstReportOrRefusal) {
  const Message sending = Made(Phase::kSending), accepted = Made(Phase::kAccepted);
  EXPECT_EQ(OutcomeOf(sending, accepted), Outcome::kNone);
  EXPECT_EQ(OutcomeOf(sending, Made(Phase::kRefused, 131026)), Outcome::kFailed);
  EXPECT_EQ(OutcomeOf(sending, Made(Phase::kRefused, 131049)), Outcome::kCapped);
  Message sent = accepted, delivered = accepted, failed = accepted;
  sent.progress.sent_at = absl::UnixEpoch();
  delivered = sent;
  delivered.progress.delivered_at = absl::UnixEpoch();
  failed.progress.failed_at = absl::UnixEpoch();
  EXPECT_EQ(OutcomeOf(accepted, sent), Outcome::kGood);
  EXPECT_EQ(OutcomeOf(sent, delivered), Outcome::kNone);
  EXPECT_EQ(OutcomeOf(accepted, failed), Outcome::kFailed);
}

TEST(CampaignGuard, PausesAtTheShareOfTheLastOutcomesAndNotBefore) {
  const Protection p;
  Pulse pulse;
  pulse.Add(std::string(161, 'o') + std::string(38, 'f'), p);
  EXPECT_EQ(PulseVerdict(pulse, {}, p), "") << "199 are not yet the last 200";
  pulse.Add("f", p);
  EXPECT_EQ(PulseVerdict(pulse, {}, p), "");
  pulse.Add("f", p);
  EXPECT_EQ(PulseVerdict(pulse, {}, p), "FAILURES") << "40 of the last 200";
  pulse = {};
  pulse.Add(std::string(141, 'o') + std::string(59, 'c'), p);
  EXPECT_EQ(PulseVerdict(pulse, {}, p), "") << "131049 counts apart";
  pulse.Add("c", p);
  EXPECT_EQ(PulseVerdict(pulse, {}, p), "CAPPED");
}

TEST(CampaignGuard, PausesForOptOutsSinceTheLastResume) {
  const Protection p;
  Funnel funnel;
  funnel.delivered_ever = 100;
  funnel.by_state[RecipientState::kOptOut] = 3;
  EXPECT_EQ(PulseVerdict({}, funnel, p), "OPT_OUTS");
  EXPECT_EQ(PulseVerdict({.base_opt_outs = 3, .base_delivered = 100}, funnel, p), "");
  funnel.delivered_ever = 99;
  EXPECT_EQ(PulseVerdict({}, funnel, p), "");
}

TEST(CampaignGuard, PausesForUnclearAnswersWithinAMinute) {
  const Protection p;
  const absl::Time now = absl::FromUnixSeconds(1'760'000'000);
  Pulse pulse;
  pulse.AddUnknowns(19, p, now);
  EXPECT_EQ(PulseVerdict(pulse, {}, p), "");
  pulse.AddUnknowns(1, p, now + absl::Seconds(61));
  EXPECT_EQ(PulseVerdict(pulse, {}, p), "") << "the others are older than a minute";
  pulse.AddUnknowns(19, p, now + absl::Seconds(62));
  EXPECT_EQ(PulseVerdict(pulse, {}, p), "UNKNOWNS");
}

TEST(CampaignGuard, JudgesTheFirstSliceFromTwentyOutcomes) {
  const Protection p;
  Pulse pulse;
  pulse.Add(std::string(19, 'f'), p);
  EXPECT_EQ(CanaryVerdict(pulse, {}, p), "");
  pulse.Add("o", p);
  EXPECT_EQ(CanaryVerdict(pulse, {}, p), "CANARY_FAILED");
}

TEST(CampaignGuard, TakesACampaignsOwnThresholdsOverThePolicys) {
  CampaignGuards guards;
  guards.protection.failure_percent = 50;
  const Protection p = ProtectionOf(Policy(), guards);
  EXPECT_EQ(p.failure_percent, 50);
  EXPECT_EQ(p.capped_percent, Protection().capped_percent);
}

TEST(Canary, IsTheLargerOfFiftyAndOnePercentUnlessSaid) {
  EXPECT_EQ(Canary().SizeOf(1000), 50);
  EXPECT_EQ(Canary().SizeOf(100'001), 1001);
  EXPECT_EQ((Canary{.count = 7}).SizeOf(1000), 7);
  EXPECT_EQ((Canary{.percent = 5}).SizeOf(999), 50);
}

// --- retry ---

TEST(Retry, PassesOverWhoCanNeverBeReachedAndWaitsForWhoWasHeldBack) {
  const absl::Time now = absl::FromUnixSeconds(1'760'000'000);
  const auto judge = [&](RecipientState state, const char* reason, int round = 0, int capped = 0,
                         absl::Duration age = absl::Hours(25), bool unknown = false) {
    return JudgeRetry({state, reason, round, capped, now - age}, unknown, now);
  };
  using S = RecipientState;
  EXPECT_EQ(judge(S::kFailed, "PROVIDER_131026"), RetryVerdict::kNever);
  EXPECT_EQ(judge(S::kFailed, "LATER_131026"), RetryVerdict::kNever);
  EXPECT_EQ(judge(S::kFailed, "PROVIDER_131049"), RetryVerdict::kYes);
  EXPECT_EQ(judge(S::kFailed, "LATER_131049", 0, 0, absl::Hours(23)), RetryVerdict::kTooEarly);
  EXPECT_EQ(judge(S::kFailed, "PROVIDER_131049", 1, 1), RetryVerdict::kOnce);
  EXPECT_EQ(judge(S::kFailed, "PROVIDER_130429"), RetryVerdict::kYes);
  EXPECT_EQ(judge(S::kFailed, "PROVIDER_130429", 3), RetryVerdict::kRounds);
  EXPECT_EQ(judge(S::kSkipped, "FREQUENCY_CAP"), RetryVerdict::kYes);
  EXPECT_EQ(judge(S::kSkipped, "OPTED_OUT"), RetryVerdict::kNotMeant);
  EXPECT_EQ(judge(S::kUnknown, ""), RetryVerdict::kNotMeant);
  EXPECT_EQ(judge(S::kUnknown, "", 0, 0, absl::Hours(25), true), RetryVerdict::kYes);
  EXPECT_EQ(judge(S::kDelivered, ""), RetryVerdict::kNotMeant);
}

// --- money ---

TEST(Money, RoundsASumOnceHalfUp) {
  EXPECT_EQ(ToMinorUnits(5'000, "USD"), 1);
  EXPECT_EQ(ToMinorUnits(4'999, "USD"), 0);
  EXPECT_EQ(ToMinorUnits(500'000, "CLP"), 1) << "pesos of Chile have no cents";
  EXPECT_EQ(ToMinorUnits(500, "KWD"), 1);
  MoneySums sums;
  for (int i = 0; i < 3; ++i) sums.Add("USD", 3'400);
  EXPECT_EQ(ToMinorUnits(sums.micros().at("USD"), "USD"), 1) << "three times 0.34 cents is 1.02, not 0";
  EXPECT_EQ(FromMinorUnits(1234, "USD"), 12'340'000);
  EXPECT_EQ(FromMinorUnits(INT64_MAX, "USD"), INT64_MAX);
}

TEST(Cost, IsAFunctionOfTheMessage) {
  Message m = Made(Phase::kAccepted);
  m.reserved = 70;
  m.currency = "USD";
  EXPECT_EQ(SharesOf(m).at({CostKind::kReserved, "USD"}).micros, 70);
  m.progress.delivered_at = absl::UnixEpoch();
  EXPECT_EQ(SharesOf(m).at({CostKind::kUnpriced, ""}).messages, 1) << "delivered, category not told";
  m.billing_category = "MARKETING";
  m.billable = true;
  m.price = 61;
  const CostShares priced = SharesOf(m);
  EXPECT_EQ(priced.size(), 1u) << "no longer reserved";
  EXPECT_EQ(priced.at({CostKind::kPriced, "USD"}).micros, 61);
  m.billable = false;
  m.price = 0;
  EXPECT_TRUE(SharesOf(m).contains({CostKind::kFree, ""}));
  Message failed = Made(Phase::kRefused, 131026);
  failed.reserved = 70;
  EXPECT_TRUE(SharesOf(failed).empty());
}

TEST(Cost, ReportsShowWhatWasDeliveredPricedOrNot) {
  Message m = Made(Phase::kAccepted);
  m.reserved = 70;
  m.currency = "USD";
  EXPECT_TRUE(ReportedShares(m).empty()) << "what is reserved is the campaign's alone";
  m.progress.delivered_at = absl::UnixEpoch();
  EXPECT_EQ(ReportedShares(m), (CostShares{{{CostKind::kUnpriced, ""}, {1, 0}}}));
  m.billable = true;
  m.price = 61;
  EXPECT_EQ(ReportedShares(m), (CostShares{{{CostKind::kPriced, "USD"}, {1, 61}}}));
  m.test = true;
  EXPECT_TRUE(ReportedShares(m).empty()) << "tests are in no report";
  m.test = false;
  m.billable = false;
  m.price = 0;
  EXPECT_TRUE(ReportedShares(m).empty()) << "free";
}

TEST(Cost, StaysWithinTheMaximum) {
  const MaxCost max{"USD", 100};
  const CostRate rate{.currency = "USD", .micros = 40};
  EXPECT_TRUE(Affords(max, 60, rate));
  EXPECT_FALSE(Affords(max, 61, rate));
  EXPECT_FALSE(Affords(max, 0, std::nullopt));
  EXPECT_FALSE(Affords(max, 0, CostRate{.currency = "EUR", .micros = 1}));
}

TEST(Cost, SpellsCategoriesOneWay) {
  EXPECT_EQ(BillingCategory("authentication-international"), "AUTHENTICATION_INTERNATIONAL");
  EXPECT_TRUE(IsBillingCategory(BillingCategory("marketing_lite")));
}

// --- finish ---

TEST(FinishEstimate, TakesRateHoursAndReachTogether) {
  const absl::TimeZone zone = Zone("America/Argentina/Buenos_Aires");
  const absl::Time start = At(zone, 2026, 3, 2, 20, 0);
  const WeeklyHours hours = DefaultHours();
  const std::vector<ZoneGroup> people = {{zone, start, true, 5400}};
  const FinishEstimate slow = EstimateFinish(people, hours, {.per_second = 1}, start, std::nullopt);
  EXPECT_EQ(slow.finish, At(zone, 2026, 3, 3, 9, 30)) << "an hour in the evening, half an hour next morning";
  const FinishEstimate utility =
      EstimateFinish({{zone, start, false, 5400}}, hours, {.per_second = 1}, start, std::nullopt);
  EXPECT_EQ(utility.finish, start + absl::Minutes(90));
  const FinishEstimate few =
      EstimateFinish({{zone, start, false, 1000}}, hours, {.per_second = 100, .reach_now = 250, .reach_per_day = 250},
                     start, std::nullopt);
  EXPECT_EQ(few.days_of_reach, 4);
  EXPECT_GE(*few.finish, start + absl::Hours(72));
  const FinishEstimate cut = EstimateFinish(people, hours, {.per_second = 1}, start, At(zone, 2026, 3, 3, 0, 0));
  EXPECT_EQ(cut.after_deadline, 1800);
  EXPECT_EQ(EstimateFinish(people, WeeklyHours(), {.per_second = 1}, start, std::nullopt).finish, std::nullopt);
}

// --- positions ---

TEST(RecipientPosition, AnyFirstNAreARandomSample) {
  const auto id = [](uint32_t n) {
    std::string bytes(16, '\0');
    for (int i = 0; i < 4; ++i) bytes[static_cast<size_t>(15 - i)] = static_cast<char>(n >> (8 * i));
    return *Uuid::FromBytes(bytes);
  };
  constexpr uint32_t kPeople = 10'000;
  const auto first_thousand = [&](uint32_t campaign) {
    std::vector<std::pair<int64_t, uint32_t>> all;
    for (uint32_t n = 0; n < kPeople; ++n) all.emplace_back(RecipientPosition(id(campaign), id(n)), n);
    std::sort(all.begin(), all.end());
    std::set<uint32_t> out;
    for (size_t i = 0; i < 1000; ++i) out.insert(all[i].second);
    return out;
  };
  const std::set<uint32_t> one = first_thousand(1), other = first_thousand(2);
  const auto share = [&](uint32_t below) { return std::distance(one.begin(), one.lower_bound(below)); };
  for (const uint32_t tenths : {1u, 3u, 5u, 9u})
    EXPECT_NEAR(static_cast<double>(share(kPeople * tenths / 10)), 100.0 * tenths, 60) << "of those who came first";
  const auto both = std::count_if(one.begin(), one.end(), [&](uint32_t n) { return other.contains(n); });
  EXPECT_NEAR(static_cast<double>(both), 100, 60) << "another campaign has another order";
}

}  // namespace
}  // namespace vinculo::messaging
