#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace vinculo::profiling {

// A reference of a placeholder, from the closed list. `name` is the question, trait or capture; `field` what of it.
struct Reference {
  enum class Kind { kAnswer, kTrait, kProfile, kProduct, kLead, kFlow };
  Kind kind = Kind::kProfile;
  std::string name;   // question id, trait key; "" otherwise
  int product = 0;    // 1 or 2; 0 is the chosen one
  std::string field;  // label, value, raw; name, email, phone, ...
};

// A text with placeholders, parsed once.
class TextTemplate {
 public:
  struct Part {
    std::string literal;
    std::optional<Reference> reference;
    std::optional<std::string> fallback;  // |default:"..."
  };

  // INVALID_ARGUMENT with a sentence for an unclosed brace, an unknown reference or an unknown filter.
  static absl::StatusOr<TextTemplate> Parse(absl::string_view text);

  const std::vector<Part>& parts() const { return parts_; }
  // The text with values put in, once and never scanned again. `value` returns "" for what is missing; then the default
  // is taken. Cut at 10,000 code points.
  std::string Render(absl::FunctionRef<std::string(const Reference&)> value) const;

 private:
  std::vector<Part> parts_;
};

}  // namespace vinculo::profiling
