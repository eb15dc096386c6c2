#include "tests/sandbox/customers.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "tests/sandbox/faults.h"

namespace vinculo::sandbox {
namespace {

constexpr std::array<absl::string_view, 12> kFirstNames = {"Ana",  "Bruno", "Carla", "Diego", "Elena", "Felipe",
                                                           "Gina", "Hugo",  "Irene", "Jorge", "Lucia", "Mateo"};
constexpr std::array<absl::string_view, 10> kLastNames = {"Acosta",   "Benitez", "Castro",  "Duarte", "Escobar",
                                                          "Ferreira", "Gomez",   "Herrera", "Ibarra", "Molina"};
constexpr uint64_t kNameSalt = 11, kChoiceSalt = 23, kRuleSalt = 37;
constexpr int64_t kScriptDelayMs = 20;

std::string Text(const Json& json, const char* key) {
  if (!json.is_object()) return "";
  const auto it = json.find(key);
  return it != json.end() && it->is_string() ? it->get<std::string>() : "";
}

const Json& At(const Json& json, const char* key) {
  static const Json kNothing;
  if (!json.is_object()) return kNothing;
  const auto it = json.find(key);
  return it == json.end() ? kNothing : *it;
}

// The payload that the send gave to the quick reply at `index`, else the button's text.
std::string ButtonPayload(const Json& components, size_t index, const std::string& text) {
  for (const Json& component : components.is_array() ? components : Json::array()) {
    if (Text(component, "type") != "button" || Text(component, "sub_type") != "quick_reply") continue;
    const Json& at = At(component, "index");
    const std::string position = at.is_string() ? at.get<std::string>() : at.is_number() ? at.dump() : "";
    if (position != absl::StrCat(index)) continue;
    const Json& parameters = At(component, "parameters");
    if (parameters.is_array() && !parameters.empty()) return Text(parameters[0], "payload");
  }
  return text;
}

void ViewTemplate(const ReceivedMessage& message, const Json& body, MessageView* view) {
  view->kind = "template";
  if (message.sent_template == nullptr) return;
  const Json& components = At(At(body, "template"), "components");
  for (size_t i = 0; i < message.sent_template->quick_replies.size(); ++i) {
    const std::string& text = message.sent_template->quick_replies[i];
    if (text.empty()) continue;
    view->options.push_back({Option::Kind::kTemplateButton, ButtonPayload(components, i, text), text, ""});
  }
}

void ViewInteractive(const Json& interactive, MessageView* view) {
  view->kind = Text(interactive, "type");
  view->text = Text(At(interactive, "body"), "text");
  const Json& action = At(interactive, "action");
  for (const Json& button : At(action, "buttons").is_array() ? At(action, "buttons") : Json::array()) {
    const Json& reply = At(button, "reply");
    view->options.push_back({Option::Kind::kReplyButton, Text(reply, "id"), Text(reply, "title"), ""});
  }
  for (const Json& section : At(action, "sections").is_array() ? At(action, "sections") : Json::array()) {
    for (const Json& row : At(section, "rows").is_array() ? At(section, "rows") : Json::array()) {
      view->options.push_back({Option::Kind::kListRow, Text(row, "id"), Text(row, "title"), Text(row, "description")});
    }
  }
}

// Lines such as "1. Rojo" or "2) Azul" are options.
void ViewText(const std::string& text, MessageView* view) {
  view->kind = "text";
  view->text = text;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    size_t digits = 0;
    while (digits < line.size() && absl::ascii_isdigit(line[digits])) ++digits;
    if (digits == 0 || digits > 2 || digits + 1 >= line.size()) continue;
    if (line[digits] != '.' && line[digits] != ')') continue;
    view->options.push_back({Option::Kind::kNumber, std::string(line.substr(0, digits)),
                             std::string(absl::StripAsciiWhitespace(line.substr(digits + 1))), ""});
  }
}

}  // namespace

MessageView ViewOf(const ReceivedMessage& message) {
  const Json body = Json::parse(message.body, nullptr, false);
  MessageView view;
  const std::string type = Text(body, "type");
  if (type == "template") {
    ViewTemplate(message, body, &view);
  } else if (type == "interactive") {
    ViewInteractive(At(body, "interactive"), &view);
  } else if (type == "text") {
    ViewText(Text(At(body, "text"), "body"), &view);
  } else {
    view.kind = type;
  }
  return view;
}

std::string CustomerName(absl::string_view who) {
  const size_t pick = static_cast<size_t>(Fraction(who, kNameSalt) * (kFirstNames.size() * kLastNames.size()));
  return absl::StrCat(kFirstNames[pick / kLastNames.size()], " ", kLastNames[pick % kLastNames.size()]);
}

std::string CustomerEmail(absl::string_view who) {
  const std::string name = absl::StrReplaceAll(absl::AsciiStrToLower(CustomerName(who)), {{" ", "."}});
  return absl::StrCat(name, ".", who.size() > 6 ? who.substr(who.size() - 6) : who, "@example.com");
}

void Customers::Configure(const CustomerSettings& settings, uint64_t seed) {
  settings_ = &settings;
  seed_ = seed;
}

void Customers::Reset() {
  answered_once_.clear();
  answers_.clear();
  ++generation_;
}

