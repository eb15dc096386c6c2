// Every shape of webhook that WhatsApp is known to write, beside broken neighbours, in one body.
#include "services/messaging/work/webhook_parse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace vinculo::messaging {
namespace {

constexpr int64_t kSecond = 1'759'999'000;
const absl::Time kAt = absl::FromUnixSeconds(kSecond);
const absl::Time kNow = absl::FromUnixSeconds(1'760'000'000);

template <class Item>
std::vector<Item> Of(const ParsedWebhook& parsed) {
  std::vector<Item> out;
  for (const WebhookItem& item : parsed.items) {
    if (const auto* one = std::get_if<Item>(&item)) out.push_back(*one);
  }
  return out;
}

std::string Envelope(const std::vector<std::string>& changes) {
  return absl::StrCat(R"({"object":"whatsapp_business_account","entry":[{"id":"waba","time":)", kSecond,
                      R"(,"changes":[)", absl::StrJoin(changes, ","), "]}]}");
}
std::string Change(const std::string& field, const std::string& value) {
  return absl::StrCat(R"({"field":")", field, R"(","value":)", value, "}");
}
std::string Messages(const std::vector<std::string>& messages) {
  return Change("messages",
                absl::StrCat(R"({"metadata":{"phone_number_id":"55"},"contacts":[{"wa_id":"1","profile":{"name":"Uno"}},
                  {"wa_id":"549","user_id":"AR.9","profile":{"name":"Ana"}}],"messages":[)",
                             absl::StrJoin(messages, ","), "]}"));
}
std::string Message(const std::string& type, const std::string& rest) {
  return absl::StrCat(R"({"id":"wamid.)", type, R"(","from":"549","timestamp":")", kSecond, R"(","type":")", type,
                      R"(",)", rest, "}");
}

// What no parser may stumble over, between any two good items.
const std::vector<std::string>& Broken() {
  static const auto& broken = *new std::vector<std::string>{
      "null",
      "7",
      "\"text\"",
      "[]",
      "{}",
      "[[[]]]",
      R"({"id":null})",
      R"({"id":{"a":[1]}})",
      R"({"id":1e999})",
      R"({"id":"x","from":[],"timestamp":{},"type":7,"errors":"none"})",
      R"({"id":"x","from":"1","group_id":"g","type":"text"})",
      R"({"id":"\u0000","from":"1","type":"text"})",
      R"({"id":"","x":"\ud83d","y":"\ude00\ud83d"})",
      "{\"id\":\"\",\"x\":\"\xff\xc3\x01 \n\"}",
      R"({"id":"x","from":99999999999999999999999999,"timestamp":-1e300,"type":"text","text":"no object"})",
      absl::StrCat(R"({"id":")", std::string(300, 'w'), R"(","from":"1","type":"text"})"),
      absl::StrCat(R"({"a":)", std::string(500, '['), std::string(500, ']'), "}")};
  return broken;
}
std::vector<std::string> AmongBroken(const std::vector<std::string>& good) {
  std::vector<std::string> out;
  for (size_t i = 0; i < good.size(); ++i) {
    out.push_back(Broken()[i % Broken().size()]);
    out.push_back(good[i]);
    out.push_back(Broken()[(i + 7) % Broken().size()]);
  }
  for (const std::string& b : Broken()) out.push_back(b);
  return out;
}

struct InboundCase {
  std::string type;
  std::string rest;
  InboundKind kind;
  std::function<void(const InboundItem&)> check = [](const InboundItem&) {};
};

