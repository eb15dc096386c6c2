#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "services/messaging/domain/template.h"

namespace vinculo::messaging {

// A text of a template cut at its variables.
struct TextPart {
  bool variable = false;
  std::string text;  // the literal, or the variable's name
};

struct ScannedText {
  std::vector<TextPart> parts;
  std::vector<std::string> variables;  // in order of appearance, repeated ones repeated
  std::vector<std::string> bad;        // pieces with braces that are no variable, as written
};

// Finds `{{name}}`: digits, or lower-case letters, digits and underscores. Blanks inside, a missing brace and any other
// name are `bad` and stay literal text.
ScannedText ScanText(absl::string_view text);

bool IsPositional(absl::string_view variable);

// Every place of a template that takes a value: `header.1`, `header.media`, those of a place (`header.latitude`,
// `header.longitude`, `header.name`, `header.address`), `body.1`, `button.0`, in the order in which
// people read. A URL button has one when its address ends in a variable, a coupon always, a quick reply never (its
// payload is optional).
std::vector<std::string> RequiredPlaces(const TemplateComponents& components, Category category);

}  // namespace vinculo::messaging
