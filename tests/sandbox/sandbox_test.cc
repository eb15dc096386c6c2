#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/sandbox/faults.h"
#include "tests/sandbox/http_message.h"
#include "tests/sandbox/json_scan.h"
#include "tests/sandbox/ledger.h"
#include "tests/sandbox/send_request.h"
#include "tests/sandbox/settings.h"
#include "tests/sandbox/signature.h"
#include "tests/sandbox/slack.h"

namespace vinculo::sandbox {
namespace {

using ::testing::HasSubstr;

TEST(HttpParsing, ReadsARequestAndLeavesTheNextOne) {
  const std::string two =
      "POST /a/b?x=1&y=%41+z HTTP/1.1\r\nHost: h\r\ncontent-length: 3\r\n\r\nabcGET / HTTP/1.1\r\n\r\n";
  HttpMessage message;
  size_t size = 0;
  ASSERT_EQ(ParseRequest(two, &message, &size), ParseResult::kComplete);
  EXPECT_EQ(message.method, "POST");
  EXPECT_EQ(message.path, "/a/b");
  EXPECT_EQ(QueryParameter(message.query, "y"), "A z");
  EXPECT_EQ(message.body, "abc");
  EXPECT_EQ(message.Header("HOST"), "h");
  ASSERT_EQ(ParseRequest(absl::string_view(two).substr(size), &message, &size), ParseResult::kComplete);
  EXPECT_EQ(message.method, "GET");
}

TEST(HttpParsing, ReadsChunksHoweverTheyAreCut) {
  const std::string whole = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n";
  HttpMessage message;
  size_t size = 0;
  for (size_t cut = 1; cut < whole.size(); ++cut) {
    EXPECT_THAT(ParseRequest(absl::string_view(whole).substr(0, cut), &message, &size),
                testing::AnyOf(ParseResult::kNeedMore, ParseResult::kHeadOnly));
  }
  ASSERT_EQ(ParseRequest(whole, &message, &size), ParseResult::kComplete);
  EXPECT_EQ(message.body, "abcde");
  EXPECT_EQ(size, whole.size());
}

TEST(HttpParsing, RefusesWhatIsNotHttp) {
  HttpMessage message;
  size_t size = 0;
  EXPECT_EQ(ParseRequest("nonsense\r\n\r\n", &message, &size), ParseResult::kBad);
  EXPECT_EQ(ParseRequest("GET / HTTP/1.1\r\nno colon\r\n\r\n", &message, &size), ParseResult::kBad);
  EXPECT_EQ(ParseRequest("GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", &message, &size), ParseResult::kBad);
  EXPECT_EQ(ParseRequest(std::string(70000, 'a'), &message, &size), ParseResult::kBad);
}

TEST(HttpParsing, ReadsAResponseThatEndsWithItsStream) {
  HttpMessage message;
  size_t size = 0;
  EXPECT_EQ(ParseResponse("HTTP/1.1 200 OK\r\n\r\nhal", false, &message, &size), ParseResult::kHeadOnly);
  ASSERT_EQ(ParseResponse("HTTP/1.1 200 OK\r\n\r\nhallo", true, &message, &size), ParseResult::kComplete);
  EXPECT_EQ(message.status, 200);
  EXPECT_EQ(message.body, "hallo");
  ASSERT_EQ(ParseResponse("HTTP/1.1 204 No Content\r\n\r\n", false, &message, &size), ParseResult::kComplete);
}

TEST(SendScanning, FindsTheFieldsOfATemplate) {
  SendRequest send;
  ASSERT_TRUE(ScanSendRequest(
      R"({"messaging_product":"whatsapp", "to":"+5491122334455","type":"template","biz_opaque_callback_data":"m1:a:1",
          "template":{"name":"promo","language":{"policy":"deterministic","code":"es_AR"},"components":[
            {"type":"header","parameters":[{"type":"image","image":{"id":"1"}}]},
            {"type":"body","parameters":[{"type":"text","text":"A \"b\" ]"},{"type":"text","text":"}"}]},
            {"type":"button","sub_type":"quick_reply","index":"0","parameters":[{"type":"payload","payload":"p"}]}]}})",
      &send));
  EXPECT_TRUE(send.has_product);
  EXPECT_EQ(send.to, "+5491122334455");
  EXPECT_EQ(send.type, "template");
  EXPECT_EQ(send.callback, "m1:a:1");
  EXPECT_EQ(send.template_name, "promo");
  EXPECT_EQ(send.language, "es_AR");
  EXPECT_EQ(send.body_parameters, 2);
}

