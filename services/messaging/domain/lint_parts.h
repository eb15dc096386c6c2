#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "services/messaging/domain/template_lint.h"
#include "services/messaging/domain/template_text.h"

// The halves of the linter, for template_lint.cc only.
namespace vinculo::messaging {

// A lint in progress.
struct Linter {
  const LintInput& input;
  const AccountFacts& facts;
  const TemplateLimits& limits;
  std::vector<Finding> findings;

  void Error(absl::string_view code, absl::string_view field, absl::string_view message, absl::string_view fix,
             absl::string_view suggestion = "");
  void Warn(absl::string_view code, absl::string_view field, absl::string_view message, absl::string_view fix,
            absl::string_view suggestion = "");
  // Adds an error unless min <= code points of `text` <= max.
  void Length(absl::string_view code, absl::string_view field, absl::string_view text, int min, int max);
};

void LintButtons(Linter& lint);
// T_VAR_SYNTAX, T_VAR_GAP, T_VAR_MIXED over all texts.
void LintVariables(Linter& lint);
// T_EXAMPLE.
void LintExamples(Linter& lint);

// Words outside variables.
int64_t CountWords(const ScannedText& text);
// Tells people how to stop, in Spanish, Portuguese or English.
bool MentionsOptOut(absl::string_view text);
// The first word of promotion in the template, "" when there is none. Each language has its words; a language without
// any is searched for all.
std::string PromotionalWord(const TemplateComponents& components, absl::string_view language);

}  // namespace vinculo::messaging
