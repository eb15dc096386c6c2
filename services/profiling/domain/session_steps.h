#pragma once

#include <string>
#include <utility>
#include <vector>

#include "services/profiling/domain/session_machine.h"

namespace vinculo::profiling {

// One step of a session in the making. Internal to session_*.cc.
class SessionStep {
 public:
  SessionStep(const Environment& env, Session session) : env_(env) { step_.session = std::move(session); }

  Step Finish() &&;
  Session& session() { return step_.session; }
  Effects& effects() { return step_.effects; }
  Resolution& resolution() { return step_.resolution; }

  // Runs from `node` to the next one that waits, or to the end.
  void Walk(int node);
  void Event(const CustomerEvent& event);
  void Obey(Command command, absl::string_view reason);
  void End(SessionState state, absl::string_view reason, absl::string_view outcome);
  void Touch();
  // Sends the current prompt once more; `invalid` is how often the customer was misunderstood, 0 for none.
  void Reprompt(absl::string_view notice, int invalid);
  void AskResume(const std::string& node_id);

 private:
  struct Label {
    std::string id;
    std::string title;
    std::string description;
    std::vector<std::string> names;  // folded
  };

  const CompiledFlow& flow() const { return env_.flow; }
  absl::string_view language() const { return step_.session.language; }
  int NodeIndex(const std::string& id) const { return flow().FindNode(id).value_or(-1); }
  std::string Text(absl::string_view key);
  std::string LabelText(absl::string_view key, Phrase fallback);
  void AddFact(Fact::Kind kind, absl::string_view node, std::string detail = "", int rank = 0);
  void Tell(std::string body, std::string image = "");

  // Walking.
  int Branch(const CompiledFlow::Node& node);
  bool EnterCapture(const CompiledFlow::Node& node, const Capture& capture);
  bool EnterRecommend(const CompiledFlow::Node& node, const Recommend& recommend, int& next);
  void EnterEnd(const CompiledFlow::Node& node, const vinculo::profiling::End& end);
  ShownRecommendation Evaluate(const CompiledFlow::Node& node);

  // Prompts.
  void Ask(Prompt::Kind kind, const std::string& node_id, std::vector<std::string> options);
  std::vector<Label> Labels();
  Label QuestionLabel(const CompiledFlow::Node& node, const Question& question, int choice);
  OutboundMessage Render();
  std::string PromptBody();
  std::string PromptImage();
  const ShownProduct* ShownNow() const;
  PromptView View();
  int MaxInvalid() const;
  bool Optional() const;
  std::vector<std::string> RecommendationOptions(const Recommend& recommend);
  void ShowProduct(int rank);

  // Answers.
  void Valid(const std::vector<int>& options, const std::string& raw);
  void Answered(const CompiledFlow::Node& node, const std::vector<int>& options, const std::string& raw);
  void AnsweredConsent(const CompiledFlow::Node& node, bool granted);
  void AnsweredOffer(const CompiledFlow::Node& node, bool accepted);
  void AnsweredRecommendation(const CompiledFlow::Node& node, const std::string& option);
  bool AnsweredCapture(const CompiledFlow::Node& node, const std::string& raw);
  void StoreCapture(const CompiledFlow::Node& node, std::string value, std::string text);
  void Misunderstood(Invalid reason);
  void Exhausted();
  void Skip();
  void Back();
  void Restart();
  void ShowOther(const CompiledFlow::Node& node);
  std::string Reasons(const CompiledFlow::Node& node);
  bool Revise(const Resolution& stale, const std::string& raw);
  std::string Known(CaptureField field);

  const Environment& env_;
  Step step_;
};

// The answers of a session, resolved against a matrix; questions that it does not know are left out.
std::vector<MatrixAnswer> AnswersFor(const CompiledMatrix& matrix, const Session& session);

}  // namespace vinculo::profiling
