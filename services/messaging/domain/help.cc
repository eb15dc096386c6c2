#include "services/messaging/domain/help.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "services/messaging/domain/figures.h"
#include "services/messaging/domain/help_topics.h"
#include "services/messaging/domain/provider.h"

namespace vinculo::messaging {
namespace {

constexpr absl::string_view kProvider = "PROVIDER_";

const HelpText* Find(absl::Span<const HelpText> entries, absl::string_view code) {
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const HelpText& t) { return t.code == code; });
  return found == entries.end() ? nullptr : &*found;
}

Help Show(const HelpTopic& topic, const HelpText& text, absl::string_view code, HelpLanguage language) {
  const bool spanish = language == HelpLanguage::kSpanish;
  const HelpWords& words = spanish ? text.es : text.en;
  return {.code = std::string(code),
          .topic = std::string(topic.name),
          .language = language,
          .message = std::string(words.message),
          .fix = std::string(words.fix),
          .link_topic = std::string(topic.section),
          .link_text = std::string(spanish ? topic.link_es : topic.link_en)};
}

const HelpTopic& WhatsApp() { return HelpTopics().back(); }

// The words on WhatsApp's error `number`: its own, or those of its class.
const HelpText* ProviderText(int number) {
  if (const HelpText* own = Find(WhatsAppHelp(), absl::StrCat(kProvider, number))) return own;
  // A refusal without WhatsApp's own code is kept under its HTTP status.
  const bool http = number >= 400 && number < 500;
  const char letter = static_cast<char>(ErrorClasses::Default().Classify(
      {.result = SendResult::kRefused, .graph_error = !http, .code = number, .http = number}));
  return Find(WhatsAppClassHelp(), absl::string_view(&letter, 1));
}

}  // namespace

absl::Span<const HelpTopic> HelpTopics() {
  static const auto* const topics = new std::vector<HelpTopic>{
      {"setup", "the-way-in-ten-commands", "El camino completo, paso a paso", "The whole way, step by step",
       SetupHelp()},
      {"templates", "templates", "Cómo escribir una plantilla que WhatsApp apruebe",
       "How to write a template that WhatsApp approves", TemplateHelp()},
      {"import", "contacts", "Cómo preparar el archivo de contactos", "How to prepare the file of contacts",
       ImportHelp()},
      {"preflight", "before-it-goes-out", "Qué revisar antes de lanzar", "What to look at before launching",
       PreflightHelp()},
      {"exclusions", "who-is-left-out", "Por qué alguien queda afuera de una campaña",
       "Why somebody is left out of a campaign", ExclusionHelp()},
      {"pauses", "when-a-campaign-pauses", "Qué hacer cuando una campaña se pausa", "What to do when a campaign pauses",
       PauseHelp()},
      {"failures", "when-a-message-fails", "Por qué falla un mensaje", "Why a message fails", FailureHelp()},
      {"errors", "when-a-command-is-refused", "Qué hacer cuando se rechaza un pedido",
       "What to do when a request is refused", ErrorHelp()},
      {"whatsapp", "when-a-message-fails", "Los errores de WhatsApp", "WhatsApp's errors", WhatsAppHelp()}};
  return *topics;
}

HelpLanguage ParseHelpLanguage(absl::string_view tag) {
  const std::string lower = absl::AsciiStrToLower(tag.substr(0, tag.find_first_of("_-")));
  return lower == "en" ? HelpLanguage::kEnglish : HelpLanguage::kSpanish;
}

std::optional<Help> FindHelp(absl::string_view code, HelpLanguage language) {
  for (const HelpTopic& topic : HelpTopics()) {
    if (const HelpText* text = Find(topic.entries, code)) return Show(topic, *text, code, language);
  }
  absl::string_view number = code;
  int value = 0;
  if (!absl::ConsumePrefix(&number, kProvider) && !absl::ConsumePrefix(&number, kFailedLater)) return std::nullopt;
  if (!absl::SimpleAtoi(number, &value) || value < 0) return std::nullopt;
  return Show(WhatsApp(), *ProviderText(value), code, language);
}

std::optional<std::vector<Help>> ListHelp(absl::string_view name, HelpLanguage language) {
  std::vector<Help> out;
  bool found = name.empty();
  for (const HelpTopic& topic : HelpTopics()) {
    if (!name.empty() && topic.name != name) continue;
    found = true;
    for (const HelpText& text : topic.entries) out.push_back(Show(topic, text, text.code, language));
  }
  if (!found) return std::nullopt;
  return out;
}

}  // namespace vinculo::messaging