const std::vector<InboundCase>& InboundCases() {
  static const auto& cases = *new std::vector<InboundCase>{
      {"text", R"("text":{"body":"hola"},"context":{"from":"55","id":"wamid.OURS"})", InboundKind::kText,
       [](const InboundItem& i) {
         EXPECT_EQ(i.content.text, "hola");
         EXPECT_EQ(i.names_wamid, "wamid.OURS");
         EXPECT_EQ(i.profile_name, "Ana") << "the profile of the sender, not the first one";
         EXPECT_EQ(i.bsuid, "AR.9");
       }},
      {"image", R"("image":{"id":"m1","mime_type":"image/jpeg","sha256":"x","caption":"foto","url":"https://x"})",
       InboundKind::kMedia,
       [](const InboundItem& i) {
         EXPECT_EQ(i.content.media_id, "m1");
         EXPECT_EQ(i.content.text, "foto");
       }},
      {"video", R"("video":{"id":7001,"mime_type":"video/mp4"})", InboundKind::kMedia,
       [](const InboundItem& i) { EXPECT_EQ(i.content.media_id, "7001") << "an id as number"; }},
      {"audio", R"("audio":{"id":"m3","voice":true})", InboundKind::kMedia},
      {"voice", R"("voice":{"id":"m4"})", InboundKind::kMedia,
       [](const InboundItem& i) { EXPECT_EQ(i.content.media_id, "m4"); }},
      {"document", R"("document":{"id":"m5","filename":"a.pdf"})", InboundKind::kMedia,
       [](const InboundItem& i) { EXPECT_EQ(i.content.filename, "a.pdf"); }},
      {"sticker", R"("sticker":{"id":"m6","animated":false})", InboundKind::kMedia},
      {"location", R"("location":{"latitude":"-34.6","longitude":-58.4,"name":"Obelisco"})", InboundKind::kLocation,
       [](const InboundItem& i) {
         EXPECT_EQ(i.content.latitude, -34.6);
         EXPECT_EQ(i.content.place_name, "Obelisco");
       }},
      {"contacts",
       R"("contacts":[{"name":{"formatted_name":"Luis Paz"},"phones":[{"phone":"+54 9 11","type":"CELL"}]}])",
       InboundKind::kStructured,
       [](const InboundItem& i) {
         EXPECT_EQ(i.content.text, "Luis Paz");
         EXPECT_THAT(i.content.data, testing::HasSubstr(R"("phone":"+54 9 11")"));
       }},
      {"reaction", R"("reaction":{"message_id":"wamid.T","emoji":"👍"})", InboundKind::kReaction,
       [](const InboundItem& i) {
         EXPECT_EQ(i.content.text, "👍");
         EXPECT_EQ(i.content.target_wamid, "wamid.T");
       }},
      {"button", R"("button":{"payload":"STOP:promo","text":"Basta"})", InboundKind::kTemplateButton,
       [](const InboundItem& i) { EXPECT_EQ(i.content.reply_id, "STOP:promo"); }},
      {"order", R"("order":{"catalog_id":"c","text":"para hoy","product_items":[{"quantity":2}]})",
       InboundKind::kStructured, [](const InboundItem& i) { EXPECT_EQ(i.content.text, "para hoy"); }},
      {"system", R"("system":{"type":"user_changed_number","body":"x","wa_id":"5499"})", InboundKind::kSystem,
       [](const InboundItem& i) {
         EXPECT_EQ(i.new_wa_id, "5499");
         EXPECT_EQ(i.new_bsuid, "");
       }},
      {"system", R"("system":{"type":"user_changed_number","wa_id":"BR.99","user_id":"5499"})", InboundKind::kSystem,
       [](const InboundItem& i) {
         EXPECT_EQ(i.new_wa_id, "5499");
         EXPECT_EQ(i.new_bsuid, "BR.99");
       }},
      {"edit", R"("edit":{"original_message_id":"wamid.E","message":{"text":{"body":"mejor"}}})", InboundKind::kChange,
       [](const InboundItem& i) {
         EXPECT_EQ(i.content.target_wamid, "wamid.E");
         EXPECT_EQ(i.content.text, "mejor");
       }},
      {"revoke", R"("revoke":{"original_message_id":"wamid.R"})", InboundKind::kChange,
       [](const InboundItem& i) { EXPECT_EQ(i.content.target_wamid, "wamid.R"); }},
      {"unsupported", R"("errors":[{"code":131051}],"unsupported":{"type":"poll"})", InboundKind::kOther},
      {"hologram", R"("hologram":{})", InboundKind::kOther,
       [](const InboundItem& i) { EXPECT_EQ(i.content.type, "hologram"); }},
      {"interactive", R"("interactive":{"type":"button_reply","button_reply":{"id":"ok","title":"Sí"}})",
       InboundKind::kButtonReply, [](const InboundItem& i) { EXPECT_EQ(i.content.reply_id, "ok"); }},
      {"interactive", R"("interactive":{"type":"list_reply","list_reply":{"id":"s1","title":"Olivos"}})",
       InboundKind::kListReply, [](const InboundItem& i) { EXPECT_EQ(i.content.text, "Olivos"); }},
      {"interactive",
       R"("interactive":{"type":"nfm_reply","nfm_reply":{"name":"flow","body":"Sent","response_json":"{\"a\":1}"}})",
       InboundKind::kStructured, [](const InboundItem& i) { EXPECT_EQ(i.content.data, R"({"a":1})"); }},
      {"interactive", R"("interactive":{"type":"call_permission_reply","call_permission_reply":{}})",
       InboundKind::kOther},
      {"interactive", R"("errors":[{"code":131000}])", InboundKind::kOther},
      {"text", R"("text":{"body":"vi el aviso"},"referral":{"source_id":"1","ctwa_clid":"c"})", InboundKind::kText,
       [](const InboundItem& i) { EXPECT_TRUE(i.from_advert); }},
      {"text", R"("text":{"body":"x"},"context":{"forwarded":true})", InboundKind::kText,
       [](const InboundItem& i) { EXPECT_EQ(i.names_wamid, ""); }}};
  return cases;
}

