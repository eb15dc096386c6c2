#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

// What every code of messaging means and what to do about it, in Spanish and English [M-03]. Compiled in: a code
// without an entry in both fails a test.
namespace vinculo::messaging {

struct HelpWords {
  absl::string_view message;
  absl::string_view fix;
};

// One code of a closed list.
struct HelpText {
  absl::string_view code;
  HelpWords es;
  HelpWords en;
};

// Where codes appear, with the section of docs/messaging.md to go on reading in.
struct HelpTopic {
  absl::string_view name;
  absl::string_view section;
  absl::string_view link_es;
  absl::string_view link_en;
  absl::Span<const HelpText> entries;
};

// In the order in which people meet them.
absl::Span<const HelpTopic> HelpTopics();

enum class HelpLanguage { kSpanish, kEnglish };
// English for `en` and its regions, else Spanish.
HelpLanguage ParseHelpLanguage(absl::string_view tag);

// An entry as it is shown.
struct Help {
  std::string code;
  std::string topic;
  HelpLanguage language = HelpLanguage::kSpanish;
  std::string message;
  std::string fix;
  std::string link_topic;
  std::string link_text;
};

// The entry of a code. `PROVIDER_<n>` and `LATER_<n>` are WhatsApp's error n, refused at once or reported later:
// numbers without an entry of their own are explained by their class. nullopt for a code that nobody uses.
std::optional<Help> FindHelp(absl::string_view code, HelpLanguage language);
// Every entry of a topic, or of all for "". nullopt for a topic that does not exist.
std::optional<std::vector<Help>> ListHelp(absl::string_view topic, HelpLanguage language);

}  // namespace vinculo::messaging
