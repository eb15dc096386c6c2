#include "services/profiling/domain/outbound.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/text/text.h"
#include "services/profiling/domain/limits.h"
#include "services/profiling/domain/phrases.h"

namespace vinculo::profiling {
namespace {

bool HasNativeForms(Channel channel) { return channel == Channel::kWhatsapp || channel == Channel::kUnspecified; }

bool TitlesFit(const OutboundMessage& message, int title, int description) {
  return std::all_of(message.options.begin(), message.options.end(), [&](const OutboundOption& option) {
    return text::CodePoints(option.title) <= title && text::CodePoints(option.description) <= description;
  });
}

}  // namespace

std::string NumberedLines(const std::vector<OutboundOption>& options) {
  std::string out;
  for (size_t i = 0; i < options.size(); ++i) {
    absl::StrAppend(&out, "\n", i + 1, ". ", options[i].title);
    if (!options[i].description.empty()) absl::StrAppend(&out, " (", options[i].description, ")");
  }
  return out;
}

void ShapeOptions(Channel channel, bool several, absl::string_view language, OutboundMessage& message) {
  if (message.options.empty()) {
    message.form = Form::kText;
    return;
  }
  const bool native = HasNativeForms(channel) && !several;
  const bool described = std::any_of(message.options.begin(), message.options.end(),
                                     [](const auto& option) { return !option.description.empty(); });
  const int count = static_cast<int>(message.options.size());
  if (native && count <= kMaxButtons && !described && TitlesFit(message, kButtonTitle, 0) &&
      text::CodePoints(message.body) <= kMaxTextLength) {
    message.form = Form::kButtons;
  } else if (native && count <= kMaxListRows && TitlesFit(message, kListTitle, kListDescription)) {
    message.form = Form::kList;
    message.list_button = std::string(Say(Phrase::kListButton, language));
  } else {
    message.form = Form::kNumbered;
    message.body += NumberedLines(message.options);
  }
}

}  // namespace vinculo::profiling
