#include "services/profiling/domain/resolver.h"

#include <gtest/gtest.h>

#include "common/text/text.h"
#include "services/profiling/domain/testing_flow.h"

namespace vinculo::profiling {
namespace {

using testing::Talk;

constexpr char kSession[] = "01890000-0000-7000-8000-000000000001";

PromptView Ten() {
  PromptView prompt;
  prompt.session_id = kSession;
  prompt.seq = 3;
  prompt.language = "es";
  for (int i = 0; i < 10; ++i) {
    const std::string name = "opcion " + std::string(1, static_cast<char>('k' + i));
    prompt.options.push_back({"o" + std::to_string(i), {name}});
  }
  prompt.options[0].names = {"si", "claro"};
  prompt.commands = {{Command::kBack, {"volver"}}, {Command::kSkip, {"saltar"}}, {Command::kHelp, {"ayuda"}}};
  return prompt;
}

Resolution Say(const PromptView& prompt, std::string text) {
  return Resolve(prompt, {Inbound::Kind::kText, std::move(text), "", false, false}, Talk::MacOf);
}

Resolution Tap(const PromptView& prompt, std::string id, std::string title = "") {
  return Resolve(prompt, {Inbound::Kind::kReply, std::move(title), std::move(id), false, false}, Talk::MacOf);
}

TEST(Resolver, FoldsBeforeItCompares) {
  for (const char* text : {"Si", "SÍ", " ¡sí! ", "sí 👍", "s\xC3\xAD."}) {
    const Resolution out = Say(Ten(), text);
    EXPECT_EQ(out.outcome, Resolved::kValid) << text;
    EXPECT_EQ(out.options, std::vector<int>{0}) << text;
    EXPECT_EQ(out.decided_by, "exact") << text;
  }
}

TEST(Resolver, NumbersNeitherWrapNorClamp) {
  for (const char* text : {"0", "11", "999"}) {
    EXPECT_EQ(Say(Ten(), text).outcome, Resolved::kInvalid) << text;
    EXPECT_EQ(Say(Ten(), text).reason, Invalid::kOutOfRange) << text;
  }
  for (const char* text : {"-1", "2.5", "+2", "1000", "la 2"}) {
    EXPECT_EQ(Say(Ten(), text).outcome, Resolved::kInvalid) << text;
    EXPECT_EQ(Say(Ten(), text).reason, Invalid::kNoMatch) << text;
  }
}

TEST(Resolver, TakesOrdinalsOfAnyScript) {
  for (const char* text : {"2", "2.", "2)", "#2", "2️⃣", "٢", "２", "dos", " Dos "}) {
    const Resolution out = Say(Ten(), text);
    EXPECT_EQ(out.outcome, Resolved::kValid) << text;
    EXPECT_EQ(out.options, std::vector<int>{1}) << text;
  }
}

TEST(Resolver, LeavesOrdinalsAloneWhenTheQuestionDoes) {
  PromptView prompt = Ten();
  prompt.accept_ordinals = false;
  EXPECT_EQ(Say(prompt, "2").reason, Invalid::kNoMatch);
}

TEST(Resolver, LettersOnlyWhenThePromptWasLettered) {
  PromptView prompt = Ten();
  EXPECT_EQ(Say(prompt, "c").outcome, Resolved::kInvalid);
  prompt.lettered = true;
  EXPECT_EQ(Say(prompt, "C)").options, std::vector<int>{2});
}

TEST(Resolver, TellsOwnRepliesByTheirMac) {
  const std::string good = MakeReplyId(kSession, 3, 4, Talk::MacOf);
  EXPECT_EQ(Tap(Ten(), good).options, std::vector<int>{4});
  const std::string old = MakeReplyId(kSession, 2, 4, Talk::MacOf);
  EXPECT_EQ(Tap(Ten(), old).outcome, Resolved::kStale);
  const std::string other = MakeReplyId("01890000-0000-7000-8000-0000000000ff", 3, 4, Talk::MacOf);
  EXPECT_EQ(Tap(Ten(), other).outcome, Resolved::kStaleSession);
}

TEST(Resolver, ForgedReplyIsTheTextOfItsTitle) {
  std::string forged = MakeReplyId(kSession, 3, 4, Talk::MacOf);
  forged.back() = forged.back() == '1' ? '2' : '1';
  EXPECT_EQ(Tap(Ten(), forged, "Sí").options, std::vector<int>{0});
  EXPECT_EQ(Tap(Ten(), forged, "Sí").decided_by, "exact");
  EXPECT_EQ(Tap(Ten(), "menu:1", "cualquiera").reason, Invalid::kNoMatch);
}

TEST(Resolver, ComplianceWinsOverEverythingButOwnReplies) {
  PromptView prompt = Ten();
  prompt.options[1].names = {"stop"};
  const Resolution out = Resolve(prompt, {Inbound::Kind::kText, "STOP", "", false, true}, Talk::MacOf);
  EXPECT_EQ(out.outcome, Resolved::kCommand);
  EXPECT_EQ(out.command, Command::kStop);
  EXPECT_EQ(out.decided_by, "compliance");
}

TEST(Resolver, ChoiceNamedLikeACommandStaysChoosable) {
  PromptView prompt = Ten();
  EXPECT_EQ(Say(prompt, "Ayuda").command, Command::kHelp);
  EXPECT_EQ(Say(prompt, "Ayuda").outcome, Resolved::kCommand);
  prompt.options[5].names = {"ayuda"};
  EXPECT_EQ(Say(prompt, "ayuda").options, std::vector<int>{5});
}

TEST(Resolver, SkipsOnlyWhatIsOptional) {
  PromptView prompt = Ten();
  EXPECT_EQ(Say(prompt, "saltar").reason, Invalid::kNotOptional);
  prompt.optional = true;
  EXPECT_EQ(Say(prompt, "saltar").command, Command::kSkip);
}

TEST(Resolver, SaysWhyNothingWasUnderstood) {
  EXPECT_EQ(Say(Ten(), "").reason, Invalid::kEmpty);
  EXPECT_EQ(Say(Ten(), "  👍👍 ").reason, Invalid::kEmpty);
  EXPECT_EQ(Say(Ten(), "no sé").reason, Invalid::kNoMatch);
  EXPECT_EQ(Resolve(Ten(), {Inbound::Kind::kUnsupported, "", "", false, false}, Talk::MacOf).reason,
            Invalid::kUnsupported);
  EXPECT_EQ(Say(Ten(), std::string(10240, 'x')).reason, Invalid::kNoMatch);
}

TEST(Resolver, TakesSeveralChoicesOnce) {
  PromptView prompt = Ten();
  prompt.select_min = 1;
  prompt.select_max = 3;
  EXPECT_EQ(Say(prompt, "3, 1; 3").options, (std::vector<int>{0, 2}));
  EXPECT_EQ(Say(prompt, "claro y 4").options, (std::vector<int>{0, 3}));
  EXPECT_EQ(Say(prompt, "1/2/3/4").reason, Invalid::kTooMany);
  prompt.select_min = 2;
  EXPECT_EQ(Say(prompt, "2").reason, Invalid::kTooFew);
  const Resolution unknown = Say(prompt, "2, quizás");
  EXPECT_EQ(unknown.reason, Invalid::kNoMatch);
  EXPECT_EQ(text::Trim(unknown.part), "quizás");
}

TEST(Resolver, TextPromptTakesAnythingButCommands) {
  PromptView prompt = Ten();
  prompt.options.clear();
  EXPECT_EQ(Say(prompt, "Ana Pérez").outcome, Resolved::kValid);
  EXPECT_EQ(Say(prompt, "volver").outcome, Resolved::kCommand);
  EXPECT_EQ(Say(prompt, " ").reason, Invalid::kEmpty);
}

TEST(Resolver, ReplyIdFitsIntoAListRow) { EXPECT_LE(MakeReplyId(kSession, 200, 9, Talk::MacOf).size(), 200u); }

}  // namespace
}  // namespace vinculo::profiling