TEST(WebhookShapes, EveryInboundKindIsKeptBesideBrokenNeighbours) {
  std::vector<std::string> good;
  for (const InboundCase& c : InboundCases()) good.push_back(Message(c.type, c.rest));
  const ParsedWebhook parsed = ParseWebhook(Envelope({Messages(AmongBroken(good))}), kNow);
  std::vector<InboundItem> items = Of<InboundItem>(parsed);
  std::erase_if(items, [](const InboundItem& i) { return !i.wamid.starts_with("wamid."); });
  ASSERT_EQ(items.size(), InboundCases().size());
  for (size_t i = 0; i < items.size(); ++i) {
    const InboundCase& c = InboundCases()[i];
    SCOPED_TRACE(absl::StrCat(c.type, " ", c.rest));
    EXPECT_EQ(items[i].content.kind, c.kind);
    EXPECT_EQ(items[i].at, kAt);
    EXPECT_EQ(items[i].phone_number_id, "55");
    c.check(items[i]);
  }
  EXPECT_GE(parsed.unknown, static_cast<int>(Broken().size()));
}

TEST(WebhookShapes, PeopleAreKnownByWhateverIdentifiesThem) {
  const ParsedWebhook parsed =
      ParseWebhook(Envelope({Change("messages", R"({"metadata":{"phone_number_id":55},"contacts":[{"user_id":"BR.7",
        "profile":{"name":"Bia","username":"bia"}}],"messages":[
        {"id":"a","from_user_id":"BR.7","timestamp":1,"type":"text","text":{"body":"x"}},
        {"id":"b","from":"BR.7","timestamp":1,"type":"text","text":{"body":"x"}},
        {"id":"c","timestamp":1,"type":"text","text":{"body":"x"}}]})")}),
                   kNow);
  const std::vector<InboundItem> items = Of<InboundItem>(parsed);
  ASSERT_EQ(items.size(), 3u);
  for (const InboundItem& i : items) {
    EXPECT_EQ(i.bsuid, "BR.7");
    EXPECT_EQ(i.wa_id, "");
    EXPECT_EQ(i.profile_name, "Bia");
  }
}

std::string Status(const std::string& id, const std::string& status, const std::string& rest) {
  return absl::StrCat(R"({"id":")", id, R"(","status":")", status, R"(","recipient_id":"549")", rest.empty() ? "" : ",",
                      rest, "}");
}

