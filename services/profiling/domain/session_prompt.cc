#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/text/text.h"
#include "services/profiling/domain/limits.h"
#include "services/profiling/domain/recommend.h"
#include "services/profiling/domain/session_steps.h"

namespace vinculo::profiling {
namespace {

constexpr absl::string_view kChoose = "choose";
constexpr absl::string_view kAnother = "another";
constexpr absl::string_view kBack = "back";
constexpr absl::string_view kNone = "none";
constexpr absl::string_view kWhy = "why";

// A fixed mixing of the seed's bytes (FNV-1a), so that an order can be made again anywhere.
uint64_t Mix(absl::string_view seed) {
  uint64_t hash = 14695981039346656037u;
  for (char c : seed) hash = (hash ^ static_cast<uint8_t>(c)) * 1099511628211u;
  return hash;
}

void Shuffle(absl::string_view seed, std::vector<std::string>& ids) {
  uint64_t state = Mix(seed);
  for (size_t i = ids.size(); i > 1; --i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    std::swap(ids[i - 1], ids[(state >> 33) % i]);
  }
}

}  // namespace

std::string SessionStep::LabelText(absl::string_view key, Phrase fallback) {
  std::string text = Text(key);
  return text.empty() ? std::string(Say(fallback, language())) : text;
}

void SessionStep::Ask(Prompt::Kind kind, const std::string& node_id, std::vector<std::string> options) {
  Session& s = session();
  Prompt& prompt = s.prompt;
  if (kind == Prompt::Kind::kQuestion) {
    const Question* question = flow().question(NodeIndex(node_id));
    if (question->shuffle) Shuffle(absl::StrCat(s.id.ToString(), node_id), options);
  }
  prompt.kind = kind;
  ++prompt.seq;
  prompt.node_id = node_id;
  prompt.sent_at = env_.now;
  prompt.options = std::move(options);
  if (kind == Prompt::Kind::kQuestion) AddFact(Fact::Kind::kPromptShown, node_id);
  if (kind == Prompt::Kind::kCapture || kind == Prompt::Kind::kConsent || kind == Prompt::Kind::kOffer) {
    AddFact(Fact::Kind::kCaptureShown, node_id);
  }
  effects().messages.push_back(Render());
}

SessionStep::Label SessionStep::QuestionLabel(const CompiledFlow::Node& node, const Question& question, int choice) {
  const Choice& definition = question.choices[choice];
  Label label{definition.choice_id, Text(definition.label_key), Text(definition.description_key), {}};
  const auto names = node.names.find(std::string(language()));
  if (names != node.names.end()) label.names = names->second[choice];
  return label;
}

std::vector<SessionStep::Label> SessionStep::Labels() {
  const Prompt& prompt = session().prompt;
  std::vector<Label> out;
  const int index = NodeIndex(prompt.node_id);
  for (const std::string& id : prompt.options) {
    if (prompt.kind == Prompt::Kind::kQuestion) {
      const Question& question = *flow().question(index);
      const auto found = std::find_if(question.choices.begin(), question.choices.end(),
                                      [&](const Choice& c) { return c.choice_id == id; });
      out.push_back(QuestionLabel(flow().node(index), question, static_cast<int>(found - question.choices.begin())));
      continue;
    }
    Label label{id, "", "", {}};
    if (prompt.kind == Prompt::Kind::kRecommendation) {
      const auto& recommend = std::get<Recommend>(flow().node(index).definition->kind);
      if (id == kChoose) label.title = LabelText(recommend.choose_label_key, Phrase::kChoose);
      if (id == kAnother) label.title = LabelText(recommend.another_label_key, Phrase::kAnother);
      if (id == kBack) label.title = LabelText(recommend.back_label_key, Phrase::kBackToFirst);
      if (id == kNone) label.title = LabelText(recommend.none_label_key, Phrase::kNone);
      if (id == kWhy) label.title = std::string(Say(Phrase::kWhy, language()));
    } else if (prompt.kind == Prompt::Kind::kResume) {
      label.title = std::string(Say(id == "continue" ? Phrase::kContinue : Phrase::kStartOver, language()));
    } else {
      label.title = std::string(Say(id == "yes" ? Phrase::kYes : Phrase::kNo, language()));
      label.names =
          id == "yes" ? std::vector<std::string>{"yes", "si", "sim", "ok"} : std::vector<std::string>{"no", "nao"};
    }
    label.names.insert(label.names.begin(), text::Fold(label.title));
    out.push_back(std::move(label));
  }
  return out;
}

const ShownProduct* SessionStep::ShownNow() const {
  const Session& s = step_.session;
  if (!s.recommendation || s.recommendation->products.empty()) return nullptr;
  return s.shown_rank >= 2 ? &s.recommendation->products.back() : &s.recommendation->products.front();
}

std::string SessionStep::PromptBody() {
  const Prompt& prompt = session().prompt;
  if (prompt.kind == Prompt::Kind::kResume) return std::string(Say(Phrase::kResumeOffer, language()));
  const auto& definition = *flow().node(NodeIndex(prompt.node_id)).definition;
  if (const auto* question = std::get_if<Question>(&definition.kind)) {
    std::string body = Text(question->text_key);
    if (question->multi()) absl::StrAppend(&body, "\n", Say(Phrase::kMultiHint, language()));
    return body;
  }
  if (const auto* capture = std::get_if<Capture>(&definition.kind)) {
    std::string body = Text(capture->text_key);
    if (prompt.kind == Prompt::Kind::kOffer) {
      absl::StrAppend(&body, "\n", Say(Phrase::kUseKnown, language()), " ", Known(capture->field));
    }
    return body;
  }
  const auto& recommend = std::get<Recommend>(definition.kind);
  std::string body = Text(session().shown_rank >= 2 && !recommend.second_text_key.empty() ? recommend.second_text_key
                                                                                          : recommend.text_key);
  const ShownProduct* product = ShownNow();
  if (body.empty() && product != nullptr) body = absl::StrCat(product->name, "\n", product->short_description);
  return body;
}

std::string SessionStep::PromptImage() {
  const Prompt& prompt = session().prompt;
  if (prompt.kind == Prompt::Kind::kQuestion) return flow().question(NodeIndex(prompt.node_id))->image_url;
  if (prompt.kind == Prompt::Kind::kRecommendation && ShownNow() != nullptr) return ShownNow()->image_url;
  return "";
}

OutboundMessage SessionStep::Render() {
  const Prompt& prompt = session().prompt;
  OutboundMessage message;
  message.body = PromptBody();
  message.image_url = PromptImage();
  message.prompt_seq = prompt.seq;
  int index = 0;
  for (Label& label : Labels()) {
    message.options.push_back({MakeReplyId(session().id.ToString(), prompt.seq, index++, env_.mac),
                               std::move(label.title), std::move(label.description)});
  }
  const Question* question =
      prompt.kind == Prompt::Kind::kQuestion ? flow().question(NodeIndex(prompt.node_id)) : nullptr;
  ShapeOptions(session().channel, question != nullptr && question->multi(), language(), message);
  return message;
}

void SessionStep::Reprompt(absl::string_view notice, int invalid) {
  OutboundMessage message = Render();
  if (invalid >= 2 && !message.options.empty()) {
    const std::string body = PromptBody();
    const std::string lead = absl::StrCat(notice, " ", Say(Phrase::kChooseNumber, language()), "\n", body);
    message.form = Form::kNumbered;
    message.list_button.clear();
    message.body = lead + NumberedLines(message.options);
  } else if (!notice.empty()) {
    message.body = absl::StrCat(notice, "\n", message.body);
  }
  effects().messages.push_back(std::move(message));
}

PromptView SessionStep::View() {
  const Session& s = session();
  PromptView view;
  view.session_id = s.id.ToString();
  view.seq = s.prompt.seq;
  view.language = language();
  view.commands = flow().commands(language());
  view.optional = Optional();
  for (Label& label : Labels()) view.options.push_back({std::move(label.id), std::move(label.names)});
  if (s.prompt.kind == Prompt::Kind::kQuestion) {
    const Question& question = *flow().question(NodeIndex(s.prompt.node_id));
    view.accept_ordinals = question.accept_ordinals;
    view.select_min = question.select_min;
    view.select_max = question.select_max;
  }
  return view;
}

bool SessionStep::Optional() const {
  const Prompt& prompt = step_.session.prompt;
  if (prompt.kind == Prompt::Kind::kRecommendation || prompt.kind == Prompt::Kind::kResume) return false;
  const auto& definition = *flow().node(NodeIndex(prompt.node_id)).definition;
  if (const auto* question = std::get_if<Question>(&definition.kind)) return question->optional;
  if (const auto* capture = std::get_if<Capture>(&definition.kind)) {
    return !capture->required && capture->field != CaptureField::kConsent;
  }
  return false;
}

int SessionStep::MaxInvalid() const {
  const Prompt& prompt = step_.session.prompt;
  constexpr int kDefault = 2;
  if (prompt.kind == Prompt::Kind::kRecommendation || prompt.kind == Prompt::Kind::kResume) return kDefault;
  const auto& definition = *flow().node(NodeIndex(prompt.node_id)).definition;
  if (const auto* question = std::get_if<Question>(&definition.kind)) return question->max_invalid;
  if (const auto* capture = std::get_if<Capture>(&definition.kind)) return capture->max_invalid;
  return kDefault;
}

std::vector<std::string> SessionStep::RecommendationOptions(const Recommend& recommend) {
  std::vector<std::string> out = {std::string(kChoose)};
  const bool two = session().recommendation->products.size() >= 2 && recommend.allow_second;
  if (two) out.emplace_back(session().shown_rank == 1 ? kAnother : kBack);
  if (recommend.ask_why) out.emplace_back(kWhy);
  out.emplace_back(kNone);
  return out;
}

void SessionStep::ShowProduct(int rank) {
  Session& s = session();
  s.shown_rank = rank;
  s.stage = rank == 1 ? Stage::kRecommended1 : Stage::kRecommended2;
  s.invalid_count = 0;
  const std::string node_id = s.recommendation->node_id;
  const auto& recommend = std::get<Recommend>(flow().node(NodeIndex(node_id)).definition->kind);
  AddFact(Fact::Kind::kProductShown, node_id, ShownNow()->product_id, rank);
  Ask(Prompt::Kind::kRecommendation, node_id, RecommendationOptions(recommend));
}

void SessionStep::AskResume(const std::string& node_id) {
  Ask(Prompt::Kind::kResume, node_id, {"continue", "restart"});
}

}  // namespace vinculo::profiling
