#include "services/messaging/work/template_sync.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "absl/strings/str_cat.h"
#include "services/messaging/job_kinds.h"
#include "services/messaging/work/inbox_apply.h"
#include "services/messaging/work/template_fixture.h"

namespace vinculo::messaging {
namespace {

using ::vinculo::test::IsOk;

class TemplateSyncTest : public TemplateFixture {
 protected:
  static ListedTemplate Listed(std::string name, std::string status, std::string body = "Hola") {
    return {.graph_id = "g-" + name + "-es",
            .name = std::move(name),
            .language = "es",
            .status = std::move(status),
            .category = Category::kMarketing,
            .components = {.body = std::move(body)}};
  }
  // A whole listing, page by page, asked for at `at`.
  void Run(const std::vector<std::vector<ListedTemplate>>& pages, absl::Time at) {
    ASSERT_THAT(
        Write([&](sql::Transaction& tx) { return RequestTemplateSync(tx, channel_, absl::ZeroDuration(), at); }),
        IsOk());
    for (size_t i = 0; i < pages.size(); ++i) {
      const std::vector<jobs::Job> due = Claim(kJobSyncTemplates, at);
      ASSERT_EQ(due.size(), 1u);
      auto asked = Write([&](sql::Transaction& tx) { return BeginSyncPage(tx, due[0], key_, {}, at); });
      ASSERT_THAT(asked, IsOk());
      ASSERT_TRUE(*asked);
      EXPECT_EQ((*asked)->address, i == 0 ? "" : absl::StrCat("page ", i));
      TemplatePage page;
      page.result = ManagementAnswer::Result::kDone;
      page.items = pages[i];
      if (i + 1 < pages.size()) page.next = absl::StrCat("page ", i + 1);
      ASSERT_THAT(
          Write([&](sql::Transaction& tx) { return RecordSyncPage(tx, due[0], **asked, page, absl::Hours(6), at); }),
          IsOk());
    }
    EXPECT_FALSE(Sync().running);
  }
};

TEST_F(TemplateSyncTest, BringsWhatIsNewFollowsWhatChangedAndMarksWhatIsGone) {
  Approve(Key("promo"), Text("Hola"));
  Approve(Key("vieja"), Text("Adiós"));
  const Uuid campaign = NewCampaign(CampaignState::kRunning, {false, "es"}, "vieja");
  Run({{Listed("promo", "APPROVED", "Hola de nuevo")}, {Listed("otra", "PENDING", "Nueva")}}, At(100));
  const Translation promo = Get(Key("promo"));
  EXPECT_EQ(promo.submitted->components.body, "Hola de nuevo");
  EXPECT_EQ(promo.submitted->version, 2);
  EXPECT_EQ(promo.submitted->origin, VersionOrigin::kSync);
  EXPECT_EQ(Get(Key("otra")).status, "PENDING");
  EXPECT_EQ(Get(Key("otra")).state, TranslationState::kProvider);
  EXPECT_EQ(Get(Key("vieja")).status, "DELETED");
  EXPECT_EQ(Get(Key("vieja")).locked_until, At(100) + kNameLock);
  EXPECT_EQ(GetCampaign(campaign).pause_reason, "TEMPLATE_UNAVAILABLE");
  EXPECT_EQ(Sync().complete_at, At(100));
}

TEST_F(TemplateSyncTest, RepeatingItChangesNothing) {
  Approve(Key("promo"), Text("Hola"));
  const std::vector<std::vector<ListedTemplate>> listing = {
      {Listed("promo", "APPROVED"), Listed("otra", "PAUSED", "Y")}};
  Run(listing, At(100));
  const size_t events = Events().size();
  auto revision = [&] {
    return Write([&](sql::Transaction& tx) { return TemplateRepository::Get(tx, channel_, "otra"); })->revision;
  };
  const int64_t before = revision();
  Run(listing, At(200));
  Run(listing, At(300));
  EXPECT_EQ(Events().size(), events);
  EXPECT_EQ(revision(), before);
  EXPECT_EQ(Get(Key("promo")).submitted->version, 1);
}

TEST_F(TemplateSyncTest, AListingThatEndsEarlyMarksNothing) {
  Approve(Key("promo"), Text("Hola"));
  ASSERT_THAT(
      Write([&](sql::Transaction& tx) { return RequestTemplateSync(tx, channel_, absl::ZeroDuration(), kNow); }),
      IsOk());
  const std::vector<jobs::Job> due = Claim(kJobSyncTemplates, At(100));
  ASSERT_EQ(due.size(), 1u);
  const auto asked = Write([&](sql::Transaction& tx) { return BeginSyncPage(tx, due[0], key_, {}, At(100)); });
  TemplatePage refused;
  refused.result = ManagementAnswer::Result::kRefused;
  refused.message = "no such page";
  ASSERT_THAT(Write([&](sql::Transaction& tx) {
                return RecordSyncPage(tx, due[0], **asked, refused, absl::Hours(6), At(101));
              }),
              IsOk());
  EXPECT_TRUE(Get(Key("promo")).Sendable());
  EXPECT_EQ(Sync().error, "no such page");
  EXPECT_EQ(Sync().complete_at, std::nullopt);
  EXPECT_THAT(Claim(kJobSyncTemplates, At(100) + absl::Hours(5)), testing::IsEmpty());
  EXPECT_EQ(Claim(kJobSyncTemplates, At(101) + absl::Hours(6)).size(), 1u);
}

TEST_F(TemplateSyncTest, OneAskedForWhileOneRunsFollowsIt) {
  ASSERT_THAT(
      Write([&](sql::Transaction& tx) { return RequestTemplateSync(tx, channel_, absl::ZeroDuration(), kNow); }),
      IsOk());
  const std::vector<jobs::Job> due = Claim(kJobSyncTemplates, kNow);
  const auto asked = Write([&](sql::Transaction& tx) { return BeginSyncPage(tx, due[0], key_, {}, kNow); });
  for (int i = 0; i < 3; ++i) {
    ASSERT_THAT(
        Write([&](sql::Transaction& tx) { return RequestTemplateSync(tx, channel_, kSyncAfterWebhook, At(1)); }),
        IsOk());
  }
  TemplatePage page;
  page.result = ManagementAnswer::Result::kDone;
  ASSERT_THAT(
      Write([&](sql::Transaction& tx) { return RecordSyncPage(tx, due[0], **asked, page, absl::Hours(6), At(2)); }),
      IsOk())
      << "the run under way is not fenced off";
  EXPECT_EQ(Claim(kJobSyncTemplates, At(2) + kSyncAfterWebhook).size(), 1u);
}

TEST_F(TemplateSyncTest, WhatIsBeingSubmittedIsLeftToItsAnswer) {
  Draft(Key("nueva"), Text("Hola"));
  Freeze(Key("nueva"), kNow);
  Approve(Key("promo"), Text("Hola"));
  ASSERT_THAT(Write([&](sql::Transaction& tx) {
                return TemplateRepository::SaveDraft(tx, Key("promo"), Category::kMarketing, Text("Chau"), kNow);
              }),
              IsOk());
  Freeze(Key("promo"), At(50));
  Run({{Listed("promo", "APPROVED")}}, At(100));
  EXPECT_EQ(Get(Key("promo")).state, TranslationState::kSubmitting);
  EXPECT_EQ(Get(Key("promo")).submitted->components.body, "Chau");
  EXPECT_EQ(Get(Key("nueva")).state, TranslationState::kSubmitting);
}

TEST_F(TemplateSyncTest, ADraftThatWhatsAppHasIsAdoptedAndAnotherOneKept) {
  Draft(Key("igual"), Text("Hola"));
  Draft(Key("distinta"), Text("Mi texto"));
  Run({{Listed("igual", "APPROVED", "Hola"), Listed("distinta", "APPROVED", "Otro texto")}}, At(100));
  EXPECT_EQ(Get(Key("igual")).submitted->version, 1);
  EXPECT_FALSE(Get(Key("igual")).draft);
  EXPECT_EQ(Get(Key("distinta")).submitted->components.body, "Otro texto");
  EXPECT_EQ(Get(Key("distinta")).draft->components.body, "Mi texto");
}

TEST_F(TemplateSyncTest, ATemplateMadeWhileTheListingWasReadIsNotTakenForGone) {
  ASSERT_THAT(
      Write([&](sql::Transaction& tx) { return RequestTemplateSync(tx, channel_, absl::ZeroDuration(), kNow); }),
      IsOk());
  const std::vector<jobs::Job> due = Claim(kJobSyncTemplates, kNow);
  const auto asked =
      Write([&](sql::Transaction& tx) { return BeginSyncPage(tx, due[0], key_, {}, kNow - absl::Seconds(1)); });
  Approve(Key("nueva"), Text("Hola"));
  TemplatePage page;
  page.result = ManagementAnswer::Result::kDone;
  ASSERT_THAT(
      Write([&](sql::Transaction& tx) { return RecordSyncPage(tx, due[0], **asked, page, absl::Hours(6), At(2)); }),
      IsOk());
  EXPECT_TRUE(Get(Key("nueva")).Sendable());
}

// What WhatsApp holds, changing over time, with the webhook of each change.
struct World {
  struct Entry {
    std::string status;
    std::string quality;
    std::string body;
  };
  std::map<std::string, Entry> now;
  std::vector<TemplateItem> webhooks;
};

class Convergence : public TemplateSyncTest, public testing::WithParamInterface<int> {
 protected:
  std::vector<ListedTemplate> ListingOf(const World& world) {
    std::vector<ListedTemplate> out;
    for (const auto& [name, entry] : world.now) {
      if (entry.status == "DELETED") continue;
      out.push_back(Listed(name, entry.status, entry.body));
      out.back().quality = entry.quality;
    }
    return out;
  }
  void Step(World& world, int second) {
    const std::string name = absl::StrCat("t", random_() % 5);
    World::Entry& entry = world.now[name];
    if (entry.body.empty()) entry = {"PENDING", "UNKNOWN", "Hola"};
    TemplateItem item{
        .waba_id = "77", .graph_id = "g-" + name + "-es", .name = name, .language = "es", .at = At(second)};
    switch (random_() % 3) {
      case 0:
        item.topic = TemplateTopic::kStatus;
        item.status = entry.status = kStatuses[random_() % kStatuses.size()];
        break;
      case 1:
        item.topic = TemplateTopic::kQuality;
        item.quality = entry.quality = kQualities[random_() % kQualities.size()];
        break;
      default:
        item.topic = TemplateTopic::kComponents;
        entry.body = absl::StrCat("Hola ", random_() % 3);
    }
    world.webhooks.push_back(item);
  }

