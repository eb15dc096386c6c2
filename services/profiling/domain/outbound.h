#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "services/profiling/domain/flow.h"

namespace vinculo::profiling {

struct OutboundOption {
  std::string reply_id;
  std::string title;
  std::string description;
};

enum class Form { kText = 1, kButtons, kList, kNumbered };

// A message to the customer, independent of the channel.
struct OutboundMessage {
  Form form = Form::kText;
  std::string body;
  std::vector<OutboundOption> options;
  std::string list_button;
  std::string image_url;
  int prompt_seq = 0;
};

// Chooses the form by what the channel shows natively: at most three options with titles of at most 20 code points are
// buttons, at most ten of at most 24 (descriptions 72) a list, anything else numbered lines in the body. A picture goes
// out as a link under the text, so it rules out nothing. Numbered is always used for a channel without native forms and
// for prompts that take several choices.
void ShapeOptions(Channel channel, bool several, absl::string_view language, OutboundMessage& message);

// The options as numbered lines.
std::string NumberedLines(const std::vector<OutboundOption>& options);

}  // namespace vinculo::profiling