TEST(WebhookShapes, EveryStatusIsKeptBesideBrokenNeighbours) {
  const std::vector<std::string> good{
      Status(
          "sent", "sent",
          absl::StrCat(R"("timestamp":")", kSecond, R"(","biz_opaque_callback_data":"m1:x:1","pricing":{"billable":true,
             "pricing_model":"PMP","type":"regular","category":"marketing"})")),
      Status("milli", "delivered", absl::StrCat(R"("timestamp":)", kSecond, "000")),
      Status("future", "read", R"("timestamp":"9999999999")"),
      Status("timeless", "played", ""),
      Status("failed", "failed", R"("timestamp":1,"errors":[{"code":"131049","title":"x"}])"),
      Status("wordy", "failed", R"("timestamp":1,"errors":"something broke")"),
      Status("vast", "failed", R"("timestamp":1,"errors":[{"code":99999999999999999999}])"),
      R"({"status":"sent","timestamp":1,"biz_opaque_callback_data":"m1:y:1","recipient_id":"AR.1"})"};
  std::vector<std::string> all = AmongBroken(good);
  all.push_back(Status("d", "deleted", R"("timestamp":1)"));
  const ParsedWebhook parsed =
      ParseWebhook(Envelope({Change("messages", absl::StrCat(R"({"metadata":{"phone_number_id":"55"},"statuses":[)",
                                                             absl::StrJoin(all, ","), "]}"))}),
                   kNow);
  const std::vector<StatusItem> items = Of<StatusItem>(parsed);
  ASSERT_EQ(items.size(), good.size()) << "a deleted one is counted and ignored";
  EXPECT_EQ(items[0].report.at, kAt);
  EXPECT_EQ(items[0].billing_category, "marketing");
  EXPECT_EQ(items[0].billing_type, "regular");
  EXPECT_EQ(items[0].billable, true);
  EXPECT_EQ(items[1].report.at, kAt) << "milliseconds are seen through";
  EXPECT_FALSE(items[1].has_pricing);
  EXPECT_EQ(items[2].report.at, kNow) << "the future counts as now";
  EXPECT_EQ(items[3].report.at, kNow);
  EXPECT_EQ(items[3].report.status, ReportedStatus::kRead);
  EXPECT_EQ(items[4].report.error_code, 131049);
  EXPECT_EQ(items[5].report.error_code, 0);
  EXPECT_EQ(items[6].report.error_code, 0);
  EXPECT_EQ(items[7].callback, "m1:y:1");
  EXPECT_EQ(items[7].recipient_bsuid, "AR.1");
}

TEST(WebhookShapes, WhetherAMessageIsBilledIsToldInSeveralWays) {
  const std::vector<std::pair<std::string, std::optional<bool>>> told{
      {R"("billable":true)", true},
      {R"("billable":false)", false},
      {R"("billable":"true","type":"free_entry_point")", true},
      {R"("billable":"false","type":"regular")", false},
      {R"("type":"regular")", true},
      {R"("billable":null,"type":"free_customer_service")", false},
      {R"("billable":[],"type":"free_entry_point")", false},
      {R"("type":"another")", std::nullopt},
      {R"("billable":"perhaps")", std::nullopt},
      {R"("category":"marketing")", std::nullopt}};
  std::vector<std::string> all;
  for (const auto& [pricing, billable] : told)
    all.push_back(Status("w", "sent", absl::StrCat(R"("timestamp":1,"pricing":{)", pricing, "}")));
  const std::vector<StatusItem> items = Of<StatusItem>(
      ParseWebhook(Envelope({Change("messages", absl::StrCat(R"({"metadata":{"phone_number_id":"55"},"statuses":[)",
                                                             absl::StrJoin(all, ","), "]}"))}),
                   kNow));
  ASSERT_EQ(items.size(), told.size());
  for (size_t i = 0; i < told.size(); ++i) EXPECT_EQ(items[i].billable, told[i].second) << told[i].first;
}