  static inline const std::vector<std::string> kStatuses = {"APPROVED", "PAUSED",  "REJECTED", "FLAGGED",
                                                            "DISABLED", "DELETED", "NEW_WORD"};
  static inline const std::vector<std::string> kQualities = {"GREEN", "YELLOW", "RED", "UNKNOWN"};
  std::mt19937 random_{static_cast<uint32_t>(GetParam())};
};

TEST_P(Convergence, SyncsAndWebhooksInAnyOrderEndAtGraphsListing) {
  World world;
  std::vector<TemplateItem> late;
  int second = 0;
  for (int round = 0; round < 6; ++round) {
    for (int i = 0; i < 8; ++i) Step(world, ++second);
    // Webhooks come in any order, some twice, some only after the sync.
    std::shuffle(world.webhooks.begin(), world.webhooks.end(), random_);
    for (const TemplateItem& item : world.webhooks) {
      if (random_() % 4 == 0) {
        late.push_back(item);
        continue;
      }
      for (int times = random_() % 2; times >= 0; --times) {
        ASSERT_THAT(Write([&](sql::Transaction& tx) { return ApplyTemplate(tx, channel_, item, At(second)); }), IsOk());
      }
    }
    world.webhooks.clear();
    std::vector<std::vector<ListedTemplate>> pages(1);
    for (ListedTemplate& item : ListingOf(world)) {
      if (pages.back().size() == 2) pages.emplace_back();
      pages.back().push_back(std::move(item));
    }
    Run(pages, At(second += 60));
    for (const TemplateItem& item : late)
      ASSERT_THAT(Write([&](sql::Transaction& tx) { return ApplyTemplate(tx, channel_, item, At(second)); }), IsOk());
    late.clear();
    for (const auto& [name, entry] : world.now) {
      if (entry.status == "DELETED") {
        const auto gone = Write([&](sql::Transaction& tx) { return TemplateRepository::Find(tx, channel_, name); });
        EXPECT_TRUE(!*gone || (*gone)->Find("es")->status == "DELETED") << name;
        continue;
      }
      const Translation is = Get(Key(name));
      EXPECT_EQ(is.status, entry.status) << name << ", round " << round;
      EXPECT_EQ(is.quality, entry.quality) << name;
      ASSERT_TRUE(is.submitted) << name;
      EXPECT_EQ(is.submitted->components.body, entry.body) << name;
    }
    second += 60;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Convergence, testing::Range(1, 9));

}  // namespace
}  // namespace vinculo::messaging