TEST(SendScanning, RefusesEveryTruncation) {
  const std::string whole =
      R"({"to":"+1","template":{"name":"x","components":[{"type":"body","parameters":[{}, []]}]}, "n":-1.5})";
  SendRequest send;
  ASSERT_TRUE(ScanSendRequest(whole, &send));
  for (size_t cut = 0; cut < whole.size(); ++cut) {
    EXPECT_FALSE(ScanSendRequest(absl::string_view(whole).substr(0, cut), &send)) << cut;
  }
}

TEST(FreeForm, HoldsMetasLimits) {
  const auto buttons = [](const std::string& titles) {
    return R"({"type":"interactive","interactive":{"type":"button","body":{"text":"?"},"action":{"buttons":[)" +
           titles + "]}}}";
  };
  const auto button = [](const std::string& id, const std::string& title) {
    return R"({"type":"reply","reply":{"id":")" + id + R"(","title":")" + title + R"("}})";
  };
  EXPECT_EQ(FreeFormProblem(buttons(button("a", "Sí") + "," + button("b", "No"))), "");
  EXPECT_THAT(FreeFormProblem(buttons(button("a", "Same") + "," + button("b", "Same"))), HasSubstr("repeated"));
  EXPECT_THAT(FreeFormProblem(buttons(button("a", std::string(21, 'x')))), HasSubstr("button title"));
  EXPECT_THAT(FreeFormProblem(buttons("")), HasSubstr("buttons"));
  EXPECT_THAT(FreeFormProblem(R"({"type":"text","text":{"body":""}})"), HasSubstr("text"));
  EXPECT_THAT(FreeFormProblem(R"({"type":"image"})"), HasSubstr("without its object"));
}

TEST(Signatures, AgreeWithThePublishedVectors) {
  EXPECT_EQ(HubSignature("secret", "test"), "sha256=0329a06b62cd16b33eb6792be8c60b158d89a2ee3a876fce9a881ebb488c0914");
  EXPECT_EQ(HubSignature("app-secret-for-tests", R"({"t":"caf\u00e9 \/ ok"})"),
            "sha256=6ebc98d95d8c281c683ca1de6ca671eee9dc902b5f5064f7bf29bac00958f77c");
  const absl::string_view secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
  const absl::string_view body = R"({"test": 2432232314})", good = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
  EXPECT_TRUE(StandardWebhookSignatureValid(secret, id, "1614265330", body, good));
  EXPECT_TRUE(StandardWebhookSignatureValid(secret, id, "1614265330", body, absl::StrCat("v1,AAAA ", good)));
  EXPECT_FALSE(StandardWebhookSignatureValid(secret, id, "1614265331", body, good));
  EXPECT_FALSE(StandardWebhookSignatureValid("nonsense", id, "1614265330", body, good));
}

TEST(FaultRules, ApplyTheFirstThatMatchesAndCount) {
  Faults faults;
  faults.Configure({{.on = "send", .to_suffix = "13", .act = "error", .code = 131026},
                    {.on = "send", .after = 1, .first = 2, .act = "hang"},
                    {.on = "crm", .each_first = 1, .act = "http"}},
                   1);
  EXPECT_EQ(faults.Choose({"send", "/x", "54913", ""})->act, "error");
  EXPECT_EQ(faults.Choose({"send", "/x", "54914", ""}), nullptr);  // skipped by `after`
  EXPECT_EQ(faults.Choose({"send", "/x", "54914", ""})->act, "hang");
  EXPECT_EQ(faults.Choose({"send", "/x", "54915", ""})->act, "hang");
  EXPECT_EQ(faults.Choose({"send", "/x", "54915", ""}), nullptr);  // `first` is used up
  EXPECT_NE(faults.Choose({"crm", "/crm", "a", ""}), nullptr);
  EXPECT_EQ(faults.Choose({"crm", "/crm", "a", ""}), nullptr);
  EXPECT_NE(faults.Choose({"crm", "/crm", "b", ""}), nullptr);
  faults.Reset();
  EXPECT_NE(faults.Choose({"crm", "/crm", "a", ""}), nullptr);
}

