#include "services/profiling/domain/session_machine.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/profiling/domain/limits.h"
#include "services/profiling/domain/session_steps.h"

namespace vinculo::profiling {
namespace {

void Begin(const Environment& env, Session& session) {
  session.flow_id = env.flow.head().flow_id;
  session.version = env.flow.version();
  session.state = SessionState::kActive;
  session.stage = Stage::kQuestions;
  session.started_at = env.now;
  session.last_user_at = env.now;
  session.absolute_expires_at = env.now + env.flow.settings().absolute_ttl;
  session.expires_at = std::min(env.now + env.flow.settings().idle_timeout, session.absolute_expires_at);
}

const SessionAnswer* FindAnswer(const Session& session, absl::string_view question) {
  for (const SessionAnswer& answer : session.answers) {
    if (answer.question_id == question) return &answer;
  }
  return nullptr;
}

std::string AnswerValue(const Environment& env, const Session& session, const Reference& reference) {
  const SessionAnswer* answer = FindAnswer(session, reference.name);
  if (answer == nullptr) return "";
  if (reference.field == "raw") return answer->raw;
  const auto index = env.flow.FindNode(reference.name);
  const Question* question = index ? env.flow.question(*index) : nullptr;
  if (question == nullptr) return "";
  std::vector<std::string> parts;
  for (const Choice& choice : question->choices) {
    const auto& chosen = answer->choice_ids;
    if (std::find(chosen.begin(), chosen.end(), choice.choice_id) == chosen.end()) continue;
    if (reference.field == "value") {
      parts.push_back(choice.value.empty() ? choice.choice_id : choice.value);
    } else if (const TextTemplate* label = env.flow.Text(session.language, choice.label_key)) {
      // A label inside a label would never end: references render empty here.
      parts.push_back(label->Render([](const Reference&) { return std::string(); }));
    }
  }
  return absl::StrJoin(parts, ", ");
}

// Whole units; ISO 4217 gives these currencies no minor unit.
std::string FormatPrice(int64_t minor, const std::string& currency) {
  constexpr absl::string_view kWithoutMinor[] = {"CLP", "PYG", "JPY", "KRW", "VND", "ISK", "UGX", "XAF", "XOF", "XPF"};
  const bool whole = std::find(std::begin(kWithoutMinor), std::end(kWithoutMinor), currency) != std::end(kWithoutMinor);
  return absl::StrCat(whole ? minor : minor / 100, " ", currency);
}

std::string ProductValue(const Session& session, const Reference& reference) {
  if (!session.recommendation) return "";
  const auto& products = session.recommendation->products;
  const ShownProduct* product = nullptr;
  if (reference.product == 0) {
    for (const ShownProduct& shown : products) {
      if (shown.product_id == session.selected_product_id) product = &shown;
    }
  } else if (reference.product == 1 && !products.empty()) {
    product = &products.front();
  } else if (reference.product == 2 && products.size() >= 2) {
    product = &products.back();
  }
  if (product == nullptr) return "";
  if (reference.field == "id") return product->product_id;
  if (reference.field == "name") return product->name;
  if (reference.field == "short_description") return product->short_description;
  if (reference.field == "image_url") return product->image_url;
  if (reference.field == "currency") return product->currency;
  if (!product->price_minor) return "";
  return FormatPrice(*product->price_minor, product->currency);
}

std::string CapturedValue(const Session& session, CaptureField field) {
  for (const CapturedField& captured : session.captures) {
    if (captured.field == field) return captured.value;
  }
  return "";
}

std::string LeadValue(const Environment& env, const Session& session, const Reference& reference) {
  const std::string& field = reference.field;
  if (field == "email") return CapturedValue(session, CaptureField::kEmail);
  if (field == "phone") {
    const std::string phone = CapturedValue(session, CaptureField::kPhone);
    return phone.empty() ? env.customer().phone : phone;
  }
  if (field == "name" || field == "first_name" || field == "last_name") {
    std::string name = CapturedValue(session, CaptureField::kName);
    if (name.empty()) name = env.customer().name;
    if (field == "name") return name;
    const SplitName split = SplitFullName(name);
    return field == "first_name" ? split.first : split.last;
  }
  if (field == "id") return session.lead_id ? session.lead_id->ToString() : "";
  if (field == "product_id") return session.selected_product_id;
  if (field == "product_name") return ProductValue(session, {Reference::Kind::kProduct, "", 0, "name"});
  if (field == "rank") return session.selected_rank > 0 ? absl::StrCat(session.selected_rank) : "";
  if (field == "source") return session.source_ref;
  if (field == "answers_summary") return AnswersSummary(env.flow, session);
  if (field == "created_at") return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", env.now, absl::UTCTimeZone());
  return "";
}

std::string TraitValueOf(const Environment& env, const Session& session, const std::string& key) {
  for (const TraitWrite& write : PendingTraits(env.flow, session)) {
    if (write.key == key) return TraitText(write.value);
  }
  const auto found = env.customer().traits.find(key);
  return found == env.customer().traits.end() ? "" : TraitText(found->second);
}

}  // namespace

std::string ReferenceValue(const Environment& env, const Session& session, const Reference& reference) {
  switch (reference.kind) {
    case Reference::Kind::kAnswer:
      return AnswerValue(env, session, reference);
    case Reference::Kind::kTrait:
      return TraitValueOf(env, session, reference.name);
    case Reference::Kind::kProduct:
      return ProductValue(session, reference);
    case Reference::Kind::kLead:
      return LeadValue(env, session, reference);
    case Reference::Kind::kFlow:
      if (reference.field == "purpose") return env.flow.head().purpose_text;
      return reference.field == "name" ? env.flow.head().name : env.flow.head().flow_id;
    case Reference::Kind::kProfile: {
      if (reference.field == "id") return session.profile_id.ToString();
      std::string captured = CapturedValue(session, reference.field == "name"    ? CaptureField::kName
                                                    : reference.field == "email" ? CaptureField::kEmail
                                                                                 : CaptureField::kPhone);
      if (!captured.empty()) return captured;
      const Customer& customer = env.customer();
      return reference.field == "name" ? customer.name : reference.field == "email" ? customer.email : customer.phone;
    }
  }
  return "";
}

std::string AnswersSummary(const CompiledFlow& flow, const Session& session) {
  std::vector<std::string> lines;
  for (const SessionAnswer& answer : session.answers) {
    const auto index = flow.FindNode(answer.question_id);
    const Question* question = index ? flow.question(*index) : nullptr;
    if (question == nullptr || answer.choice_ids.empty()) continue;
    std::vector<std::string> labels;
    for (const Choice& choice : question->choices) {
      if (std::find(answer.choice_ids.begin(), answer.choice_ids.end(), choice.choice_id) == answer.choice_ids.end())
        continue;
      const TextTemplate* label = flow.Text(session.language, choice.label_key);
      labels.push_back(label == nullptr ? choice.choice_id
                                        : label->Render([](const Reference&) { return std::string(); }));
    }
    lines.push_back(absl::StrCat(question->level_label.empty() ? answer.question_id : question->level_label, ": ",
                                 absl::StrJoin(labels, ", ")));
  }
  return absl::StrJoin(lines, "\n");
}

Step StartSession(const Environment& env, Session session) {
  Begin(env, session);
  SessionStep step(env, std::move(session));
  step.effects().started = true;
  step.resolution().outcome = Resolved::kValid;
  step.Walk(env.flow.entry());
  return std::move(step).Finish();
}

Step ApplyEvent(const Environment& env, Session session, const CustomerEvent& event) {
  SessionStep step(env, std::move(session));
  step.Event(event);
  return std::move(step).Finish();
}

Step ApplyControl(const Environment& env, Session session, Control control) {
  SessionStep step(env, std::move(session));
  step.resolution().outcome = Resolved::kCommand;
  switch (control) {
    case Control::kBack:
      step.Obey(Command::kBack, "api");
      break;
    case Control::kRestart:
      step.Obey(Command::kRestart, "api");
      break;
    case Control::kStop:
      step.Obey(Command::kStop, "api");
      break;
    case Control::kHandoff:
      step.Obey(Command::kAgent, "api");
      break;
    case Control::kExpire:
      step.End(SessionState::kExpired, "EXPIRED", "");
      break;
  }
  return std::move(step).Finish();
}

Step ShowAgain(const Environment& env, Session session) {
  SessionStep step(env, std::move(session));
  step.resolution().outcome = Resolved::kValid;
  step.Reprompt("", 0);
  return std::move(step).Finish();
}

Step Supersede(const Environment& env, Session session) {
  SessionStep step(env, std::move(session));
  step.End(SessionState::kSuperseded, "SUPERSEDED", "");
  return std::move(step).Finish();
}

Step ResumeSession(const Environment& env, Session fresh, const Session& expired, bool offer) {
  Begin(env, fresh);
  fresh.resumed_from = expired.id;
  fresh.answers = expired.answers;
  fresh.captures = expired.captures;
  fresh.path = expired.path;
  fresh.restarts = expired.restarts;
  fresh.recommendation = expired.recommendation;
  fresh.selected_product_id = expired.selected_product_id;
  fresh.selected_rank = expired.selected_rank;
  fresh.shown_rank = expired.shown_rank;
  SessionStep step(env, std::move(fresh));
  step.effects().started = true;
  step.resolution().outcome = Resolved::kValid;
  const auto node = env.flow.FindNode(expired.prompt.node_id);
  if (!node) {
    step.Walk(env.flow.entry());
  } else if (offer) {
    step.AskResume(expired.prompt.node_id);
  } else {
    step.Walk(*node);
  }
  return std::move(step).Finish();
}

}  // namespace vinculo::profiling
