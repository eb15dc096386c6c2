#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/text/text.h"
#include "services/profiling/domain/limits.h"
#include "services/profiling/domain/recommend.h"
#include "services/profiling/domain/session_steps.h"

namespace vinculo::profiling {
namespace {

constexpr size_t kReasonsTold = 3;

absl::Time FloorToSecond(absl::Time t) { return absl::FromUnixSeconds(absl::ToUnixSeconds(t)); }

SessionAnswer MakeAnswer(const std::string& question, const std::string& raw, absl::Time now) {
  SessionAnswer answer{question, {}, std::string(text::Truncate(raw, kMaxRawAnswer)), false, now};
  answer.truncated = answer.raw.size() < raw.size();
  return answer;
}

Phrase HintFor(Invalid reason) {
  switch (reason) {
    case Invalid::kOutOfRange:
      return Phrase::kOutOfRange;
    case Invalid::kUnsupported:
      return Phrase::kUnsupported;
    case Invalid::kAmbiguous:
      return Phrase::kAmbiguous;
    case Invalid::kTooFew:
      return Phrase::kTooFew;
    case Invalid::kTooMany:
      return Phrase::kTooMany;
    case Invalid::kNotOptional:
      return Phrase::kNotOptional;
    default:
      return Phrase::kInvalidHint;
  }
}

}  // namespace

void SessionStep::Event(const CustomerEvent& event) {
  Session& s = session();
  ++s.event_count;
  if (s.event_count > kMaxEvents) {
    resolution().outcome = Resolved::kInvalid;
    return End(SessionState::kFailed, "TOO_MANY_EVENTS", "");
  }
  Resolution result = Resolve(View(), event.inbound, env_.mac);
  const bool tapped = result.decided_by == "reply_id";
  const bool stop = result.outcome == Resolved::kCommand && result.command == Command::kStop;
  const bool older = event.at < s.last_event_at || (!tapped && event.at < FloorToSecond(s.prompt.sent_at));
  if (older && !stop && !(tapped && result.outcome == Resolved::kValid)) result.outcome = Resolved::kPremature;
  resolution() = result;
  if (result.outcome == Resolved::kPremature) return;
  s.last_event_at = std::max(s.last_event_at, std::min(event.at, env_.now));
  const std::string& raw = event.inbound.text;
  switch (result.outcome) {
    case Resolved::kValid:
      Touch();
      return Valid(result.options, raw);
    case Resolved::kInvalid:
      return Misunderstood(result.reason);
    case Resolved::kCommand:
      Touch();
      return Obey(result.command, result.decided_by);
    case Resolved::kStale:
      if (!Revise(result, raw)) Reprompt("", 0);
      return;
    case Resolved::kStaleSession:
      return Reprompt("", 0);
    case Resolved::kPremature:
      return;
  }
}

void SessionStep::Valid(const std::vector<int>& options, const std::string& raw) {
  const Prompt prompt = session().prompt;
  const int index = NodeIndex(prompt.node_id);
  switch (prompt.kind) {
    case Prompt::Kind::kQuestion:
      return Answered(flow().node(index), options, raw);
    case Prompt::Kind::kConsent:
      return AnsweredConsent(flow().node(index), prompt.options[options[0]] == "yes");
    case Prompt::Kind::kOffer:
      return AnsweredOffer(flow().node(index), prompt.options[options[0]] == "yes");
    case Prompt::Kind::kRecommendation:
      return AnsweredRecommendation(flow().node(index), prompt.options[options[0]]);
    case Prompt::Kind::kCapture:
      AnsweredCapture(flow().node(index), raw);
      return;
    case Prompt::Kind::kResume:
      if (prompt.options[options[0]] == "restart") return Restart();
      return Walk(index);
    case Prompt::Kind::kNone:
      return;
  }
}

void SessionStep::Answered(const CompiledFlow::Node& node, const std::vector<int>& options, const std::string& raw) {
  Session& s = session();
  const Question& question = std::get<Question>(node.definition->kind);
  SessionAnswer answer = MakeAnswer(node.id, raw, env_.now);
  int next = node.next;
  for (int option : options) answer.choice_ids.push_back(s.prompt.options[option]);
  if (options.size() == 1 && !question.multi()) {
    for (size_t c = 0; c < question.choices.size(); ++c) {
      if (question.choices[c].choice_id == answer.choice_ids[0]) next = node.choice_next[c];
    }
  }
  AddFact(Fact::Kind::kAnswered, node.id, absl::StrJoin(answer.choice_ids, "|"));
  s.answers.push_back(std::move(answer));
  s.path.push_back({PathStep::Kind::kQuestion, node.id});
  Walk(next);
}

void SessionStep::StoreCapture(const CompiledFlow::Node& node, std::string value, std::string text) {
  Session& s = session();
  const auto& capture = std::get<Capture>(node.definition->kind);
  AddFact(Fact::Kind::kCaptureAnswered, node.id);
  s.captures.push_back({capture.field, node.id, std::move(value), std::move(text), env_.now});
  s.path.push_back({PathStep::Kind::kCapture, node.id});
  Walk(node.next);
}

void SessionStep::AnsweredConsent(const CompiledFlow::Node& node, bool granted) {
  std::string shown = PromptBody();
  effects().consent = ConsentDecision{granted, shown, session().language};
  StoreCapture(node, granted ? "GRANTED" : "DENIED", std::move(shown));
}

void SessionStep::AnsweredOffer(const CompiledFlow::Node& node, bool accepted) {
  const auto& capture = std::get<Capture>(node.definition->kind);
  if (accepted) return StoreCapture(node, Known(capture.field), "");
  Ask(Prompt::Kind::kCapture, node.id, {});
}

bool SessionStep::AnsweredCapture(const CompiledFlow::Node& node, const std::string& raw) {
  const auto& capture = std::get<Capture>(node.definition->kind);
  Captured parsed = ParseCapture(capture.field, raw, language(), env_.phone);
  if (!parsed.value) {
    resolution().outcome = Resolved::kInvalid;
    resolution().reason = parsed.reason;
    Misunderstood(parsed.reason);
    return false;
  }
  StoreCapture(node, *std::move(parsed.value), "");
  return true;
}

void SessionStep::AnsweredRecommendation(const CompiledFlow::Node& node, const std::string& option) {
  Session& s = session();
  if (option == "another") return ShowOther(node);
  if (option == "back") return ShowProduct(1);
  if (option == "why") return Reprompt(Reasons(node), 0);
  if (option == "none") {
    AddFact(Fact::Kind::kDeclined, node.id);
    s.path.push_back({PathStep::Kind::kRecommendation, node.id});
    return Walk(node.next_declined);
  }
  s.selected_product_id = ShownNow()->product_id;
  s.selected_rank = s.shown_rank;
  AddFact(Fact::Kind::kProductSelected, node.id, s.selected_product_id, s.selected_rank);
  effects().selected = true;
  s.path.push_back({PathStep::Kind::kRecommendation, node.id});
  Walk(node.next);
}

void SessionStep::ShowOther(const CompiledFlow::Node& node) {
  Session& s = session();
  const auto second = node.matrix->FindProduct(s.recommendation->products.back().product_id);
  if (!second || !env_.available(*node.matrix).Test(*second)) {
    // Gone since the first was shown: the next best takes its place, and the snapshot says so.
    ShownRecommendation again = Evaluate(node);
    const std::string first = s.recommendation->products.front().product_id;
    const auto other = std::find_if(again.products.begin(), again.products.end(),
                                    [&](const ShownProduct& p) { return p.product_id != first; });
    if (other == again.products.end()) return Reprompt(Say(Phrase::kOnlyOne, language()), 0);
    s.recommendation->products.push_back(*other);
    s.recommendation->products.back().parts.clear();
    effects().snapshot = std::move(again);
  }
  ShowProduct(2);
}

std::string SessionStep::Reasons(const CompiledFlow::Node& node) {
  const CompiledMatrix& matrix = *node.matrix;
  const auto product = matrix.FindProduct(ShownNow()->product_id);
  if (!product) return "";
  const std::vector<MatrixAnswer> answers = AnswersFor(matrix, session());
  std::vector<Contribution> parts = Contributions(matrix, answers, *product);
  std::stable_sort(parts.begin(), parts.end(),
                   [](const auto& a, const auto& b) { return a.score_micro > b.score_micro; });
  std::vector<std::string> lines;
  for (const Contribution& part : parts) {
    for (int choice : part.choices) {
      const TextByLanguage* reason = matrix.Reason(choice, *product);
      if (reason == nullptr || part.score_micro <= 0 || lines.size() >= kReasonsTold) continue;
      lines.push_back(absl::StrCat("- ", PickText(*reason, language(), flow().head().base_language)));
    }
  }
  return absl::StrJoin(lines, "\n");
}

void SessionStep::Misunderstood(Invalid reason) {
  Session& s = session();
  ++s.invalid_count;
  AddFact(Fact::Kind::kInvalid, s.prompt.node_id, std::string(InvalidName(reason)));
  if (s.invalid_count > MaxInvalid()) return Exhausted();
  const bool free_text = s.prompt.kind == Prompt::Kind::kCapture;
  const Phrase hint = free_text && reason == Invalid::kNoMatch ? Phrase::kCaptureInvalid : HintFor(reason);
  Reprompt(Say(hint, language()), s.invalid_count);
}

void SessionStep::Exhausted() {
  const Prompt& prompt = session().prompt;
  OnExhausted way;
  int route = -1;
  if (prompt.kind != Prompt::Kind::kRecommendation && prompt.kind != Prompt::Kind::kResume) {
    const CompiledFlow::Node& node = flow().node(NodeIndex(prompt.node_id));
    route = node.exhausted_node;
    if (const auto* question = std::get_if<Question>(&node.definition->kind)) way = question->on_exhausted;
    if (const auto* capture = std::get_if<Capture>(&node.definition->kind)) way = capture->on_exhausted;
  }
  if (way.action == OnExhausted::Action::kRoute && route >= 0) return Walk(route);
  if (way.action == OnExhausted::Action::kSkip && Optional()) return Skip();
  const bool target = !flow().settings().handoff_target.empty();
  if (way.action == OnExhausted::Action::kHandoff || (way.action == OnExhausted::Action::kUnspecified && target)) {
    effects().handoff = Handoff{flow().settings().handoff_target, "RETRIES_EXHAUSTED"};
    Tell(std::string(Say(Phrase::kHandoff, language())));
    return End(SessionState::kCompleted, "RETRIES_EXHAUSTED", "HANDOFF");
  }
  Tell(std::string(Say(Phrase::kFailed, language())));
  End(SessionState::kFailed, "RETRIES_EXHAUSTED", "");
}

void SessionStep::Skip() {
  Session& s = session();
  const CompiledFlow::Node& node = flow().node(NodeIndex(s.prompt.node_id));
  AddFact(Fact::Kind::kSkipped, node.id);
  if (s.prompt.kind == Prompt::Kind::kQuestion) {
    s.answers.push_back({node.id, {}, "", false, env_.now});
    s.path.push_back({PathStep::Kind::kQuestion, node.id});
  } else {
    s.captures.push_back({std::get<Capture>(node.definition->kind).field, node.id, "", "", env_.now});
    s.path.push_back({PathStep::Kind::kCapture, node.id});
  }
  Walk(node.next);
}

void SessionStep::Back() {
  Session& s = session();
  if (s.path.empty()) return Reprompt(Say(Phrase::kAtFirstQuestion, language()), 0);
  AddFact(Fact::Kind::kWentBack, s.prompt.node_id);
  const PathStep last = s.path.back();
  s.path.pop_back();
  const auto of_node = [&](const auto& record) {
    if constexpr (requires { record.question_id; }) {
      return record.question_id == last.node_id;
    } else {
      return record.node_id == last.node_id;
    }
  };
  std::erase_if(s.answers, of_node);
  std::erase_if(s.captures, of_node);
  if (last.kind != PathStep::Kind::kCapture) {
    s.recommendation.reset();
    s.selected_product_id.clear();
    s.selected_rank = 0;
    s.shown_rank = 0;
  }
  Walk(NodeIndex(last.node_id));
}

void SessionStep::Restart() {
  Session& s = session();
  if (++s.restarts > kMaxRestarts) {
    Tell(std::string(Say(Phrase::kStopped, language())));
    return End(SessionState::kStopped, "TOO_MANY_RESTARTS", "");
  }
  AddFact(Fact::Kind::kRestarted, s.prompt.node_id);
  s.answers.clear();
  s.captures.clear();
  s.path.clear();
  s.recommendation.reset();
  s.selected_product_id.clear();
  s.selected_rank = 0;
  s.shown_rank = 0;
  Walk(flow().entry());
}

void SessionStep::Obey(Command command, absl::string_view reason) {
  switch (command) {
    case Command::kRestart:
      return Restart();
    case Command::kBack:
      return Back();
    case Command::kSkip:
      return Skip();
    case Command::kHelp:
      return Reprompt(Say(Phrase::kHelp, language()), 0);
    case Command::kAgent:
      effects().handoff = Handoff{flow().settings().handoff_target, reason == "api" ? "API" : "AGENT_COMMAND"};
      Tell(std::string(Say(Phrase::kHandoff, language())));
      return End(SessionState::kCompleted, "", "HANDOFF");
    case Command::kStop:
      effects().revoke_marketing = reason == "compliance";
      return End(SessionState::kStopped, reason == "compliance" ? "COMPLIANCE" : "STOPPED", "");
  }
}

// A tap on an earlier prompt of this session, with the policy to go back to that question and take the answer.
bool SessionStep::Revise(const Resolution& stale, const std::string&) {
  if (flow().settings().stale_reply != StaleReply::kRevise) return false;
  // Prompts are not kept by number: the tapped one is known only when every prompt since was an answered question.
  const Session& s = session();
  const int back = s.prompt.seq - stale.stale_seq;
  if (back < 1 || back > static_cast<int>(s.path.size())) return false;
  for (int i = 0; i < back; ++i) {
    if (s.path[s.path.size() - 1 - i].kind != PathStep::Kind::kQuestion) return false;
  }
  const CompiledFlow::Node& node = flow().node(NodeIndex(s.path[s.path.size() - back].node_id));
  const Question& question = std::get<Question>(node.definition->kind);
  if (question.shuffle || stale.options[0] >= static_cast<int>(question.choices.size())) return false;
  Session& changed = session();
  for (int i = 0; i < back; ++i) {
    const std::string gone = changed.path.back().node_id;
    changed.path.pop_back();
    std::erase_if(changed.answers, [&](const SessionAnswer& a) { return a.question_id == gone; });
  }
  changed.recommendation.reset();
  changed.prompt.node_id = node.id;
  changed.prompt.options.clear();
  for (const Choice& choice : question.choices) changed.prompt.options.push_back(choice.choice_id);
  AddFact(Fact::Kind::kWentBack, node.id);
  Touch();
  Answered(node, stale.options, question.choices[stale.options[0]].choice_id);
  return true;
}

}  // namespace vinculo::profiling