const CustomerRule* Customers::RuleFor(const ReceivedMessage& message, const MessageView& view) const {
  const double fraction = Fraction(message.to, seed_ + kRuleSalt);
  for (const CustomerRule& rule : settings_->rules) {
    if (!rule.kind.empty() && rule.kind != view.kind) continue;
    if (!rule.template_name.empty() &&
        (message.sent_template == nullptr || rule.template_name != message.sent_template->name)) {
      continue;
    }
    if (!rule.contains.empty() && !absl::StrContains(view.text, rule.contains)) continue;
    if (!rule.numbers.empty() &&
        std::find(rule.numbers.begin(), rule.numbers.end(), message.to) == rule.numbers.end()) {
      continue;
    }
    if (fraction < rule.from || fraction >= rule.share) continue;
    if (rule.once && answered_once_.contains(absl::StrCat(&rule - settings_->rules.data(), "/", message.to))) continue;
    return &rule;
  }
  return nullptr;
}

void Customers::Receive(ReceivedMessage message) {
  if (silent() || !webhooks_.enabled()) return;
  const MessageView view = ViewOf(message);
  Recipient& recipient = ledger_.Of(message.to);
  const uint32_t question = recipient.questions;
  if (!view.options.empty()) ++recipient.questions;
  if (recipient.replies >= settings_->max_replies || RunScript(message, view)) return;
  const CustomerRule* rule = RuleFor(message, view);
  if (rule == nullptr || rule->reply == CustomerRule::Reply::kNone) return;
  if (rule->once) answered_once_.insert(absl::StrCat(rule - settings_->rules.data(), "/", message.to));
  if (rule->reply == CustomerRule::Reply::kText) {
    const std::string text = absl::StrReplaceAll(
        rule->text,
        {{"{name}", CustomerName(message.to)}, {"{email}", CustomerEmail(message.to)}, {"{phone}", message.to}});
    return Answer(message, rule->name, {{"type", "text"}, {"text", {{"body", text}}}}, rule->after_ms);
  }
  if (view.options.empty()) return;
  int64_t index;
  if (rule->by_hash) {
    index = static_cast<int64_t>(Fraction(message.to, seed_ + kChoiceSalt + question) * view.options.size());
  } else {
    index = rule->choices[question % rule->choices.size()];
  }
  Answer(message, rule->name, Choose(view, index), rule->after_ms);
}

bool Customers::RunScript(const ReceivedMessage& message, const MessageView& view) {
  const auto it = settings_->scripts.find(message.to);
  if (it == settings_->scripts.end()) return false;
  Recipient& recipient = ledger_.Of(message.to);
  if (recipient.script_at >= it->second.size()) return true;
  const Json& line = it->second[recipient.script_at];
  if (line.is_string()) {
    ++recipient.script_at;
    Answer(message, "script", {{"type", "text"}, {"text", {{"body", line}}}}, kScriptDelayMs);
  } else if (line.is_number_integer() && !view.options.empty()) {
    ++recipient.script_at;
    Answer(message, "script", Choose(view, line.get<int64_t>()), kScriptDelayMs);
  } else if (line.is_null()) {
    ++recipient.script_at;  // reads and keeps silent
  }
  return true;
}

Json Customers::Choose(const MessageView& view, int64_t index) const {
  const int64_t count = static_cast<int64_t>(view.options.size());
  const Option& option = view.options[((index % count) + count) % count];
  switch (option.kind) {
    case Option::Kind::kTemplateButton:
      return {{"type", "button"}, {"button", {{"payload", option.id}, {"text", option.title}}}};
    case Option::Kind::kReplyButton:
      return {
          {"type", "interactive"},
          {"interactive", {{"type", "button_reply"}, {"button_reply", {{"id", option.id}, {"title", option.title}}}}}};
    case Option::Kind::kListRow: {
      Json row = {{"id", option.id}, {"title", option.title}};
      if (!option.description.empty()) row["description"] = option.description;
      return {{"type", "interactive"}, {"interactive", {{"type", "list_reply"}, {"list_reply", row}}}};
    }
    case Option::Kind::kNumber:
      break;
  }
  return {{"type", "text"}, {"text", {{"body", option.id}}}};
}

void Customers::Answer(const ReceivedMessage& message, const std::string& rule, Json content, int64_t after_ms) {
  ++answers_[rule];
  ++ledger_.Of(message.to).replies;
  loop_.After(absl::Milliseconds(after_ms),
              [this, generation = generation_, sender = message.sender, who = message.to, wa_id = message.wa_id,
               wamid = message.wamid, content = std::move(content)] {
                if (generation != generation_) return;
                // Only a tap quotes the message it belongs to; typed text does not.
                const bool tap = Text(content, "type") != "text";
                Recipient& recipient = ledger_.Of(who);
                ++recipient.inbound;
                recipient.last_inbound_s = static_cast<uint32_t>(UnixSeconds());
                Write(sender, wa_id, content, tap ? wamid : "");
              });
}

std::string Customers::Write(const Sender* sender, const std::string& who, Json content, const std::string& context_id,
                             const std::string& name) {
  const std::string wamid = absl::StrCat("wamid.IN", absl::Hex(next_inbound_++, absl::kZeroPad12));
  content["from"] = who;
  content["id"] = wamid;
  content["timestamp"] = webhooks_.Timestamp();
  if (!context_id.empty()) content["context"] = {{"from", sender->display_phone_number}, {"id", context_id}};
  webhooks_.Inbound(sender, who, name.empty() ? CustomerName(who) : name,
                    content.dump(-1, ' ', true, Json::error_handler_t::replace));
  return wamid;
}

}  // namespace vinculo::sandbox
