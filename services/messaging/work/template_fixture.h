#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/events/event_log.h"
#include "common/jobs/job_queue.h"
#include "common/sql/test_database.h"
#include "common/status/status_macros.h"
#include "common/testing/status_matchers.h"
#include "messaging_store_migrations.h"
#include "services/messaging/store/campaign_repository.h"
#include "services/messaging/store/channel_repository.h"
#include "services/messaging/store/data_key.h"
#include "services/messaging/template_act.h"

namespace vinculo::messaging {

// A store with one channel, for tests of what happens to its templates.
class TemplateFixture : public testing::Test {
 protected:
  static inline const absl::Time kNow = absl::FromUnixSeconds(1'760'000'000);
  static absl::Time At(int seconds) { return kNow + absl::Seconds(seconds); }

  template <class Body>
  auto Write(Body body) {
    return db_->WriteAndWait(sql::TestScope(), body);
  }

  void SetUp() override {
    const Channel channel{.id = channel_,
                          .display_name = "x",
                          .waba_id = "77",
                          .app = "main",
                          .token_sealed = key_.Seal("token", "waba:77"),
                          .token_tail = "oken",
                          .created_at = kNow};
    ASSERT_THAT(Write([&](sql::Transaction& tx) { return ChannelRepository::InsertChannel(tx, channel); }),
                test::IsOk());
  }

  TranslationKey Key(std::string name = "promo", std::string language = "es") const {
    return {channel_, std::move(name), std::move(language)};
  }
  static TemplateComponents Text(std::string body) { return {.body = std::move(body)}; }

  void Draft(const TranslationKey& key, const TemplateComponents& c, Category category = Category::kMarketing) {
    ASSERT_THAT(Write([&](sql::Transaction& tx) {
                  return TemplateRepository::Create(tx, key, VariableFormat::kPositional, category, c, kNow);
                }),
                test::IsOk());
  }
  void Freeze(const TranslationKey& key, absl::Time now) {
    ASSERT_THAT(Write([&](sql::Transaction& tx) { return TemplateRepository::Freeze(tx, key, now); }), test::IsOk());
  }
  absl::StatusOr<bool> Say(const TranslationKey& key, const Verdict& verdict) {
    return Write([&](sql::Transaction& tx) { return ApplyVerdict(tx, key, verdict, verdict.at); });
  }
  // WhatsApp has it, approved, since kNow.
  void Approve(const TranslationKey& key, const TemplateComponents& c, Category category = Category::kMarketing) {
    Draft(key, c, category);
    Freeze(key, kNow);
    ASSERT_THAT(Say(key, {.graph_id = "g-" + key.name + "-" + key.language, .status = "APPROVED", .at = kNow}),
                test::IsOk());
  }
  Translation Get(const TranslationKey& key) {
    auto t = Write([&](sql::Transaction& tx) { return TemplateRepository::Get(tx, key.channel_id, key.name); });
    EXPECT_THAT(t, test::IsOk());
    const Translation* found = t.ok() ? t->Find(key.language) : nullptr;
    return found == nullptr ? Translation() : *found;
  }

  Uuid NewCampaign(CampaignState state, CampaignLanguage language = {false, "es"}, std::string name = "promo") {
    const Campaign c{.id = Uuid::New(kNow),
                     .display_name = "c",
                     .sender_id = Uuid::New(kNow),
                     .channel_id = channel_,
                     .template_name = std::move(name),
                     .language = std::move(language),
                     .audience = {.kind = AudienceFilter::Kind::kAllContacts},
                     .state = state,
                     .created_at = kNow};
    EXPECT_THAT(Write([&](sql::Transaction& tx) { return CampaignRepository::Insert(tx, c); }), test::IsOk());
    return c.id;
  }
  Campaign GetCampaign(const Uuid& id) {
    return *Write([&](sql::Transaction& tx) { return CampaignRepository::Get(tx, id); });
  }
  std::vector<std::string> Events() {
    std::vector<std::string> out;
    auto events = Write([](sql::Transaction& tx) { return events::Read(tx, 0, 1000); });
    for (const events::StoredEvent& e : *events) out.push_back(e.type);
    return out;
  }
  // Due jobs of a kind, claimed.
  std::vector<jobs::Job> Claim(const char* kind, absl::Time now) {
    return *Write([&](sql::Transaction& tx) { return jobs::Claim(tx, kind, now, absl::Seconds(60), 100); });
  }
  TemplateSync Sync() {
    return *Write([&](sql::Transaction& tx) { return TemplateAccountRepository::GetSync(tx, channel_); });
  }

  sql::TestDatabase db_{std::vector<sql::MigrationSet>{
      {"events", &events::Migrations()}, {"jobs", &jobs::Migrations()}, {"messaging", &Migrations()}}};
  DataKey key_ = *DataKey::FromSecret(std::string(32, 'k'));
  const Uuid channel_ = Uuid::New(kNow);
};

}  // namespace vinculo::messaging
