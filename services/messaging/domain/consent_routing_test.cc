#include "services/messaging/domain/consent.h"
#include "services/messaging/domain/rate_window.h"
#include "services/messaging/domain/routing.h"

namespace vinculo::messaging {
namespace {

absl::Time At(int seconds) { return absl::FromUnixSeconds(1'760'000'000 + seconds); }

Consent Evidence(Decision decision, int at, bool by_person = false) {
  return {.purpose = Purpose::kMarketing, .decision = decision, .at = At(at), .by_person = by_person};
}

TEST(Consent, LatestDecidesWhateverTheOrder) {
  const Consent grant = Evidence(Decision::kGranted, 2), revoke = Evidence(Decision::kRevoked, 1);
  EXPECT_EQ(Decide({grant, revoke}, Purpose::kMarketing, At(100)), Decision::kGranted);
  EXPECT_EQ(Decide({revoke, grant}, Purpose::kMarketing, At(100)), Decision::kGranted);
  EXPECT_EQ(Decide({}, Purpose::kMarketing, At(100)), Decision::kNone);
  EXPECT_EQ(Decide({grant}, Purpose::kTransactional, At(100)), Decision::kNone);
}

TEST(Consent, RevokedWinsATie) {
  const Consent grant = Evidence(Decision::kGranted, 2), revoke = Evidence(Decision::kRevoked, 2);
  EXPECT_EQ(Decide({grant, revoke}, Purpose::kMarketing, At(100)), Decision::kRevoked);
  EXPECT_EQ(Decide({revoke, grant}, Purpose::kMarketing, At(100)), Decision::kRevoked);
}

TEST(Consent, OnlyThePersonUndoesAnOptOutOfTheirOwn) {
  const std::vector<Consent> stopped = {Evidence(Decision::kRevoked, 5, true)};
  EXPECT_TRUE(BlockedByPerson(stopped, Evidence(Decision::kGranted, 9)));
  EXPECT_FALSE(BlockedByPerson(stopped, Evidence(Decision::kGranted, 9, true)));
  EXPECT_FALSE(BlockedByPerson({Evidence(Decision::kRevoked, 5)}, Evidence(Decision::kGranted, 9)));
  EXPECT_FALSE(BlockedByPerson({Evidence(Decision::kRevoked, 5, true), Evidence(Decision::kGranted, 6, true)},
                               Evidence(Decision::kGranted, 9)));
}

TEST(Consent, SendBlockNamesTheFirstReason) {
  const SendKind marketing{.is_template = true, .category = Category::kMarketing};
  const SendKind utility{.is_template = true, .category = Category::kUtility};
  const Policy policy;
  EXPECT_EQ(SendBlock({.live = false}, utility, policy, true), "CONTACT_ERASED");
  EXPECT_EQ(SendBlock({.suppressed = kSuppressedBlocked}, {}, policy, true), "CONTACT_BLOCKED");
  EXPECT_EQ(SendBlock({}, {}, policy, false), "WINDOW_CLOSED");
  EXPECT_EQ(SendBlock({}, {}, policy, true), "");
  EXPECT_EQ(SendBlock({}, marketing, policy, true), "NO_CONSENT");
  EXPECT_EQ(SendBlock({.marketing = Decision::kGranted}, marketing, policy, false), "");
  EXPECT_EQ(SendBlock({.marketing = Decision::kRevoked}, marketing, policy, false), "OPTED_OUT");
  EXPECT_EQ(SendBlock({.marketing = Decision::kGranted, .country = "US"}, marketing, policy, false), "COUNTRY");
  EXPECT_EQ(
      SendBlock({.marketing = Decision::kGranted, .suppressed = kSuppressedUnreachable}, marketing, policy, false),
      "UNREACHABLE");
  EXPECT_EQ(SendBlock({}, utility, policy, false), "");
  EXPECT_EQ(SendBlock({.transactional = Decision::kRevoked}, utility, policy, false), "OPTED_OUT");
  EXPECT_EQ(SendBlock({.has_phone = false},
                      {.is_template = true, .category = Category::kAuthentication, .needs_phone = true}, policy, false),
            "PHONE_REQUIRED");
}

InboundContent Text(const std::string& text) { return {.kind = InboundKind::kText, .type = "text", .text = text}; }
InboundContent Button(const std::string& payload) {
  return {.kind = InboundKind::kTemplateButton, .text = "x", .reply_id = payload};
}

TEST(Compliance, WordsMatchOnlyTheWholeText) {
  const ComplianceWords words;
  EXPECT_EQ(ParseCompliance(Text("  ¡Baja! "), words), ComplianceAct::kStopMarketing);
  EXPECT_EQ(ParseCompliance(Text("ＳＴＯＰ"), words), ComplianceAct::kStopMarketing);
  EXPECT_EQ(ParseCompliance(Text("baja total"), words), ComplianceAct::kStopAll);
  EXPECT_EQ(ParseCompliance(Text("quiero la baja del plan"), words), ComplianceAct::kNone);
  EXPECT_EQ(ParseCompliance(Text("Alta."), words), ComplianceAct::kStart);
  EXPECT_EQ(ParseCompliance(Button("STOP:marketing"), words), ComplianceAct::kStopMarketing);
  EXPECT_EQ(ParseCompliance(Button("STOP:all"), words), ComplianceAct::kStopAll);
  EXPECT_EQ(ParseCompliance(Button("stop:all"), words), ComplianceAct::kNone);
}

TEST(Compliance, ATenantsWordsReplaceOursOfThatLanguageOnly) {
  std::map<std::string, LanguageWords> by_language = DefaultComplianceWords();
  by_language["es"] = {.stop_marketing = {"basta"}, .stop_all = {"fin"}, .start = {"alta", "stop"}};
  const ComplianceWords words(by_language);
  EXPECT_EQ(words.ActOf("¡BASTA!"), ComplianceAct::kStopMarketing);
  EXPECT_EQ(words.ActOf("baja"), ComplianceAct::kNone);
  EXPECT_EQ(words.ActOf("sair"), ComplianceAct::kStopMarketing);
  EXPECT_EQ(words.ActOf("stop"), ComplianceAct::kStopMarketing) << "opting out comes before opting in";
  EXPECT_EQ(words.ActOf("..."), ComplianceAct::kNone);
}

TEST(Consent, AGrantEndsWhenItExpires) {
  Consent grant = Evidence(Decision::kGranted, 2);
  grant.expires_at = At(10);
  EXPECT_EQ(Decide({grant}, Purpose::kMarketing, At(9)), Decision::kGranted);
  EXPECT_EQ(Decide({grant}, Purpose::kMarketing, At(10)), Decision::kNone);
  EXPECT_EQ(Decide({grant, Evidence(Decision::kGranted, 1)}, Purpose::kMarketing, At(10)), Decision::kNone)
      << "the latest decides";
}

TEST(Consent, SendBlockFollowsThePolicyAndTheOperator) {
  const SendKind marketing{.is_template = true, .category = Category::kMarketing};
  const SendKind utility{.is_template = true, .category = Category::kUtility};
  const Policy strict{.utility_needs_grant = true, .barred_countries = {"BR"}};
  EXPECT_EQ(SendBlock({}, utility, strict, false), "NO_CONSENT");
  EXPECT_EQ(SendBlock({.marketing = Decision::kGranted}, utility, strict, false), "") << "either purpose";
  EXPECT_EQ(SendBlock({.transactional = Decision::kGranted}, utility, strict, false), "");
  EXPECT_EQ(SendBlock({.marketing = Decision::kGranted, .country = "BR"}, marketing, strict, false), "COUNTRY");
  EXPECT_EQ(SendBlock({.marketing = Decision::kGranted, .country = "US"}, marketing, strict, false), "");
  EXPECT_EQ(SendBlock({.suppressed = kOperatorMarketing}, utility, {}, false), "");
  EXPECT_EQ(SendBlock({.marketing = Decision::kGranted, .suppressed = kOperatorMarketing}, marketing, {}, false),
            "CONTACT_BLOCKED");
  EXPECT_EQ(CampaignBlock({.suppressed = kOperatorInitiated}, utility, {}), "BLOCKED");
  EXPECT_EQ(SendBlock({.suppressed = kOperatorInitiated}, {}, {}, true), "") << "an answer is not started by us";
  EXPECT_EQ(SendBlock({.suppressed = kSuppressedMarketing | kSuppressedUnreachable}, marketing, {}, false),
            "OPTED_OUT");
  SendKind test = marketing;
  test.test = true;
  EXPECT_EQ(SendBlock({.tester = true}, test, {}, false), "");
  EXPECT_EQ(SendBlock({}, test, {}, false), "NO_CONSENT");
}

RoutingRule Rule(std::string id, int priority, std::vector<std::string> keywords, std::vector<std::string> prefixes,
                 std::string ref) {
  return {.id = std::move(id),
          .priority = priority,
          .keywords = std::move(keywords),
          .payload_prefixes = std::move(prefixes),
          .reply_route = {Route::kProfiling, std::move(ref)}};
}

TEST(Routing, TakesTheFirstHitInOrder) {
  RoutingInput in{.content = Text("menu por favor"), .now = At(100)};
  EXPECT_EQ(DecideRoute(in).step, "DEFAULT");
  EXPECT_EQ(DecideRoute(in).to.route, Route::kSupport);
  in.inferred_reply_route = ReplyRoute{Route::kProfiling, "campaign-flow"};
  EXPECT_EQ(DecideRoute(in).step, "INFERRED_CAMPAIGN");
  std::vector<RoutingRule> rules{Rule("b", 1, {"Menú"}, {}, "menu-flow"), Rule("a", 1, {"menu"}, {}, "first")};
  in.rules = &rules;
  EXPECT_EQ(DecideRoute(in).rule_id, "a");
  in.named_reply_route = ReplyRoute{Route::kProfiling, "template-flow"};
  EXPECT_EQ(DecideRoute(in).step, "REPLY_ROUTE");
  in.hold = Hold{{Route::kSupport, "conversation"}, At(101), At(0)};
  EXPECT_EQ(DecideRoute(in).to, (ReplyRoute{Route::kSupport, "conversation"}));
  rules[0].pre_empt = true;
  EXPECT_EQ(DecideRoute(in).step, "PRE_EMPT");
}

TEST(Routing, AHoldEndingExactlyNowHasEnded) {
  RoutingInput in{.content = Text("hola"), .now = At(100), .hold = Hold{{Route::kProfiling, "s"}, At(100), At(0)}};
  EXPECT_EQ(DecideRoute(in).step, "DEFAULT");
}

TEST(Routing, KeywordsMatchWholeTextOrFirstWordsAndPayloadsBytewise) {
  const RoutingRule rule = Rule("r", 0, {"Quiero auto"}, {"flow:"}, "f");
  EXPECT_TRUE(MatchesKeyword(rule, "QUIERO AUTO nuevo"));
  EXPECT_FALSE(MatchesKeyword(rule, "no quiero auto"));
  EXPECT_FALSE(MatchesKeyword(rule, "quiero automovil"));
  EXPECT_TRUE(MatchesPayload(rule, "flow:1"));
  EXPECT_FALSE(MatchesPayload(rule, "Flow:1"));
  EXPECT_FALSE(MatchesPayload(rule, ""));
}

TEST(Routing, PayloadRulesComeBeforeKeywordRules) {
  RoutingInput in{.content = {.kind = InboundKind::kButtonReply, .text = "menu", .reply_id = "go-1"}, .now = At(0)};
  const std::vector<RoutingRule> rules{Rule("words", 0, {"menu"}, {}, "w"), Rule("payload", 9, {}, {"go-"}, "p")};
  in.rules = &rules;
  EXPECT_EQ(DecideRoute(in).to.ref, "p");
}

TEST(Routing, ReactionsFollowTheLastRouteAndSystemItemsGoNowhere) {
  RoutingInput in{
      .content = {.kind = InboundKind::kReaction}, .now = At(0), .last_route = ReplyRoute{Route::kProfiling, "s"}};
  EXPECT_EQ(DecideRoute(in).to.ref, "s");
  in.content.kind = InboundKind::kSystem;
  EXPECT_EQ(DecideRoute(in).to.route, Route::kNone);
}

TEST(Routing, TheLaterHoldWinsByItsOwnTime) {
  const Hold early{{Route::kSupport, "a"}, At(50), At(1)}, late{{Route::kProfiling, "b"}, At(40), At(2)};
  EXPECT_EQ(LaterHold(early, late), late);
  EXPECT_EQ(LaterHold(late, early), late);
  EXPECT_EQ(LaterHold(std::nullopt, early), early);
}

TEST(RateWindow, NeverExceedsTheLimitInAnySecond) {
  RateWindow window(10);
  std::vector<absl::Time> begun;
  for (int ms = 0; ms < 5000; ms += 7) {
    const absl::Time now = At(0) + absl::Milliseconds(ms);
    const int n = std::min(3, window.Free(now));
    window.Take(now, n);
    begun.insert(begun.end(), n, now);
  }
  for (size_t i = 0; i < begun.size(); ++i) {
    const auto in_second = std::count_if(
        begun.begin(), begun.end(), [&](absl::Time t) { return t >= begun[i] && t < begun[i] + absl::Seconds(1); });
    ASSERT_LE(in_second, 10);
  }
  EXPECT_GE(begun.size(), 45u);
}

}  // namespace
}  // namespace vinculo::messaging
