#include <algorithm>

#include "absl/strings/str_cat.h"
#include "services/profiling/domain/condition.h"
#include "services/profiling/domain/limits.h"
#include "services/profiling/domain/recommend.h"
#include "services/profiling/domain/session_steps.h"

namespace vinculo::profiling {

Step SessionStep::Finish() && { return std::move(step_); }

void SessionStep::AddFact(Fact::Kind kind, absl::string_view node, std::string detail, int rank) {
  effects().facts.push_back({kind, std::string(node), std::move(detail), rank});
}

void SessionStep::Tell(std::string body, std::string image) {
  if (body.empty() && image.empty()) return;
  OutboundMessage message;
  message.body = std::move(body);
  message.image_url = std::move(image);
  effects().messages.push_back(std::move(message));
}

std::string SessionStep::Text(absl::string_view key) {
  const TextTemplate* text = key.empty() ? nullptr : flow().Text(language(), key);
  if (text == nullptr) return "";
  return text->Render([this](const Reference& reference) { return ReferenceValue(env_, session(), reference); });
}

void SessionStep::Touch() {
  Session& s = session();
  s.last_user_at = env_.now;
  s.expires_at = std::min(env_.now + flow().settings().idle_timeout, s.absolute_expires_at);
}

void SessionStep::Walk(int node) {
  for (int automatic = 0; automatic <= kMaxAutomaticSteps; ++automatic) {
    if (node < 0) return End(SessionState::kFailed, "BROKEN_FLOW", "");
    const CompiledFlow::Node& current = flow().node(node);
    if (const auto* question = flow().question(node)) {
      session().stage = Stage::kQuestions;
      session().invalid_count = 0;
      std::vector<std::string> ids;
      for (const Choice& choice : question->choices) ids.push_back(choice.choice_id);
      return Ask(Prompt::Kind::kQuestion, current.id, std::move(ids));
    }
    if (const auto* capture = std::get_if<Capture>(&current.definition->kind)) {
      if (EnterCapture(current, *capture)) return;
      node = current.next;
    } else if (const auto* message = std::get_if<Message>(&current.definition->kind)) {
      Tell(Text(message->text_key), message->image_url);
      node = current.next;
    } else if (std::holds_alternative<vinculo::profiling::Branch>(current.definition->kind)) {
      node = Branch(current);
    } else if (const auto* recommend = std::get_if<Recommend>(&current.definition->kind)) {
      if (EnterRecommend(current, *recommend, node)) return;
    } else if (const auto* end = std::get_if<vinculo::profiling::End>(&current.definition->kind)) {
      return EnterEnd(current, *end);
    } else {
      node = -1;
    }
  }
  End(SessionState::kFailed, "TOO_MANY_STEPS", "");
}

int SessionStep::Branch(const CompiledFlow::Node& node) {
  const auto& branch = std::get<vinculo::profiling::Branch>(node.definition->kind);
  TraitMap traits;
  const bool needs_traits = std::any_of(branch.cases.begin(), branch.cases.end(),
                                        [](const BranchCase& item) { return !DependsOnAnswersOnly(item.condition); });
  if (needs_traits) {
    for (TraitWrite& write : PendingTraits(flow(), session()))
      traits.emplace(std::move(write.key), std::move(write.value));
    for (const auto& [key, value] : env_.customer().traits) traits.emplace(key, value);
  }
  const auto answer = [this](absl::string_view id) -> const std::vector<std::string>* {
    for (const SessionAnswer& given : session().answers) {
      if (given.question_id == id) return &given.choice_ids;
    }
    return nullptr;
  };
  const Facts facts{answer, traits};
  for (size_t i = 0; i < branch.cases.size(); ++i) {
    if (Holds(branch.cases[i].condition, facts)) return node.choice_next[i];
  }
  return node.next;
}

std::string SessionStep::Known(CaptureField field) {
  for (const CapturedField& captured : session().captures) {
    if (captured.field == field && !captured.value.empty()) return captured.value;
  }
  const Customer& customer = env_.customer();
  switch (field) {
    case CaptureField::kName:
      return customer.name;
    case CaptureField::kEmail:
      return customer.email;
    case CaptureField::kPhone:
      return customer.phone;
    default:
      return "";
  }
}

// True when the session waits here now.
bool SessionStep::EnterCapture(const CompiledFlow::Node& node, const Capture& capture) {
  session().stage = Stage::kCapture;
  session().invalid_count = 0;
  if (capture.field == CaptureField::kConsent) {
    Ask(Prompt::Kind::kConsent, node.id, {"yes", "no"});
    return true;
  }
  const Prefill prefill = flow().settings().reuse_known_capture ? capture.prefill : Prefill::kNever;
  const std::string known = prefill == Prefill::kNever ? "" : Known(capture.field);
  if (!known.empty() && prefill == Prefill::kSilent) {
    session().captures.push_back({capture.field, node.id, known, "", env_.now});
    return false;
  }
  if (!known.empty()) {
    Ask(Prompt::Kind::kOffer, node.id, {"yes", "no"});
  } else {
    Ask(Prompt::Kind::kCapture, node.id, {});
  }
  return true;
}

std::vector<MatrixAnswer> AnswersFor(const CompiledMatrix& matrix, const Session& session) {
  std::vector<MatrixAnswer> out;
  for (const SessionAnswer& given : session.answers) {
    const auto question = matrix.FindQuestion(given.question_id);
    if (!question) continue;
    MatrixAnswer answer{*question, {}, 1000};
    for (const std::string& id : given.choice_ids) {
      if (const auto choice = matrix.FindChoice(*question, id)) answer.choices.push_back(*choice);
    }
    std::sort(answer.choices.begin(), answer.choices.end());
    out.push_back(std::move(answer));
  }
  return out;
}

ShownRecommendation SessionStep::Evaluate(const CompiledFlow::Node& node) {
  const CompiledMatrix& matrix = *node.matrix;
  const std::vector<MatrixAnswer> answers = AnswersFor(matrix, session());
  const Bits available = env_.available(matrix);
  const Recommendation best = RecommendBest(matrix, answers, available);
  ShownRecommendation shown;
  shown.node_id = node.id;
  shown.outcome = static_cast<int>(best.outcome);
  shown.first_over_second = std::string(best.first_over_second);
  shown.second_over_third = std::string(best.second_over_third);
  shown.group_relaxed = best.group_relaxed;
  shown.no_signal = best.no_signal;
  shown.matrix_id = matrix.matrix_id();
  shown.matrix_version = matrix.version();
  shown.evaluated_at = env_.now;
  shown.inputs = env_.digest(CanonicalInputs(matrix, answers, available));
  const std::string& base = flow().head().base_language;
  for (const Recommended& item : best.products) {
    const Product& product = matrix.products()[item.product];
    ShownProduct out{product.product_id,
                     std::string(PickText(product.names, language(), base)),
                     std::string(PickText(product.short_descriptions, language(), base)),
                     product.image_url,
                     product.price_minor,
                     product.currency,
                     item.score_micro,
                     item.match_percent,
                     item.fallback,
                     item.pinned,
                     {}};
    if (!item.fallback) {
      for (const Contribution& part : Contributions(matrix, answers, item.product)) {
        ShownProduct::Part line;
        if (part.question >= 0) line.question_id = matrix.questions()[part.question].id;
        line.points = part.points;
        line.score_micro = part.score_micro;
        for (int choice : part.choices) {
          line.choice_ids.push_back(matrix.choices()[choice].id);
          const TextByLanguage* reason = matrix.Reason(choice, item.product);
          if (reason != nullptr && line.reason.empty()) line.reason = std::string(PickText(*reason, language(), base));
        }
        out.parts.push_back(std::move(line));
      }
    }
    shown.products.push_back(std::move(out));
  }
  for (const RuledOut& out : RuledOutProducts(matrix, answers, available)) {
    shown.ruled_out.push_back({matrix.products()[out.product].product_id, static_cast<int>(out.cause),
                               out.question < 0 ? "" : matrix.questions()[out.question].id,
                               out.choice < 0 ? "" : matrix.choices()[out.choice].id});
  }
  return shown;
}

// True when the session waits here now; otherwise `next` is where to go.
bool SessionStep::EnterRecommend(const CompiledFlow::Node& node, const Recommend& recommend, int& next) {
  if (node.matrix == nullptr) {
    next = -1;
    return false;
  }
  ShownRecommendation shown = Evaluate(node);
  Session& s = session();
  s.recommendation = shown;
  s.recommendation->ruled_out.clear();
  for (ShownProduct& product : s.recommendation->products) product.parts.clear();
  AddFact(Fact::Kind::kRecommended, node.id, shown.products.empty() ? "" : shown.products[0].product_id);
  const bool nothing = shown.products.empty();
  effects().snapshot = std::move(shown);
  if (nothing) {
    next = node.next_none;
    return false;
  }
  if (recommend.silent) {
    s.selected_product_id = s.recommendation->products[0].product_id;
    s.selected_rank = 1;
    next = node.next;
    return false;
  }
  ShowProduct(1);
  return true;
}

void SessionStep::EnterEnd(const CompiledFlow::Node& node, const vinculo::profiling::End& end) {
  Tell(Text(end.text_key));
  const bool wanted = end.lead && !session().selected_product_id.empty();
  const bool denied = std::any_of(session().captures.begin(), session().captures.end(), [](const CapturedField& c) {
    return c.field == CaptureField::kConsent && c.value == "DENIED";
  });
  std::string outcome = end.outcome_label;
  if (wanted && denied) outcome = "CONSENT_DENIED";
  effects().make_lead = wanted && !denied;
  if (effects().make_lead) AddFact(Fact::Kind::kLeadCreated, node.id, session().selected_product_id);
  if (!end.handoff.empty()) {
    effects().handoff = Handoff{end.handoff, "END_NODE"};
    outcome = "HANDOFF";
  }
  End(SessionState::kCompleted, "", outcome);
}

void SessionStep::End(SessionState state, absl::string_view reason, absl::string_view outcome) {
  Session& s = session();
  const std::string last = s.prompt.node_id;
  s.state = state;
  s.stage = Stage::kDone;
  s.end_reason = std::string(reason);
  s.outcome = std::string(outcome);
  s.ended_at = env_.now;
  s.prompt.kind = Prompt::Kind::kNone;
  effects().ended = true;
  if (state == SessionState::kCompleted ||
      (state == SessionState::kExpired && flow().settings().commit_partial_traits)) {
    effects().traits = PendingTraits(flow(), s);
    effects().captures = s.captures;
  }
  AddFact(Fact::Kind::kEnded, last, reason.empty() ? std::string(outcome) : std::string(reason));
}

std::vector<TraitWrite> PendingTraits(const CompiledFlow& flow, const Session& session) {
  std::vector<TraitWrite> out;
  for (auto given = session.answers.rbegin(); given != session.answers.rend(); ++given) {
    const auto index = flow.FindNode(given->question_id);
    const Question* question = index ? flow.question(*index) : nullptr;
    if (question == nullptr || given->choice_ids.empty()) continue;
    for (const Choice& choice : question->choices) {
      if (std::find(given->choice_ids.begin(), given->choice_ids.end(), choice.choice_id) != given->choice_ids.end()) {
        out.insert(out.end(), choice.sets_traits.begin(), choice.sets_traits.end());
      }
    }
    out.insert(out.end(), question->sets_traits.begin(), question->sets_traits.end());
  }
  return out;
}

}  // namespace vinculo::profiling
