#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "services/messaging/domain/template.h"

namespace vinculo::messaging {

enum class Severity { kError = 1, kWarning = 2 };

// Every code that the linter knows [M-20]. Closed: each has an entry in the help catalogue and a case in the tests.
inline constexpr std::array<absl::string_view, 26> kLintCodes = {
    "T_NAME",       "T_NAME_TAKEN",   "T_LANGUAGE",     "T_BODY",         "T_HEADER",        "T_HEADER_SAMPLE",
    "T_FOOTER",     "T_BUTTON_COUNT", "T_BUTTON_ORDER", "T_BUTTON_LABEL", "T_BUTTON_TARGET", "T_BUTTON_DESKTOP",
    "T_VAR_SYNTAX", "T_VAR_GAP",      "T_VAR_MIXED",    "T_VAR_EDGE",     "T_VAR_ADJACENT",  "T_VAR_DENSE",
    "T_EXAMPLE",    "T_SAME_TEXT",    "T_TTL",          "T_AUTH_SHAPE",   "T_OPT_OUT",       "T_CATEGORY",
    "T_EDIT_STOPS", "T_QUOTA"};

// One thing that is wrong. Codes are API and never renamed.
struct Finding {
  std::string code;
  Severity severity = Severity::kError;
  std::string field;  // as in the request, such as `components.buttons[1].label`
  std::string message;
  std::string fix;
  std::string suggestion;
  std::string link;
  friend bool operator==(const Finding&, const Finding&) = default;
};

// WhatsApp's figures, as data: they change several times a year.
struct TemplateLimits {
  int name = 512;
  int body = 1024;
  int header = 60;
  int footer = 60;
  int buttons = 10;
  int quick_replies = 10;
  int urls = 2;
  int phones = 1;
  int coupons = 1;
  int voice_calls = 1;
  int label = 25;
  int phone = 20;
  int url = 2000;
  int coupon = 15;
  int account = 6000;  // translations of one account
  int apps = 5;        // of a one-tap or zero-tap button
};

// What the linter needs to know about the account.
struct AccountFacts {
  bool name_taken = false;                      // another draft or template has this (name, language)
  std::optional<absl::Time> name_locked_until;  // the name was deleted and is not free yet
  std::string next_free_name;                   // suggestion for either
  std::optional<std::string> same_text;         // a template with the same body and footer
  bool editing_approved = false;                // the live version is approved and would be replaced
  bool account_full = false;                    // the account takes no further template
  std::optional<absl::Time> hour_free_at;       // the hour's creations or calls are spent until then
  std::optional<absl::Time> edit_free_at;       // no edit of this translation before then
};

struct LintInput {
  std::string name;
  std::string language;
  Category category = Category::kUnspecified;
  VariableFormat format = VariableFormat::kPositional;
  TemplateComponents components;
};

// Everything that WhatsApp would reject and that we advise against, all at once, ordered by severity, field and code.
// Pure: the same answer in LintTemplate, SubmitTemplate and preflight. Lengths are code points of the text as typed.
// [M-20]
std::vector<Finding> LintTemplate(const LintInput& input, const AccountFacts& facts, const TemplateLimits& limits = {});

bool HasErrors(const std::vector<Finding>& findings);

}  // namespace vinculo::messaging