// One change of every other field, in the order of the items below.
std::vector<std::string> AccountChanges() {
  const std::string named = R"("message_template_id":"88","message_template_name":"promo",
    "message_template_language":"en-US")";
  return {
      Change("message_template_status_update",
             absl::StrCat("{", named, R"(,"event":"PAUSED","reason":"NONE","message_template_category":"UTILITY",
               "disable_info":{"disable_date":"2026-01-31"},"other_info":{"title":"FIRST_PAUSE","description":"d"},
               "rejection_info":{"reason":"r","recommendation":"c"}})")),
      Change("message_template_quality_update",
             absl::StrCat("{", named, R"(,"previous_quality_score":"GREEN","new_quality_score":"YELLOW"})")),
      Change("template_category_update",
             absl::StrCat("{", named, R"(,"previous_category":"UTILITY","new_category":"MARKETING"})")),
      Change("template_category_update",
             absl::StrCat("{", named, R"(,"new_category":"UTILITY","correct_category":"MARKETING"})")),
      Change("message_template_components_update", absl::StrCat("{", named, R"(,"message_template_element":"x"})")),
      Change("phone_number_quality_update",
             R"({"display_phone_number":"5411","event":"ONBOARDING","max_daily_conversations_per_business":"TIER_2K",
               "current_limit":"TIER_1K","old_limit":"TIER_250"})"),
      Change("business_capability_update",
             R"({"max_daily_conversations_per_business":-1,"max_phone_numbers_per_waba":"25"})"),
      Change("user_preferences", R"({"metadata":{"phone_number_id":"55"},"user_preferences":[
        {"wa_id":"549","category":"marketing_messages","value":"stop","detail":"d","timestamp":1759999000},
        {"user_id":"AR.2","category":"marketing_messages","value":"signup","signup_id":"s","timestamp":"1759999000"},
        {"wa_id":"549","category":"weather","value":"stop"},
        {"wa_id":"549","category":"marketing_messages","value":"perhaps"}, 9]})"),
      Change(
          "account_update",
          R"({"event":"ACCOUNT_RESTRICTION","restriction_info":[{"restriction_type":"RESTRICTED_BIZ_INITIATED_MESSAGING",
               "expiration":1760900000},7],"violation_info":{"violation_type":"SCAM"}})"),
      Change("account_update",
             R"({"event":"DISABLED_UPDATE","ban_info":{"waba_ban_state":["DISABLE"],"waba_ban_date":"soon"}})"),
      Change("account_alerts", R"({"entity_type":"WABA","alert_severity":"CRITICAL"})"),
      Change("account_review_update", R"({"decision":"APPROVED"})"),
      Change("phone_number_name_update", R"({"decision":"REJECTED","requested_verified_name":"Sur"})"),
      Change("security", R"({"event":"PIN_CHANGED","requester":"12345"})"),
      Change("smb_message_echoes", R"({"metadata":{"phone_number_id":"55"},"message_echoes":[
        {"from":"5411","to":"549","id":"wamid.echo","timestamp":"1759999000","type":"text","text":{"body":"ya va"}},
        {"id":"wamid.nobody"}, null]})"),
      Change("messages", R"({"metadata":{"phone_number_id":"55"},"errors":[{"code":131031,"title":"locked",
        "message":"m","error_data":{"details":"d"},"href":"https://h"}]})")};
}

