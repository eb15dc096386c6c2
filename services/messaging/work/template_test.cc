#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "services/messaging/domain/template_content.h"
#include "services/messaging/job_kinds.h"
#include "services/messaging/work/graph_templates.h"
#include "services/messaging/work/inbox_apply.h"
#include "services/messaging/work/template_fixture.h"
#include "services/messaging/work/template_submit.h"

namespace vinculo::messaging {
namespace {

using ::vinculo::test::IsOk;
using ::vinculo::test::StatusIs;
using Json = nlohmann::json;

http::Response Answer(int status, std::string body) {
  return {.transport = absl::OkStatus(), .request_bytes_written = true, .status = status, .body = std::move(body)};
}

// A listing's item, as Graph repeats what was created.
std::optional<ListedTemplate> Listed(Category category, VariableFormat format, const TemplateComponents& c) {
  Json j = Json::parse(TemplateBody("promo", "es_AR", category, format, c));
  j["id"] = "1";
  j["status"] = "APPROVED";
  const TemplatePage page = ReadTemplatePage(Answer(200, Json{{"data", {j}}}.dump()));
  return page.items.empty() ? std::nullopt : std::optional<ListedTemplate>(page.items[0]);
}

TemplateComponents Rich() {
  TemplateComponents c;
  c.header = {HeaderFormat::kText, "Oferta {{1}} ya", ""};
  c.body = "Hola {{2}}, hasta el {{1}} tenés 20% en la tienda.";
  c.footer = "Respondé BAJA para no recibir más";
  c.examples = {{"header.1", "de otoño"}, {"body.1", "Ana"}, {"body.2", "30 de abril"}, {"button.1", "abc"}};
  c.buttons = {{.kind = ButtonKind::kQuickReply, .label = "No recibir más", .opt_out = true},
               {.kind = ButtonKind::kUrl, .label = "Ver", .url = "https://t.example/o/{{1}}"},
               {.kind = ButtonKind::kPhoneNumber, .label = "Llamar", .phone_number = "+541140000000"},
               {.kind = ButtonKind::kCopyCode, .coupon_code = "ABC"},
               {.kind = ButtonKind::kVoiceCall, .label = "Hablar"}};
  c.ttl_seconds = 43200;
  return c;
}

TEST(GraphTemplates, ComeBackFromAListingAsTheyWereWritten) {
  TemplateComponents rich = Rich();
  auto listed = Listed(Category::kMarketing, VariableFormat::kPositional, rich);
  ASSERT_TRUE(listed);
  EXPECT_EQ(listed->category, Category::kMarketing);
  EXPECT_TRUE(listed->ttl_known);
  rich.buttons[0].opt_out = false;  // which WhatsApp does not know
  EXPECT_EQ(listed->components, rich);

  TemplateComponents named;
  named.header = {HeaderFormat::kDocument, "", "4::ZG9j"};
  named.body = "Hola {{first_name}}, tu pedido {{order_no}} está listo.";
  named.examples = {{"body.first_name", "Ana"}, {"body.order_no", "A-1"}};
  listed = Listed(Category::kUtility, VariableFormat::kNamed, named);
  ASSERT_TRUE(listed);
  EXPECT_EQ(listed->format, VariableFormat::kNamed);
  EXPECT_EQ(listed->components, named);

  for (const ButtonKind kind : {ButtonKind::kOtpCopy, ButtonKind::kOtpOneTap, ButtonKind::kOtpZeroTap}) {
    TemplateComponents code;
    code.add_security_recommendation = true;
    code.code_expiration_minutes = 5;
    code.buttons = {{.kind = kind, .label = "Copiar"}};
    if (kind != ButtonKind::kOtpCopy) code.buttons[0].supported_apps = {{"com.example.app", "K8aWbAINcGX"}};
    code.buttons[0].zero_tap_terms_accepted = kind == ButtonKind::kOtpZeroTap;
    listed = Listed(Category::kAuthentication, VariableFormat::kPositional, code);
    ASSERT_TRUE(listed);
    EXPECT_EQ(listed->components, code);
  }
}

TEST(GraphTemplates, ReadWhatGraphWritesInItsOwnWay) {
  const Json item = {{"id", 17},
                     {"name", "code"},
                     {"language", "en-US"},
                     {"status", "APPROVED"},
                     {"category", "AUTHENTICATION"},
                     {"rejected_reason", "NONE"},
                     {"quality_score", {{"score", "GREEN"}, {"date", 1}}},
                     {"components",
                      {{{"type", "BODY"}, {"text", "*{{1}}* is your code."}, {"add_security_recommendation", true}},
                       {{"type", "FOOTER"}, {"text", "Expires in 5 minutes."}, {"code_expiration_minutes", 5}},
                       {{"type", "BUTTONS"},
                        {"buttons",
                         {{{"type", "URL"},
                           {"text", "Copy code"},
                           {"url", "https://www.whatsapp.com/otp/code/?otp_type=ONE_TAP&code=otp{{1}}"},
                           {"example", {"https://www.whatsapp.com/otp/code/?otp_type=ONE_TAP&code=otp123456"}}}}}}}}};
  const TemplatePage page = ReadTemplatePage(Answer(200, Json{{"data", {item, 7, {{"id", "x"}}}}}.dump()));
  ASSERT_EQ(page.items.size(), 1u) << "what does not say what it is costs nobody else";
  const ListedTemplate& t = page.items[0];
  EXPECT_EQ(t.graph_id, "17");
  EXPECT_EQ(t.language, "en_US");
  EXPECT_EQ(t.rejected_reason, "");
  EXPECT_EQ(t.quality, "GREEN");
  EXPECT_EQ(t.components.body, "");
  EXPECT_EQ(t.components.code_expiration_minutes, 5);
  ASSERT_EQ(t.components.buttons.size(), 1u);
  EXPECT_EQ(t.components.buttons[0].kind, ButtonKind::kOtpOneTap);
  EXPECT_FALSE(t.ttl_known);
}

TEST(GraphTemplates, TakeTheEndOfALinksExampleAndKeepThePlaceOfUnknownButtons) {
  const Json buttons = {
      {{"type", "FLOW"}, {"text", "Form"}},
      {{"type", "URL"}, {"text", "V"}, {"url", "https://a.example/{{1}}"}, {"example", "https://a.example/abc"}},
      {{"type", "COPY_CODE"}, {"text", "Copy offer code"}, {"example", "X1"}}};
  const Json item = {{"id", "1"},
                     {"name", "n"},
                     {"language", "es"},
                     {"status", "APPROVED"},
                     {"category", "MARKETING"},
                     {"components", {{{"type", "BUTTONS"}, {"buttons", buttons}}}}};
  const TemplatePage page = ReadTemplatePage(Answer(200, Json{{"data", {item}}}.dump()));
  ASSERT_EQ(page.items.size(), 1u);
  const TemplateComponents& c = page.items[0].components;
  ASSERT_EQ(c.buttons.size(), 3u);
  EXPECT_EQ(c.buttons[0].kind, ButtonKind::kUnspecified);
  EXPECT_EQ(c.examples, (PlaceValues{{"button.1", "abc"}}));
  EXPECT_EQ(c.buttons[2].coupon_code, "X1");
}

TEST(GraphTemplates, JudgeAnswersByCodeAndNeverByText) {
  using Result = ManagementAnswer::Result;
  const auto error = [](int http, int code, int subcode = 0) {
    return ReadTemplateAnswer(
        Answer(http, Json{{"error", {{"code", code}, {"error_subcode", subcode}, {"message", "m"}}}}.dump()));
  };
  EXPECT_EQ(error(400, 100, 2388024).result, Result::kRefused);
  EXPECT_EQ(error(400, 100, 2388024).subcode, 2388024);
  for (const int slow : {4, 613, 80007, 80008}) {
    EXPECT_EQ(error(400, slow).result, Result::kAgain) << slow;
    EXPECT_TRUE(error(400, slow).throttled) << slow;
  }
  EXPECT_EQ(error(500, 2).result, Result::kAgain);
  EXPECT_FALSE(error(500, 2).throttled);
  EXPECT_EQ(ReadTemplateAnswer(Answer(200, "")).result, Result::kAgain) << "nobody knows";
  EXPECT_EQ(ReadTemplateAnswer(Answer(502, "<html>")).result, Result::kAgain);
  EXPECT_EQ(ReadTemplateAnswer(Answer(404, "<html>")).result, Result::kRefused);
  EXPECT_EQ(ReadTemplateAnswer(Answer(200, R"({"success":true})")).result, Result::kDone);
  EXPECT_EQ(ReadSuccess(Answer(200, R"({"success":false})")).result, Result::kAgain);
  EXPECT_EQ(ReadTemplatePage(Answer(200, R"({"data":{}})")).result, Result::kAgain);
}

class TemplateWork : public TemplateFixture {
 protected:
  TemplateItem Webhook(TemplateTopic topic, int at) {
    return {.topic = topic, .waba_id = "77", .graph_id = "g-promo-es", .name = "promo", .language = "es", .at = At(at)};
  }
  absl::StatusOr<ItemResult> Apply(const TemplateItem& item) {
    return Write([&](sql::Transaction& tx) { return ApplyTemplate(tx, channel_, item, At(1000)); });
  }
  // Begins the one submission that is due.
  std::optional<Submission> Begin(absl::Time now, const ManagementLimits& limits = {}) {
    const std::vector<jobs::Job> due = Claim(kJobSubmitTemplate, now);
    EXPECT_EQ(due.size(), 1u);
    if (due.empty()) return std::nullopt;
    job_ = due[0];
    auto begun = Write([&](sql::Transaction& tx) { return BeginSubmission(tx, job_, key_, limits, now); });
    EXPECT_THAT(begun, IsOk());
    return begun.ok() ? *begun : std::nullopt;
  }
  void Record(const Submission& s, const TemplateAnswer& answer, absl::Time now) {
    EXPECT_THAT(Write([&](sql::Transaction& tx) { return RecordSubmission(tx, job_, s, answer, now); }), IsOk());
  }
  void Enqueue(const TranslationKey& key) {
    const std::string payload = key.channel_id.ToString() + "\n" + key.name + "\n" + key.language;
    ASSERT_THAT(Write([&](sql::Transaction& tx) {
                  return jobs::Enqueue(
                      tx, {.kind = kJobSubmitTemplate, .key = payload, .due_at = kNow, .payload = payload});
                }),
                IsOk());
  }
  static TemplateAnswer Done(std::string id, std::string status, std::string category = "MARKETING") {
    TemplateAnswer answer;
    answer.result = ManagementAnswer::Result::kDone;
    answer.graph_id = std::move(id);
    answer.status = std::move(status);
    answer.category = std::move(category);
    return answer;
  }
  static TemplateAnswer Refused(int code, int subcode) {
    TemplateAnswer answer;
    answer.result = ManagementAnswer::Result::kRefused;
    answer.code = code;
    answer.subcode = subcode;
    answer.message = "no";
    return answer;
  }

