#include "services/messaging/domain/template_verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "services/messaging/domain/template_account.h"
#include "services/messaging/domain/template_content.h"

namespace vinculo::messaging {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'760'000'000);

Verdict Status(std::string status, int at) { return {.status = std::move(status), .at = kNow + absl::Seconds(at)}; }

Translation Approved() {
  Translation t;
  t.language = "es";
  t.category = Category::kMarketing;
  t.state = TranslationState::kProvider;
  t.status = "APPROVED";
  t.provider_id = "g";
  t.submitted = TemplateVersion{.version = 1};
  t.status_at = kNow;
  return t;
}

TEST(TemplateVerdict, IgnoresAnOlderWordAboutTheSameThingOnly) {
  Translation t = Approved();
  EXPECT_TRUE(MergeVerdict(Status("PAUSED", 10), t));
  EXPECT_FALSE(MergeVerdict(Status("APPROVED", 9), t));
  EXPECT_EQ(t.status, "PAUSED");
  EXPECT_TRUE(MergeVerdict({.quality = "RED", .at = kNow + absl::Seconds(5)}, t)) << "quality has a clock of its own";
  EXPECT_EQ(t.quality, "RED");
  EXPECT_FALSE(MergeVerdict(Status("PAUSED", 11), t)) << "repeating it changes nothing";
}

TEST(TemplateVerdict, KeepsAnUnknownStatusAsText) {
  Translation t = Approved();
  EXPECT_TRUE(MergeVerdict(Status("UNDER_A_NEW_MOON", 1), t));
  EXPECT_EQ(t.status, "UNDER_A_NEW_MOON");
  EXPECT_FALSE(t.Sendable());
}

TEST(TemplateVerdict, RemembersWhyAndSinceWhenItIsPaused) {
  Translation t = Approved();
  Verdict paused = Status("PAUSED", 10);
  paused.title = "FIRST_PAUSE";
  MergeVerdict(paused, t);
  EXPECT_EQ(t.pause_title, "FIRST_PAUSE");
  EXPECT_EQ(t.paused_at, kNow + absl::Seconds(10));
  Verdict listed = Status("PAUSED", 20);
  listed.listing = true;
  MergeVerdict(listed, t);
  EXPECT_EQ(t.pause_title, "FIRST_PAUSE") << "a listing does not say why";
  EXPECT_EQ(t.paused_at, kNow + absl::Seconds(10));
  MergeVerdict(Status("APPROVED", 30), t);
  EXPECT_EQ(t.pause_title, "");
  EXPECT_FALSE(t.paused_at);
}

TEST(TemplateVerdict, AWebhookAboutAnotherIdSaysNothing) {
  Translation t = Approved();
  Verdict stranger = Status("REJECTED", 5);
  stranger.graph_id = "another";
  EXPECT_FALSE(MergeVerdict(stranger, t));
  EXPECT_EQ(t.status, "APPROVED");
  stranger.listing = true;
  EXPECT_TRUE(MergeVerdict(stranger, t));
  EXPECT_EQ(t.provider_id, "another");
}

TEST(TemplateVerdict, AnEditEndsWithItsAnswerACreationWithAnyWord) {
  Translation edit = Approved();
  edit.state = TranslationState::kSubmitting;
  MergeVerdict(Status("PAUSED", 1), edit);
  EXPECT_EQ(edit.state, TranslationState::kSubmitting);
  Translation creation;
  creation.state = TranslationState::kSubmitting;
  MergeVerdict(Status("PENDING", 1), creation);
  EXPECT_EQ(creation.state, TranslationState::kProvider);
}

TEST(TemplateVerdict, AnAnnouncedCategoryIsNotTheCategory) {
  Translation t = Approved();
  t.category = Category::kUtility;
  const Translation before = t;
  EXPECT_TRUE(MergeVerdict({.announced_category = Category::kMarketing, .at = kNow}, t));
  EXPECT_EQ(t.category, Category::kUtility);
  EXPECT_EQ(EffectsOf(before, t).PauseReason(), "");
  EXPECT_TRUE(MergeVerdict({.category = Category::kMarketing, .at = kNow + absl::Hours(1)}, t));
  EXPECT_EQ(t.announced_category, Category::kUnspecified);
  EXPECT_EQ(EffectsOf(before, t).PauseReason(), "TEMPLATE_CATEGORY");
}

TEST(TemplateVerdict, OnlyWhatHurtsPausesCampaigns) {
  const Translation before = Approved();
  Translation after = before;
  after.status = "FLAGGED";
  EXPECT_EQ(EffectsOf(before, after).PauseReason(), "") << "approved with a warning";
  after.status = "DISABLED";
  EXPECT_EQ(EffectsOf(before, after).PauseReason(), "TEMPLATE_UNAVAILABLE");
  after = before;
  after.quality = "YELLOW";
  EXPECT_EQ(EffectsOf(before, after).PauseReason(), "");
  after.quality = "RED";
  EXPECT_EQ(EffectsOf(before, after).PauseReason(), "TEMPLATE_QUALITY");
  after.category = Category::kUtility;
  EXPECT_EQ(EffectsOf(before, after).PauseReason(), "") << "only marketing pauses for its quality";
}

TEST(TemplateVerdict, WebhooksInAnyOrderEndInTheNewestWord) {
  std::mt19937 random(7);
  const std::vector<std::string> words = {"APPROVED", "FLAGGED", "PAUSED", "REJECTED", "DISABLED", "SOMETHING_NEW"};
  for (int round = 0; round < 200; ++round) {
    std::vector<Verdict> verdicts;
    for (int i = 0; i < 8; ++i) {
      verdicts.push_back(Status(words[random() % words.size()], i));
      verdicts.push_back({.quality = i % 2 ? "GREEN" : "RED", .at = kNow + absl::Seconds(i)});
    }
    const std::string last = *verdicts[14].status;
    std::shuffle(verdicts.begin(), verdicts.end(), random);
    Translation t = Approved();
    for (const Verdict& v : verdicts) MergeVerdict(v, t);
    EXPECT_EQ(t.status, last);
    EXPECT_EQ(t.quality, "GREEN");
  }
}

TEST(TemplateName, IsLockedForThirtyDaysAfterAnApprovedOneWasDeleted) {
  Template t;
  t.translations = {Approved(), Approved()};
  t.translations[1].language = "pt_BR";
  MergeVerdict(Status("PENDING_DELETION", 0), t.translations[0]);
  MergeVerdict(Status("DELETED", 60), t.translations[0]);
  EXPECT_EQ(LockedUntil(t, "es", kNow), kNow + kNameLock) << "counted from the first word of it";
  EXPECT_EQ(LockedUntil(t, "en", kNow), std::nullopt) << "another language lives";
  MergeVerdict(Status("DELETED", 5), t.translations[1]);
  EXPECT_EQ(LockedUntil(t, "en", kNow), kNow + absl::Seconds(5) + kNameLock);
  EXPECT_EQ(LockedUntil(t, "es", kNow + absl::Hours(24 * 31)), std::nullopt);
}

TEST(TemplateName, CountsOnAVersionAtItsEnd) {
  EXPECT_EQ(NextFreeName("promo", {}), "promo_v2");
  EXPECT_EQ(NextFreeName("promo_v2", {"promo_v2", "promo_v3"}), "promo_v4");
  EXPECT_EQ(NextFreeName("promo_vip", {}), "promo_vip_v2");
}

TEST(TemplateAccount, WaitsWhenNineTenthsOfTheHourAreSpent) {
  std::vector<CallBucket> buckets;
  for (int i = 0; i < 60; ++i) buckets.push_back({CallBucketOf(kNow - absl::Minutes(i)), 3, 0});
  const absl::Time oldest = CallBucketOf(kNow - absl::Minutes(59));
  EXPECT_EQ(RoomForCalls(buckets, {.calls = 1}, {}, kNow), oldest + absl::Minutes(61)) << "180 of 200 are spent";
  buckets.back().calls = 2;
  EXPECT_EQ(RoomForCalls(buckets, {.calls = 1}, {}, kNow), std::nullopt);
  EXPECT_NE(RoomForCalls(buckets, {.calls = 2}, {}, kNow), std::nullopt);
  EXPECT_NE(RoomForCalls(buckets, {.calls = 1, .background = true}, {}, kNow), std::nullopt)
      << "a sync leaves the rest to people";
}

TEST(TemplateAccount, CountsCreationsApart) {
  const std::vector<CallBucket> buckets = {{CallBucketOf(kNow), 90, 90}};
  EXPECT_EQ(RoomForCalls(buckets, {.calls = 1}, {}, kNow), std::nullopt);
  EXPECT_EQ(RoomForCalls(buckets, {.calls = 1, .creations = 1}, {}, kNow), CallBucketOf(kNow) + absl::Minutes(61));
}

TEST(TemplateAccount, EditsOnceADayAndTenTimesAMonth) {
  EXPECT_EQ(RoomForEdit({}, {}, kNow), std::nullopt);
  EXPECT_EQ(RoomForEdit({kNow - absl::Hours(23)}, {}, kNow), kNow + absl::Hours(1));
  std::vector<absl::Time> ten;
  for (int i = 1; i <= 10; ++i) ten.push_back(kNow - absl::Hours(25 * i));
  EXPECT_EQ(RoomForEdit(ten, {}, kNow), kNow - absl::Hours(250) + absl::Hours(720));
  ten.pop_back();
  EXPECT_EQ(RoomForEdit(ten, {}, kNow), std::nullopt);
}

TEST(TemplateContent, KeepsWhatAListingCannotTell) {
  TemplateComponents live;
  live.header = {HeaderFormat::kImage, "", "4::aW1n"};
  live.body = "Hola {{1}}, chau";
  live.examples = {{"body.1", "Ana"}, {"header.media", "x"}};
  live.ttl_seconds = 60;
  live.buttons = {{.kind = ButtonKind::kQuickReply, .label = "No", .opt_out = true},
                  {.kind = ButtonKind::kCopyCode, .coupon_code = "ABC"}};
  TemplateComponents listed;
  listed.header = {HeaderFormat::kImage, "", "https://cdn.example/1"};
  listed.body = live.body;
  listed.buttons = {{.kind = ButtonKind::kQuickReply, .label = "No"},
                    {.kind = ButtonKind::kCopyCode, .label = "Copy offer code"}};
  const TemplateComponents whole = CompleteListed(listed, live, false);
  EXPECT_EQ(ContentOf(whole), ContentOf(live));
  EXPECT_EQ(whole.header.sample_handle, "4::aW1n");
  EXPECT_TRUE(whole.buttons[0].opt_out);
  listed.buttons[0].label = "Basta";
  EXPECT_FALSE(CompleteListed(listed, live, false).buttons[0].opt_out);
}

}  // namespace
}  // namespace vinculo::messaging