TEST(WebhookShapes, EveryOtherFieldIsKeptBesideBrokenNeighbours) {
  std::vector<std::string> changes;
  for (const std::string& good : AccountChanges()) {
    for (const char* bad : {"null", "[]", R"({"field":7})", R"({"field":"account_update","value":"no object"})",
                            R"({"field":"calls","value":{}})"})
      changes.push_back(bad);
    changes.push_back(good);
  }
  const ParsedWebhook parsed = ParseWebhook(Envelope(changes), kNow);
  const std::vector<TemplateItem> t = Of<TemplateItem>(parsed);
  ASSERT_EQ(t.size(), 5u);
  EXPECT_EQ(t[0].language, "en_US");
  EXPECT_EQ(t[0].waba_id, "waba");
  EXPECT_EQ(t[0].at, kAt);
  EXPECT_EQ(t[0].status, "PAUSED");
  EXPECT_EQ(t[0].reason, "");
  EXPECT_EQ(t[0].disable_at, absl::FromCivil(absl::CivilDay(2026, 1, 31), absl::UTCTimeZone())) << "a date in words";
  EXPECT_EQ(t[0].other_title, "FIRST_PAUSE");
  EXPECT_EQ(t[0].rejection_recommendation, "c");
  EXPECT_EQ(t[1].topic, TemplateTopic::kQuality);
  EXPECT_EQ(t[1].quality, "YELLOW");
  EXPECT_EQ(t[1].status, "") << "only status notices change it";
  EXPECT_EQ(t[2].category, "MARKETING");
  EXPECT_EQ(t[3].category, "") << "an advance notice changes nothing yet";
  EXPECT_EQ(t[3].announced_category, "MARKETING");
  EXPECT_EQ(t[4].topic, TemplateTopic::kComponents);

  const std::vector<NumberItem> n = Of<NumberItem>(parsed);
  ASSERT_EQ(n.size(), 1u);
  EXPECT_EQ(n[0].max_daily_conversations_per_business, "TIER_2K");
  EXPECT_EQ(n[0].old_limit, "TIER_250");
  const std::vector<CapabilityItem> c = Of<CapabilityItem>(parsed);
  ASSERT_EQ(c.size(), 1u);
  EXPECT_EQ(c[0].max_daily_conversations_per_business, -1);
  EXPECT_EQ(c[0].max_phone_numbers_per_waba, 25);
  EXPECT_EQ(c[0].max_daily_conversation_per_phone, std::nullopt);

  const std::vector<PreferenceItem> p = Of<PreferenceItem>(parsed);
  ASSERT_EQ(p.size(), 2u);
  EXPECT_TRUE(p[0].stop);
  EXPECT_EQ(p[1].value, "signup");
  EXPECT_EQ(p[1].bsuid, "AR.2");
  const std::vector<AccountItem> a = Of<AccountItem>(parsed);
  ASSERT_EQ(a.size(), 2u);
  ASSERT_EQ(a[0].restrictions.size(), 2u);
  EXPECT_EQ(a[0].restrictions[0].expiration, absl::FromUnixSeconds(1'760'900'000)) << "an end may lie in the future";
  EXPECT_EQ(a[1].waba_ban_state, "DISABLE");
  EXPECT_EQ(a[1].waba_ban_date, std::nullopt);

  const std::vector<NoticeItem> notices = Of<NoticeItem>(parsed);
  ASSERT_EQ(notices.size(), 4u);
  EXPECT_EQ(notices[0].summary, "entity_type=WABA alert_severity=CRITICAL");
  EXPECT_THAT(notices[3].summary, testing::Not(testing::HasSubstr("12345"))) << "a person's id is kept out of logs";
  const std::vector<AccountErrorItem> e = Of<AccountErrorItem>(parsed);
  ASSERT_EQ(e.size(), 1u);
  EXPECT_EQ(e[0].code, 131031);
  EXPECT_EQ(e[0].details, "d");
  const std::vector<EchoItem> echoes = Of<EchoItem>(parsed);
  ASSERT_EQ(echoes.size(), 1u);
  EXPECT_EQ(echoes[0].to_wa_id, "549");
  EXPECT_EQ(echoes[0].content.text, "ya va");
  EXPECT_GT(parsed.unknown, 3 * static_cast<int>(AccountChanges().size()));
}

TEST(WebhookShapes, DeepNestingAndCutBodiesCostNothingButThemselves) {
  const std::string deep = absl::StrCat(std::string(200'000, '['), std::string(200'000, ']'));
  const ParsedWebhook parsed =
      ParseWebhook(Envelope({Messages({Message("contacts", absl::StrCat(R"("contacts":)", deep)),
                                       Message("text", R"("text":{"body":"después"})")})}),
                   kNow);
  const std::vector<InboundItem> items = Of<InboundItem>(parsed);
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(items[0].content.data, "");
  EXPECT_EQ(items[1].content.text, "después");

  const std::string whole = Envelope(AccountChanges());
  for (size_t cut = 0; cut < whole.size(); cut += 7) (void)ParseWebhook(whole.substr(0, cut), kNow);
  std::mt19937 random(7);
  for (int i = 0; i < 500; ++i) {
    std::string body = whole;
    for (int n = 0; n < 6; ++n) body[random() % body.size()] = static_cast<char>(random());
    (void)ParseWebhook(body, kNow);
  }
}

}  // namespace
}  // namespace vinculo::messaging