  jobs::Job job_;
};

TEST_F(TemplateWork, ATemplateThatIsNoLongerSendablePausesItsCampaignsAtOnce) {
  Approve(Key(), Text("Hola"));
  const Uuid running = NewCampaign(CampaignState::kRunning), freezing = NewCampaign(CampaignState::kFreezing),
             scheduled = NewCampaign(CampaignState::kScheduled),
             by_contact = NewCampaign(CampaignState::kRunning, {true, "pt_BR"}),
             other_language = NewCampaign(CampaignState::kRunning, {false, "pt_BR"}),
             other_template = NewCampaign(CampaignState::kRunning, {false, "es"}, "aviso");
  TemplateItem paused = Webhook(TemplateTopic::kStatus, 10);
  paused.status = "PAUSED";
  paused.other_title = "SECOND_PAUSE";
  EXPECT_EQ(*Apply(paused), ItemResult::kApplied);
  EXPECT_EQ(Get(Key()).pause_title, "SECOND_PAUSE");
  EXPECT_EQ(GetCampaign(running).state, CampaignState::kPaused);
  EXPECT_EQ(GetCampaign(running).pause_reason, "TEMPLATE_UNAVAILABLE");
  EXPECT_EQ(GetCampaign(by_contact).state, CampaignState::kPaused) << "it may write in that language";
  EXPECT_TRUE(GetCampaign(freezing).pause_when_frozen);
  EXPECT_EQ(GetCampaign(scheduled).state, CampaignState::kScheduled) << "its start checks again";
  EXPECT_EQ(GetCampaign(other_language).state, CampaignState::kRunning);
  EXPECT_EQ(GetCampaign(other_template).state, CampaignState::kRunning);
  EXPECT_EQ(*Apply(paused), ItemResult::kDuplicate);
}

TEST_F(TemplateWork, QualityPausesOnlyWhenItIsRed) {
  Approve(Key(), Text("Hola"));
  const Uuid running = NewCampaign(CampaignState::kRunning);
  TemplateItem quality = Webhook(TemplateTopic::kQuality, 10);
  quality.quality = "YELLOW";
  EXPECT_EQ(*Apply(quality), ItemResult::kApplied);
  EXPECT_EQ(GetCampaign(running).state, CampaignState::kRunning);
  EXPECT_THAT(Events(), testing::Contains("template.quality_changed").Times(1));
  quality.quality = "RED";
  quality.at = At(11);
  EXPECT_EQ(*Apply(quality), ItemResult::kApplied);
  EXPECT_EQ(GetCampaign(running).pause_reason, "TEMPLATE_QUALITY");
  EXPECT_THAT(Events(), testing::Contains("template.quality_changed").Times(2));
}

TEST_F(TemplateWork, AnAnnouncedCategoryIsRememberedAndADoneOnePauses) {
  Approve(Key(), Text("Hola"), Category::kUtility);
  const Uuid running = NewCampaign(CampaignState::kRunning);
  TemplateItem notice = Webhook(TemplateTopic::kCategory, 10);
  notice.announced_category = "MARKETING";
  EXPECT_EQ(*Apply(notice), ItemResult::kApplied);
  EXPECT_EQ(Get(Key()).announced_category, Category::kMarketing);
  EXPECT_EQ(Get(Key()).category, Category::kUtility);
  EXPECT_EQ(GetCampaign(running).state, CampaignState::kRunning);
  TemplateItem done = Webhook(TemplateTopic::kCategory, 20);
  done.category = "MARKETING";
  done.previous_category = "UTILITY";
  EXPECT_EQ(*Apply(done), ItemResult::kApplied);
  EXPECT_EQ(Get(Key()).category, Category::kMarketing);
  EXPECT_EQ(Get(Key()).announced_category, Category::kUnspecified);
  EXPECT_EQ(GetCampaign(running).pause_reason, "TEMPLATE_CATEGORY");
  EXPECT_THAT(Events(), testing::Contains("template.category_changed").Times(1));
}

TEST_F(TemplateWork, EveryTemplateWebhookAsksForOneSync) {
  TemplateItem parts = Webhook(TemplateTopic::kComponents, 10);
  parts.name = "unknown_here";
  parts.graph_id = "nobody";
  EXPECT_EQ(*Apply(parts), ItemResult::kIgnored);
  for (int i = 0; i < 5; ++i) EXPECT_THAT(Apply(parts), IsOk());
  EXPECT_EQ(Sync().wanted_at, At(1000));
  EXPECT_THAT(Claim(kJobSyncTemplates, At(1000)), testing::IsEmpty()) << "more may follow";
  EXPECT_EQ(Claim(kJobSyncTemplates, At(1000) + kSyncAfterWebhook).size(), 1u);
}

TEST_F(TemplateWork, TheAnswerOfACreationSetsIdStatusAndCategory) {
  Draft(Key(), Text("Hola"), Category::kUtility);
  Freeze(Key(), kNow);
  Enqueue(Key());
  const auto s = Begin(kNow);
  ASSERT_TRUE(s);
  EXPECT_FALSE(s->look);
  EXPECT_EQ(s->account.token, "token");
  Record(*s, Done("g1", "APPROVED", "MARKETING"), kNow);
  const Translation is = Get(Key());
  EXPECT_EQ(is.provider_id, "g1");
  EXPECT_TRUE(is.Sendable());
  EXPECT_EQ(is.category, Category::kMarketing) << "approved with another category";
  EXPECT_THAT(Events(), testing::IsSupersetOf({"template.status_changed", "template.category_changed"}));
  EXPECT_THAT(Claim(kJobSubmitTemplate, At(100'000)), testing::IsEmpty());
}

TEST_F(TemplateWork, AWebhookBeforeTheAnswerIsNotUndoneByIt) {
  Draft(Key(), Text("Hola"));
  Freeze(Key(), kNow);
  Enqueue(Key());
  const auto s = Begin(kNow);
  ASSERT_TRUE(s);
  TemplateItem approved = Webhook(TemplateTopic::kStatus, 1);
  approved.status = "APPROVED";
  EXPECT_EQ(*Apply(approved), ItemResult::kApplied);
  Record(*s, Done("g-promo-es", "PENDING"), At(2));
  EXPECT_TRUE(Get(Key()).Sendable());
  EXPECT_EQ(Get(Key()).provider_id, "g-promo-es");
}

TEST_F(TemplateWork, AfterAnUnclearAnswerTheNameIsLookedUpBeforeItIsPostedAgain) {
  Draft(Key(), Text("Hola"));
  Freeze(Key(), kNow);
  Enqueue(Key());
  auto s = Begin(kNow);
  ASSERT_TRUE(s);
  Record(*s, TemplateAnswer(), kNow);
  s = Begin(At(60));
  ASSERT_TRUE(s);
  EXPECT_TRUE(s->look);
  TemplatePage page;
  page.result = ManagementAnswer::Result::kDone;
  EXPECT_FALSE(AnswerOfListing(*s, page)) << "it is not there: post";
  page.items.push_back({.graph_id = "g9", .name = "promo", .language = "es", .status = "PENDING"});
  const auto known = AnswerOfListing(*s, page);
  ASSERT_TRUE(known);
  Record(*s, *known, At(61));
  EXPECT_EQ(Get(Key()).status, "PENDING");
  EXPECT_EQ(Get(Key()).provider_id, "g9");
}

TEST_F(TemplateWork, ARefusedEditLeavesWhatWhatsAppHas) {
  Approve(Key(), Text("Hola"));
  ASSERT_THAT(Write([&](sql::Transaction& tx) {
                return TemplateRepository::SaveDraft(tx, Key(), Category::kMarketing, Text("Chau"), kNow);
              }),
              IsOk());
  Freeze(Key(), At(10));
  Enqueue(Key());
  EXPECT_FALSE(Get(Key()).Sendable()) << "on its way to review";
  const auto s = Begin(At(10));
  ASSERT_TRUE(s);
  EXPECT_TRUE(s->edit());
  EXPECT_FALSE(Json::parse(s->Body()).contains("category")) << "the category of an approved one is fixed";
  Record(*s, Refused(100, 2388039), At(11));
  const Translation is = Get(Key());
  EXPECT_TRUE(is.Sendable());
  EXPECT_EQ(is.submitted->components.body, "Hola");
  EXPECT_EQ(is.draft->components.body, "Chau");
  EXPECT_THAT(is.rejected_reason, testing::StartsWith("PROVIDER_100"));
  EXPECT_TRUE(Sync().wanted_at) << "it knows something that we do not";
}

TEST_F(TemplateWork, AnAcceptedEditIsPendingAgainAndCountsForTheDay) {
  Approve(Key(), Text("Hola"));
  ASSERT_THAT(Write([&](sql::Transaction& tx) {
                return TemplateRepository::SaveDraft(tx, Key(), Category::kMarketing, Text("Chau"), kNow);
              }),
              IsOk());
  Freeze(Key(), At(10));
  Enqueue(Key());
  const auto s = Begin(At(10));
  ASSERT_TRUE(s);
  Record(*s, Done("", "", ""), At(11));
  EXPECT_EQ(Get(Key()).status, "PENDING");
  EXPECT_EQ(Get(Key()).submitted->components.body, "Chau");
  auto free = Write([&](sql::Transaction& tx) { return TemplateAccountRepository::EditFreeAt(tx, Key(), At(12)); });
  EXPECT_EQ(*free, At(11) + absl::Hours(24));
}

TEST_F(TemplateWork, BeyondTheHoursLimitASubmissionWaits) {
  Draft(Key(), Text("Hola"));
  Freeze(Key(), kNow);
  Enqueue(Key());
  const ManagementLimits none{.calls_per_hour = 200, .creations_per_hour = 0};
  EXPECT_FALSE(Begin(kNow, none));
  EXPECT_EQ(Get(Key()).state, TranslationState::kSubmitting) << "it waits instead of failing";
  EXPECT_EQ(Get(Key()).posts, 0);
}

TEST_F(TemplateWork, CallsAreCountedForEachChannelAndHour) {
  const ManagementLimits limits{.calls_per_hour = 10};
  const auto take = [&](const Uuid& channel, absl::Time now) {
    return *Write([&](sql::Transaction& tx) {
      return TemplateAccountRepository::TakeCalls(tx, channel, {.calls = 1}, limits, now);
    });
  };
  for (int i = 0; i < 9; ++i) EXPECT_EQ(take(channel_, At(i)), std::nullopt);
  const std::optional<absl::Time> free = take(channel_, At(10));
  ASSERT_TRUE(free);
  EXPECT_GE(*free, At(3600));
  EXPECT_EQ(take(Uuid::New(kNow), At(10)), std::nullopt) << "another account has an hour of its own";
  EXPECT_EQ(take(channel_, *free), std::nullopt);
}

TEST_F(TemplateWork, TooManyTemplatesAreRememberedForTheLinter) {
  Draft(Key(), Text("Hola"));
  Freeze(Key(), kNow);
  Enqueue(Key());
  const auto s = Begin(kNow);
  ASSERT_TRUE(s);
  Record(*s, Refused(100, 2388019), kNow);
  EXPECT_EQ(Get(Key()).state, TranslationState::kDraft);
  const auto facts = Write(
      [&](sql::Transaction& tx) { return TemplateAccountRepository::Facts(tx, Key(), Text("Hola"), false, kNow); });
  EXPECT_TRUE(facts->account_full);
}

TEST_F(TemplateWork, ASubmissionThatNeverGetsThroughIsGivenBackAfterADay) {
  Draft(Key(), Text("Hola"));
  Freeze(Key(), kNow);
  Enqueue(Key());
  EXPECT_FALSE(Begin(kNow + absl::Hours(25)));
  EXPECT_EQ(Get(Key()).state, TranslationState::kDraft);
  EXPECT_EQ(Get(Key()).rejected_reason, "PROVIDER_UNAVAILABLE");
}

TEST_F(TemplateWork, TheLinterKnowsTheAccount) {
  Approve(Key("promo"), Text("Hola a todos"));
  Approve(Key("promo_v2"), Text("Hola"));
  const auto facts = [&](const TranslationKey& key, const char* body, bool as_new) {
    return *Write(
        [&](sql::Transaction& tx) { return TemplateAccountRepository::Facts(tx, key, Text(body), as_new, At(1)); });
  };
  const AccountFacts taken = facts(Key("promo"), "Otra", true);
  EXPECT_TRUE(taken.name_taken);
  EXPECT_EQ(taken.next_free_name, "promo_v3");
  const AccountFacts edit = facts(Key("promo"), "Otra", false);
  EXPECT_FALSE(edit.name_taken);
  EXPECT_TRUE(edit.editing_approved);
  EXPECT_EQ(facts(Key("nuevo"), "Hola a todos", true).same_text, "promo");
  ASSERT_THAT(Say(Key("promo"), {.status = "DELETED", .at = At(1)}), IsOk());
  EXPECT_EQ(facts(Key("promo"), "Otra", true).name_locked_until, At(1) + kNameLock);
  EXPECT_EQ(facts(Key("nuevo"), "Hola a todos", true).same_text, std::nullopt);
}

}  // namespace
}  // namespace vinculo::messaging