TEST(FaultRules, FollowTheirRateAndShare) {
  Faults faults;
  faults.Configure({{.rate = 0.25, .act = "hang"}}, 7);
  int hit = 0;
  for (int i = 0; i < 4000; ++i) hit += faults.Choose({"send", "", absl::StrCat(i), ""}) != nullptr;
  EXPECT_NEAR(hit, 1000, 120);
  faults.Configure({{.share = 0.25, .act = "hang"}}, 7);
  hit = 0;
  for (int i = 0; i < 4000; ++i) {
    const bool first = faults.Choose({"send", "", absl::StrCat(i), ""}) != nullptr;
    EXPECT_EQ(first, faults.Choose({"send", "", absl::StrCat(i), ""}) != nullptr);
    hit += first;
  }
  EXPECT_NEAR(hit, 1000, 120);
}

TEST(Settings, NameEverythingThatIsWrong) {
  const auto settings = ParseSettings(Json::parse(
      R"({"webhok":{},"webhook":{"batch_ms":"ten","max_updates":2000},"faults":[{"do":"explode"}],
          "customers":{"rules":[{"reply":{"choice":"x"}}]}})"));
  ASSERT_FALSE(settings.ok());
  for (const char* part : {"webhok is not known", "webhook.batch_ms must be a whole number", "webhook.max_updates",
                           "'explode' is not known", "customers.rules[0].reply.choice"}) {
    EXPECT_THAT(std::string(settings.status().message()), HasSubstr(part));
  }
}

TEST(SlackShapes, AreCheckedAsSlackDoes) {
  EXPECT_EQ(SlackVerdict(R"({"text":"hi"})"), "ok");
  EXPECT_EQ(SlackVerdict("hi"), "invalid_payload");
  EXPECT_EQ(SlackVerdict(R"({"blocks":[]})"), "no_text");
  EXPECT_EQ(SlackVerdict(R"({"text":"hi","blocks":[{"type":"divider"},{"type":"section"}]})"), "invalid_blocks");
  const std::string header =
      std::string(R"({"text":"hi","blocks":[{"type":"header","text":{"type":"plain_text","text":")");
  EXPECT_EQ(SlackVerdict(header + std::string(150, 'x') + "\"}}]}"), "ok");
  EXPECT_EQ(SlackVerdict(header + std::string(151, 'x') + "\"}}]}"), "invalid_blocks");
}

TEST(Ledger, CountsPerRecipientTemplateAndCallback) {
  Ledger ledger;
  ledger.Requested("1", "m1:a:1", 1000);
  ledger.Requested("1", "m1:a:1", 2000);
  ledger.Requested("1", "m1:b:1", 1002500);
  ledger.Accepted("54911", "promo", "m1:a:1");
  ledger.Accepted("54911", "promo", "m1:a:1");
  ledger.Accepted("BR.99", "promo", "m1:b:1");
  const Json totals = ledger.Totals(), summary = ledger.Summary();
  EXPECT_EQ(totals["templates"]["promo"]["accepted"], 3);
  EXPECT_EQ(totals["templates"]["promo"]["recipients"], 2);
  EXPECT_EQ(totals["templates"]["promo"]["max_per_recipient"], 2);
  EXPECT_EQ(totals["senders"]["1"]["max_in_a_second"], 2);
  EXPECT_EQ(summary["distinct_callbacks"], 2);
  EXPECT_EQ(summary["max_accepted_per_callback"], 2);
  EXPECT_THAT(ledger.RecipientLines(), HasSubstr(R"("to":"BR.99")"));
}

}  // namespace
}  // namespace vinculo::sandbox
