#include "services/messaging/domain/template_lint.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "common/text/text.h"
#include "services/messaging/domain/lint_parts.h"
#include "services/messaging/domain/template_text.h"

namespace vinculo::messaging {
namespace {

std::string Moment(absl::Time t) { return absl::FormatTime("%Y-%m-%d %H:%M UTC", t, absl::UTCTimeZone()); }

void LintName(Linter& lint) {
  const std::string& name = lint.input.name;
  const bool ok = !name.empty() && text::CodePoints(name) <= lint.limits.name && absl::c_all_of(name, [](char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '_';
  });
  if (!ok) {
    std::string suggestion;
    for (char c : text::Fold(name)) suggestion += absl::ascii_isalnum(c) ? c : '_';
    lint.Error("T_NAME", "name", "A template's name has lower-case letters, digits and underscores only.",
               "Use lower case with underscores.", suggestion.substr(0, lint.limits.name));
  }
  if (lint.facts.name_taken) {
    lint.Error("T_NAME_TAKEN", "name", "A template with this name and language exists already.",
               "Choose another name, or write a new version of the existing one.", lint.facts.next_free_name);
  } else if (lint.facts.name_locked_until) {
    lint.Error("T_NAME_TAKEN", "name", "A template of this name was deleted; WhatsApp keeps the name locked.",
               absl::StrCat("Choose another name, or wait until ", Moment(*lint.facts.name_locked_until), "."),
               lint.facts.next_free_name);
  }
  if (!IsKnownLanguage(lint.input.language)) {
    lint.Warn("T_LANGUAGE", "language",
              absl::StrCat("WhatsApp is not known to have the language ", lint.input.language, "."),
              "Use one of WhatsApp's codes.", NearestLanguage(lint.input.language));
  }
}

void LintHeader(Linter& lint) {
  const TemplateHeader& header = lint.input.components.header;
  if (header.format == HeaderFormat::kText) {
    const ScannedText scanned = ScanText(header.text);
    lint.Length("T_HEADER", "components.header.text", header.text, 1, lint.limits.header);
    if (scanned.variables.size() > 1) {
      lint.Error("T_HEADER", "components.header.text", "A header takes at most one variable.",
                 absl::StrCat("Move {{", scanned.variables[1], "}} to the body."));
    }
    const bool markup = absl::c_any_of(scanned.parts, [](const TextPart& part) {
      return !part.variable && part.text.find_first_of("*_~`") != std::string::npos;
    });
    if (markup) {
      lint.Error("T_HEADER", "components.header.text", "A header takes no markup.", "Leave out * _ ~ and `.");
    }
    if (header.text.find('\n') != std::string::npos) {
      lint.Error("T_HEADER", "components.header.text", "A header is one line.", "Move the second line to the body.");
    }
  }
  const bool media = header.format == HeaderFormat::kImage || header.format == HeaderFormat::kVideo ||
                     header.format == HeaderFormat::kDocument;
  // A listing shows samples as addresses, which WhatsApp does not take back.
  if (media && (header.sample_handle.empty() || absl::StartsWith(header.sample_handle, "http"))) {
    lint.Error("T_HEADER_SAMPLE", "components.header.sample_handle",
               "A media header needs a sample for WhatsApp's reviewers.", "Upload a sample.");
  }
}

void LintBody(Linter& lint) {
  const TemplateComponents& c = lint.input.components;
  if (lint.input.category == Category::kAuthentication) return;
  lint.Length("T_BODY", "components.body", c.body, 1, lint.limits.body);
  const ScannedText scanned = ScanText(c.body);
  if (scanned.variables.empty()) return;
  if (scanned.parts.front().variable || scanned.parts.back().variable) {
    lint.Error("T_VAR_EDGE", "components.body", "A body may not begin or end with a variable.", "Put words around it.");
  }
  for (size_t i = 0; i + 1 < scanned.parts.size(); ++i) {
    if (!scanned.parts[i].variable) continue;
    const size_t next = i + 1;
    const bool touching = scanned.parts[next].variable;
    const bool blank = !touching && next + 1 < scanned.parts.size() && scanned.parts[next + 1].variable &&
                       text::Trim(scanned.parts[next].text).empty();
    if (touching || blank) {
      lint.Error("T_VAR_ADJACENT", "components.body", "Two variables may not stand side by side.",
                 "Put words between them.");
      break;
    }
  }
  const int64_t words = CountWords(scanned);
  const int64_t needed = 2 * static_cast<int64_t>(scanned.variables.size()) + 1;
  if (words < needed) {
    lint.Warn("T_VAR_DENSE", "components.body", "WhatsApp rejects bodies with many variables and few words.",
              absl::StrCat("Add ", needed - words, " words."));
  }
}

void LintFooter(Linter& lint) {
  const std::string& footer = lint.input.components.footer;
  if (footer.empty()) return;
  lint.Length("T_FOOTER", "components.footer", footer, 1, lint.limits.footer);
  if (const ScannedText scanned = ScanText(footer); !scanned.variables.empty() || !scanned.bad.empty()) {
    lint.Error("T_FOOTER", "components.footer", "A footer takes no variables.", "Move the variable to the body.");
  }
  if (footer.find('\n') != std::string::npos) {
    lint.Error("T_FOOTER", "components.footer", "A footer is one line.", "Move the second line to the body.");
  }
}

bool IsSupportedApp(const SupportedApp& app) {
  const std::vector<absl::string_view> parts = absl::StrSplit(app.package_name, '.');
  return parts.size() > 1 && app.package_name.size() <= 224 && app.signature_hash.size() == 11 &&
         absl::c_all_of(parts, [](absl::string_view part) {
           return !part.empty() && absl::ascii_isalpha(part[0]) &&
                  absl::c_all_of(part, [](char c) { return absl::ascii_isalnum(c) || c == '_'; });
         });
}

void LintCodeButton(Linter& lint, const TemplateButton& b) {
  const bool taps = b.kind != ButtonKind::kOtpCopy;
  if (!taps && b.supported_apps.empty()) return;
  const bool count = !b.supported_apps.empty() && static_cast<int>(b.supported_apps.size()) <= lint.limits.apps;
  if (!taps || !count || !absl::c_all_of(b.supported_apps, IsSupportedApp)) {
    lint.Error("T_AUTH_SHAPE", "components.buttons[0].supported_apps",
               absl::StrCat("A one-tap or zero-tap button names one to ", lint.limits.apps,
                            " Android apps; a copy button names none."),
               "Give each app's package name and the 11 characters of its signature hash.");
  }
  if (b.kind == ButtonKind::kOtpZeroTap && !b.zero_tap_terms_accepted) {
    lint.Error("T_AUTH_SHAPE", "components.buttons[0].zero_tap_terms_accepted",
               "WhatsApp hands over codes without a tap only under its zero-tap terms.",
               "Accept them, or use a one-tap button.");
  }
}

void LintAuthentication(Linter& lint) {
  const TemplateComponents& c = lint.input.components;
  if (lint.input.category != Category::kAuthentication) {
    if (c.add_security_recommendation || c.code_expiration_minutes != 0 ||
        absl::c_any_of(c.buttons, [](const TemplateButton& b) { return IsOtp(b.kind); })) {
      lint.Error("T_AUTH_SHAPE", "components",
                 "Only an authentication template has a code button, an expiry or the safety advice.",
                 "Leave them out, or make it an authentication template.");
    }
    return;
  }
  const bool fixed = c.body.empty() && c.footer.empty() && c.header.format == HeaderFormat::kNone &&
                     c.buttons.size() == 1 && IsOtp(c.buttons[0].kind) && c.code_expiration_minutes >= 0 &&
                     c.code_expiration_minutes <= 90;
  if (!fixed) {
    lint.Error("T_AUTH_SHAPE", "components",
               "An authentication template has WhatsApp's own text and one code button, nothing else.",
               "Leave out header, body and footer; give one code button; expiry 1 to 90 minutes or none.");
    return;
  }
  LintCodeButton(lint, c.buttons[0]);
}

void LintTtl(Linter& lint) {
  const int ttl = lint.input.components.ttl_seconds;
  if (ttl == 0) return;
  int lo = 30, hi = 43200;
  bool month = true;
  if (lint.input.category == Category::kAuthentication) hi = 900;
  if (lint.input.category == Category::kMarketing) lo = 43200, hi = 2592000, month = false;
  if ((ttl < lo || ttl > hi) && !(month && ttl == -1)) {
    lint.Error("T_TTL", "components.ttl_seconds",
               absl::StrCat("The time to live lies between ", lo, " and ", hi, " seconds."),
               "Use the nearest allowed value.", absl::StrCat(std::clamp(ttl, lo, hi)));
  }
}

void LintPurpose(Linter& lint) {
  const TemplateComponents& c = lint.input.components;
  if (lint.input.category == Category::kMarketing) {
    const bool button = absl::c_any_of(
        c.buttons, [](const TemplateButton& b) { return b.opt_out && b.kind == ButtonKind::kQuickReply; });
    if (!button && !MentionsOptOut(c.footer) && !MentionsOptOut(c.body)) {
      lint.Error("T_OPT_OUT", "components.buttons", "A marketing template needs a way out.",
                 "Add a quick reply with opt_out = true, or say in the footer how to stop.", "No recibir más");
    }
  }
  if (lint.input.category == Category::kUtility) {
    if (const std::string word = PromotionalWord(c, lint.input.language); !word.empty()) {
      lint.Warn("T_CATEGORY", "category",
                absl::StrCat("\"", word, "\" sounds like promotion; WhatsApp may make this MARKETING."),
                "Make it MARKETING, or use other words.");
    }
  }
}

void LintAccount(Linter& lint) {
  const AccountFacts& facts = lint.facts;
  if (facts.same_text && lint.input.category != Category::kAuthentication) {
    lint.Error("T_SAME_TEXT", "components.body", absl::StrCat("The template ", *facts.same_text, " says the same."),
               "Use that one, or change the text.", *facts.same_text);
  }
  if (facts.editing_approved) {
    lint.Warn("T_EDIT_STOPS", "components", "While WhatsApp reviews the change, the template cannot be sent.",
              "Copy it under a new name to go on sending.", facts.next_free_name);
  }
  if (facts.account_full) {
    lint.Error("T_QUOTA", "name", "The account has as many templates as WhatsApp allows.",
               "Delete one that is no longer used.");
  }
  if (facts.edit_free_at) {
    lint.Error("T_QUOTA", "components", "WhatsApp takes no further change of this approved template for now.",
               absl::StrCat("Submit it after ", Moment(*facts.edit_free_at), "."), Moment(*facts.edit_free_at));
  }
  if (facts.hour_free_at) {
    lint.Warn("T_QUOTA", "name", "WhatsApp's limit for this hour is reached; a submission will wait.",
              absl::StrCat("It goes out after ", Moment(*facts.hour_free_at), "."), Moment(*facts.hour_free_at));
  }
}

}  // namespace

bool HasErrors(const std::vector<Finding>& findings) {
  return absl::c_any_of(findings, [](const Finding& f) { return f.severity == Severity::kError; });
}

std::vector<Finding> LintTemplate(const LintInput& input, const AccountFacts& facts, const TemplateLimits& limits) {
  Linter lint{input, facts, limits, {}};
  LintName(lint);
  LintHeader(lint);
  LintBody(lint);
  LintFooter(lint);
  LintButtons(lint);
  LintVariables(lint);
  LintExamples(lint);
  LintAuthentication(lint);
  LintTtl(lint);
  LintPurpose(lint);
  LintAccount(lint);
  std::sort(lint.findings.begin(), lint.findings.end(), [](const Finding& a, const Finding& b) {
    return std::tie(a.severity, a.field, a.code, a.message) < std::tie(b.severity, b.field, b.code, b.message);
  });
  return std::move(lint.findings);
}

}  // namespace vinculo::messaging
