#include "services/profiling/domain/session_machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/profiling/domain/limits.h"
#include "services/profiling/domain/testing_flow.h"

namespace vinculo::profiling {
namespace {

using ::testing::HasSubstr;
using testing::Talk;

std::string LastBody(const Step& step) {
  return step.effects.messages.empty() ? "" : step.effects.messages.back().body;
}

TEST(SessionMachine, WalksToTheLead) {
  Talk talk;
  const Step start = talk.Start();
  ASSERT_EQ(start.effects.messages.size(), 2u);
  EXPECT_EQ(start.effects.messages[0].body, "¡Hola!");
  EXPECT_EQ(start.effects.messages[1].form, Form::kButtons);
  EXPECT_EQ(start.effects.messages[1].options[0].title, "Ciudad");
  EXPECT_THAT(LastBody(talk.Text("ciudad")), HasSubstr("Presupuesto para Ciudad"));
  const Step shown = talk.Text("1");
  EXPECT_EQ(shown.session.stage, Stage::kRecommended1);
  EXPECT_EQ(LastBody(shown), "Te recomendamos Auto city");
  EXPECT_EQ(shown.effects.messages.back().form, Form::kList);
  EXPECT_EQ(shown.effects.messages.back().image_url, "https://img.example/city.jpg");
  ASSERT_TRUE(shown.effects.snapshot.has_value());
  EXPECT_EQ(shown.effects.snapshot->products[0].score_micro, 5'000'000);
  const Step chosen = talk.Text("Quiero este");
  EXPECT_TRUE(chosen.effects.selected);
  EXPECT_EQ(chosen.session.stage, Stage::kCapture);
  EXPECT_EQ(LastBody(talk.Text("Ana María Pérez")), "¿Tu correo?");
  EXPECT_THAT(LastBody(talk.Text("es ana@Example.COM")), HasSubstr("¿Podemos contactarte?"));
  const Step done = talk.Text("sí");
  EXPECT_EQ(done.session.state, SessionState::kCompleted);
  EXPECT_EQ(done.session.outcome, "quoted");
  EXPECT_TRUE(done.effects.make_lead);
  ASSERT_TRUE(done.effects.consent.has_value());
  EXPECT_TRUE(done.effects.consent->granted);
  EXPECT_EQ(done.effects.consent->text, "¿Podemos contactarte? Para recomendarte un auto");
  EXPECT_EQ(LastBody(done), "¡Gracias, Ana María Pérez!");
  ASSERT_EQ(done.effects.traits.size(), 1u);
  EXPECT_EQ(done.effects.traits[0].key, "lifestyle");
  const auto value = [&](absl::string_view field) {
    return ReferenceValue(talk.Env(), talk.session, {Reference::Kind::kLead, "", 0, std::string(field)});
  };
  EXPECT_EQ(value("first_name"), "Ana María");
  EXPECT_EQ(value("last_name"), "Pérez");
  EXPECT_EQ(value("email"), "ana@example.com");
  EXPECT_EQ(value("product_name"), "Auto city");
  EXPECT_EQ(value("answers_summary"), "Uso: Ciudad\nPresupuesto: Económico");
}

TEST(SessionMachine, DeniedConsentMakesNoLead) {
  Talk talk;
  talk.Start();
  for (const char* text : {"1", "1", "1", "Ana", "ana@b.co"}) talk.Text(text);
  const Step done = talk.Text("no");
  EXPECT_EQ(done.session.state, SessionState::kCompleted);
  EXPECT_EQ(done.session.outcome, "CONSENT_DENIED");
  EXPECT_FALSE(done.effects.make_lead);
  EXPECT_FALSE(done.effects.consent->granted);
}

TEST(SessionMachine, SkippedEmailStillMakesALead) {
  Talk talk;
  talk.Start();
  for (const char* text : {"1", "1", "1", "Ana", "saltar"}) talk.Text(text);
  const Step done = talk.Text("sí");
  EXPECT_TRUE(done.effects.make_lead);
}

TEST(SessionMachine, ShowsTheSecondAndComesBack) {
  Talk talk;
  talk.Start();
  talk.Text("1");
  talk.Text("1");
  const Step second = talk.Text("Ver otra opción");
  EXPECT_EQ(second.session.stage, Stage::kRecommended2);
  EXPECT_EQ(second.effects.messages.back().image_url, "https://img.example/sedan.jpg");
  EXPECT_EQ(talk.Text("Volver a la primera").session.stage, Stage::kRecommended1);
  talk.Text("Ver otra opción");
  const Step chosen = talk.Text("Quiero este");
  EXPECT_EQ(chosen.session.selected_product_id, "sedan");
  EXPECT_EQ(chosen.session.selected_rank, 2);
}

TEST(SessionMachine, ReplacesASecondThatIsGone) {
  Talk talk;
  talk.Start();
  talk.Text("1");
  talk.Text("1");
  ASSERT_EQ(talk.session.recommendation->products[1].product_id, "sedan");
  talk.availability = [&](const CompiledMatrix& matrix) {
    Bits bits = Availability(matrix).At(talk.now);
    bits.Clear(*matrix.FindProduct("sedan"));
    return bits;
  };
  const Step second = talk.Text("Ver otra opción");
  EXPECT_EQ(second.effects.messages.back().image_url, "https://img.example/suv.jpg");
  EXPECT_TRUE(second.effects.snapshot.has_value());
  EXPECT_EQ(second.session.recommendation->products.size(), 3u);
}

TEST(SessionMachine, OneProductOffersNoOther) {
  Talk talk;
  talk.availability = [&](const CompiledMatrix& matrix) {
    Bits bits(matrix.products().size());
    bits.Set(*matrix.FindProduct("suv"));
    return bits;
  };
  talk.Start();
  talk.Text("1");
  const Step shown = talk.Text("1");
  for (const OutboundOption& option : shown.effects.messages.back().options) EXPECT_NE(option.title, "Ver otra opción");
}

TEST(SessionMachine, NothingToRecommendGoesToNextNone) {
  Talk talk;
  talk.availability = [](const CompiledMatrix& matrix) { return Bits(matrix.products().size()); };
  talk.Start();
  talk.Text("1");
  const Step end = talk.Text("1");
  EXPECT_EQ(end.session.outcome, "not_interested");
  EXPECT_FALSE(end.effects.make_lead);
}

TEST(SessionMachine, TellsWhy) {
  Talk talk;
  talk.Start();
  talk.Text("1");
  talk.Text("1");
  EXPECT_THAT(LastBody(talk.Text("¿Por qué?")), HasSubstr("Ideal para la ciudad"));
  EXPECT_EQ(talk.session.stage, Stage::kRecommended1);
}

TEST(SessionMachine, AsksAgainThenGivesUp) {
  Talk talk;
  talk.Start();
  const Step first = talk.Text("???x");
  EXPECT_EQ(first.resolution.outcome, Resolved::kInvalid);
  EXPECT_EQ(first.session.invalid_count, 1);
  EXPECT_EQ(first.effects.messages.back().form, Form::kButtons);
  const Step second = talk.Text("???x");
  EXPECT_EQ(second.effects.messages.back().form, Form::kNumbered);
  EXPECT_THAT(LastBody(second), HasSubstr("3. Trabajo"));
  const Step third = talk.Text("???x");
  EXPECT_EQ(third.session.state, SessionState::kFailed);
  EXPECT_EQ(third.session.end_reason, "RETRIES_EXHAUSTED");
}

TEST(SessionMachine, HandsOverWhenThereIsATarget) {
  FlowDefinition definition = testing::CarFlow();
  definition.settings.handoff_target = "sales";
  Talk talk(testing::CompileCars(definition));
  talk.Start();
  talk.Text("???x");
  talk.Text("???x");
  const Step third = talk.Text("???x");
  EXPECT_EQ(third.session.state, SessionState::kCompleted);
  EXPECT_EQ(third.session.outcome, "HANDOFF");
  ASSERT_TRUE(third.effects.handoff.has_value());
  EXPECT_EQ(third.effects.handoff->target, "sales");
}

TEST(SessionMachine, AnswerResetsTheCountOfBadOnes) {
  Talk talk;
  talk.Start();
  talk.Text("???x");
  EXPECT_EQ(talk.Text("1").session.invalid_count, 0);
}

TEST(SessionMachine, GoesBackAndForgetsTheAnswer) {
  Talk talk;
  talk.Start();
  const Step at_first = talk.Text("volver");
  EXPECT_THAT(LastBody(at_first), HasSubstr("primera pregunta"));
  talk.Text("1");
  const Step back = talk.Text("volver");
  EXPECT_EQ(back.session.prompt.node_id, "use");
  EXPECT_TRUE(back.session.answers.empty());
  talk.Text("2");
  talk.Text("1");
  EXPECT_EQ(talk.session.answers[0].choice_ids, std::vector<std::string>{"family"});
  const Step from_advice = talk.Text("volver");
  EXPECT_EQ(from_advice.session.prompt.node_id, "budget");
  EXPECT_FALSE(from_advice.session.recommendation.has_value());
}

TEST(SessionMachine, RestartsTenTimes) {
  Talk talk;
  talk.Start();
  talk.Text("1");
  for (int i = 0; i < kMaxRestarts; ++i) {
    const Step again = talk.Text("reiniciar");
    EXPECT_EQ(again.session.state, SessionState::kActive);
    EXPECT_TRUE(again.session.answers.empty());
  }
  EXPECT_EQ(talk.Text("reiniciar").session.state, SessionState::kStopped);
}

TEST(SessionMachine, YesterdaysButtonIsNoAnswer) {
  Talk talk;
  const Step start = talk.Start();
  const std::string first = start.effects.messages.back().options[1].reply_id;
  talk.Tap(start.effects.messages.back().options[0].reply_id);
  const Step stale = talk.Tap(first);
  EXPECT_EQ(stale.resolution.outcome, Resolved::kStale);
  EXPECT_EQ(stale.session.answers.size(), 1u);
  EXPECT_EQ(stale.session.invalid_count, 0);
  EXPECT_EQ(stale.session.prompt.node_id, "budget");
}

TEST(SessionMachine, RevisesWhenTheFlowSaysSo) {
  FlowDefinition definition = testing::CarFlow();
  definition.settings.stale_reply = StaleReply::kRevise;
  Talk talk(testing::CompileCars(definition));
  const Step start = talk.Start();
  const std::string family = start.effects.messages.back().options[1].reply_id;
  talk.Text("1");
  const Step revised = talk.Tap(family);
  EXPECT_EQ(revised.session.answers.size(), 1u);
  EXPECT_EQ(revised.session.answers[0].choice_ids, std::vector<std::string>{"family"});
  EXPECT_EQ(revised.session.prompt.node_id, "budget");
}

TEST(SessionMachine, TextTypedBeforeThePromptIsPremature) {
  Talk talk;
  talk.Start();
  talk.now += absl::Seconds(10);
  talk.Text("1");
  const absl::Time at = talk.now;
  talk.now += absl::Milliseconds(300);
  Inbound two{Inbound::Kind::kText, "2", "", false, false};
  const Step early = ApplyEvent(talk.Env(), talk.session, {two, at - absl::Seconds(1)});
  EXPECT_EQ(early.resolution.outcome, Resolved::kPremature);
  EXPECT_TRUE(early.effects.messages.empty());
  EXPECT_EQ(early.session.answers.size(), 1u);
  const Step same_second = ApplyEvent(talk.Env(), talk.session, {two, at});
  EXPECT_EQ(same_second.resolution.outcome, Resolved::kValid);
}

TEST(SessionMachine, EndsAfterTwoHundredEvents) {
  Talk talk;
  talk.Start();
  for (int i = 0; i < kMaxEvents; ++i) {
    ASSERT_EQ(talk.session.state, SessionState::kActive) << i;
    talk.Text("ayuda");
  }
  const Step last = talk.Text("1");
  EXPECT_EQ(last.session.state, SessionState::kFailed);
  EXPECT_EQ(last.session.end_reason, "TOO_MANY_EVENTS");
}

TEST(SessionMachine, ComplianceStopsAndRevokes) {
  Talk talk;
  talk.Start();
  const Step stop = talk.Event({Inbound::Kind::kText, "BAJA", "", true, false});
  EXPECT_EQ(stop.session.state, SessionState::kStopped);
  EXPECT_TRUE(stop.effects.revoke_marketing);
  EXPECT_TRUE(stop.effects.messages.empty());
}

TEST(SessionMachine, OffersAKnownName) {
  FlowDefinition definition = testing::CarFlow();
  definition.settings.reuse_known_capture = true;
  Talk talk(testing::CompileCars(definition));
  talk.customer.name = "Luis";
  talk.Start();
  talk.Text("1");
  talk.Text("1");
  EXPECT_THAT(LastBody(talk.Text("1")), HasSubstr("Luis"));
  const Step kept = talk.Text("sí");
  EXPECT_EQ(kept.session.captures[0].value, "Luis");
  EXPECT_EQ(kept.session.prompt.node_id, "email");
}

TEST(SessionMachine, LongAnswersAreStoredCut) {
  Talk talk;
  talk.Start();
  talk.Text("ciudad" + std::string(5000, ' '));
  ASSERT_EQ(talk.session.answers.size(), 1u);
  EXPECT_TRUE(talk.session.answers[0].truncated);
  EXPECT_LE(talk.session.answers[0].raw.size(), 640u);
}

TEST(SessionMachine, ResumesWhereItStopped) {
  Talk talk;
  talk.Start();
  talk.Text("1");
  const Session expired = talk.Do(Control::kExpire).session;
  EXPECT_EQ(expired.end_reason, "EXPIRED");
  Session fresh = expired;
  fresh.id = *Uuid::Parse("01890000-0000-7000-8000-000000000002");
  fresh.prompt = {};
  fresh.state = SessionState::kActive;
  const Step offer = talk.Keep(ResumeSession(talk.Env(), fresh, expired, true));
  EXPECT_THAT(LastBody(offer), HasSubstr("Seguimos"));
  EXPECT_EQ(offer.session.resumed_from, expired.id);
  const Step on = talk.Text("Continuar");
  EXPECT_EQ(on.session.prompt.node_id, "budget");
  EXPECT_EQ(on.session.answers.size(), 1u);
}

TEST(SessionMachine, SameInputsSameBytes) {
  Talk a, b;
  a.Start();
  b.Start();
  for (const char* text : {"2", "2", "2"}) {
    const Step x = a.Text(text), y = b.Text(text);
    ASSERT_EQ(x.effects.messages.size(), y.effects.messages.size());
    for (size_t i = 0; i < x.effects.messages.size(); ++i)
      EXPECT_EQ(x.effects.messages[i].body, y.effects.messages[i].body);
  }
}

}  // namespace
}  // namespace vinculo::profiling
