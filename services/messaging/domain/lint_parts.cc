#include "services/messaging/domain/lint_parts.h"

#include <array>
#include <set>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/text/text.h"

namespace vinculo::messaging {
namespace {

constexpr absl::string_view kLink =
    "https://developers.facebook.com/docs/whatsapp/business-management-api/message-templates";

std::string ButtonField(size_t i, absl::string_view part) { return absl::StrCat("components.buttons[", i, "].", part); }

// The labels of the buttons of a kind (any when unset) after the first `keep`.
std::string LabelsBeyond(const std::vector<TemplateButton>& buttons, int keep, std::optional<ButtonKind> kind) {
  std::vector<std::string> out;
  for (const TemplateButton& b : buttons) {
    if (kind && b.kind != *kind) continue;
    if (--keep < 0) out.push_back(absl::StrCat("\"", b.label, "\""));
  }
  return absl::StrJoin(out, ", ");
}

std::string QuickRepliesFirst(const std::vector<TemplateButton>& buttons) {
  std::vector<std::string> first, then;
  for (const TemplateButton& b : buttons) (b.kind == ButtonKind::kQuickReply ? first : then).push_back(b.label);
  first.insert(first.end(), then.begin(), then.end());
  return absl::StrJoin(first, ", ");
}

void LintButtonKinds(Linter& lint) {
  const std::vector<TemplateButton>& buttons = lint.input.components.buttons;
  const auto count = [&](ButtonKind kind) {
    return static_cast<int>(absl::c_count_if(buttons, [kind](const TemplateButton& b) { return b.kind == kind; }));
  };
  const std::array<std::tuple<ButtonKind, int, absl::string_view>, 5> bounds = {{
      {ButtonKind::kQuickReply, lint.limits.quick_replies, "quick replies"},
      {ButtonKind::kUrl, lint.limits.urls, "links"},
      {ButtonKind::kPhoneNumber, lint.limits.phones, "phone numbers"},
      {ButtonKind::kCopyCode, lint.limits.coupons, "coupons"},
      {ButtonKind::kVoiceCall, lint.limits.voice_calls, "voice calls"},
  }};
  for (const auto& [kind, max, what] : bounds) {
    if (count(kind) > max) {
      lint.Error("T_BUTTON_COUNT", "components.buttons", absl::StrCat("A template has at most ", max, " ", what, "."),
                 absl::StrCat("Leave out ", LabelsBeyond(buttons, max, kind), "."));
    }
  }
  if (static_cast<int>(buttons.size()) > lint.limits.buttons) {
    lint.Error("T_BUTTON_COUNT", "components.buttons",
               absl::StrCat("A template has at most ", lint.limits.buttons, " buttons."),
               absl::StrCat("Leave out ", LabelsBeyond(buttons, lint.limits.buttons, std::nullopt), "."));
  }
  int changes = 0;
  for (size_t i = 1; i < buttons.size(); ++i) {
    if ((buttons[i].kind == ButtonKind::kQuickReply) != (buttons[i - 1].kind == ButtonKind::kQuickReply)) ++changes;
  }
  if (changes > 1) {
    lint.Error("T_BUTTON_ORDER", "components.buttons",
               "Quick replies stand together, before or after the other buttons.", "Put all quick replies first.",
               QuickRepliesFirst(buttons));
  }
  const int quick = count(ButtonKind::kQuickReply);
  if (buttons.size() > 3 || (quick > 0 && quick < static_cast<int>(buttons.size()))) {
    lint.Warn("T_BUTTON_DESKTOP", "components.buttons",
              "WhatsApp on desktops does not show this combination of buttons.",
              "Use at most three quick replies and nothing else.");
  }
}

void LintLabels(Linter& lint) {
  absl::flat_hash_map<std::string, size_t> seen;
  const std::vector<TemplateButton>& buttons = lint.input.components.buttons;
  for (size_t i = 0; i < buttons.size(); ++i) {
    if (buttons[i].kind == ButtonKind::kUnspecified) {
      lint.Error("T_BUTTON_TARGET", ButtonField(i, "kind"), "A button has a kind.", "Choose one.");
    }
    if (buttons[i].kind == ButtonKind::kCopyCode || IsOtp(buttons[i].kind)) {
      if (buttons[i].label.empty()) continue;  // WhatsApp has a label of its own
    }
    lint.Length("T_BUTTON_LABEL", ButtonField(i, "label"), buttons[i].label, 1, lint.limits.label);
    const auto [it, fresh] = seen.emplace(text::Fold(buttons[i].label), i);
    if (!fresh && !buttons[i].label.empty()) {
      lint.Error("T_BUTTON_LABEL", ButtonField(i, "label"),
                 absl::StrCat("Button ", it->second + 1, " has the same label."), "Give each its own.");
    }
  }
}

void LintUrl(Linter& lint, size_t i, const std::string& url) {
  const ScannedText scanned = ScanText(url);
  const bool https = absl::StartsWith(url, "https://") || absl::StartsWith(url, "http://");
  if (!https || url.find(' ') != std::string::npos || text::CodePoints(url) > lint.limits.url) {
    lint.Error("T_BUTTON_TARGET", ButtonField(i, "url"),
               absl::StrCat("A link is an http address of at most ", lint.limits.url, " characters."),
               "Write the whole address.", https ? "" : absl::StrCat("https://", url));
  }
  const bool last = scanned.variables.empty() || (scanned.variables.size() == 1 && scanned.parts.back().variable);
  if (!last) {
    lint.Error("T_BUTTON_TARGET", ButtonField(i, "url"), "A link takes one variable, at its very end.",
               "Move the variable to the end.");
  }
}

// The digits of a number behind a plus; "" when there are too few.
std::string DialForm(absl::string_view number) {
  std::string out = "+";
  for (char c : number) {
    if (absl::ascii_isdigit(c)) out += c;
  }
  return out.size() < 8 ? "" : out;
}

void LintTargets(Linter& lint) {
  const std::vector<TemplateButton>& buttons = lint.input.components.buttons;
  for (size_t i = 0; i < buttons.size(); ++i) {
    const TemplateButton& b = buttons[i];
    if (b.kind == ButtonKind::kUrl) LintUrl(lint, i, b.url);
    if (b.kind == ButtonKind::kPhoneNumber) {
      const bool ok = b.phone_number.size() >= 8 && static_cast<int>(b.phone_number.size()) <= lint.limits.phone &&
                      b.phone_number[0] == '+' &&
                      absl::c_all_of(b.phone_number.substr(1), [](char c) { return absl::ascii_isdigit(c); });
      if (!ok) {
        lint.Error("T_BUTTON_TARGET", ButtonField(i, "phone_number"),
                   "A phone number has +, country code and digits only.", "Write it as +5491122334455.",
                   DialForm(b.phone_number));
      }
    }
    if (b.kind == ButtonKind::kCopyCode) {
      lint.Length("T_BUTTON_TARGET", ButtonField(i, "coupon_code"), b.coupon_code, 1, lint.limits.coupon);
    }
  }
}

// Folded, with every mark of punctuation a blank, and a blank at both ends.
std::string Words(absl::string_view text) {
  std::string out = absl::StrCat(" ", text::FoldKeepingPunctuation(text), " ");
  for (char& c : out) {
    if (absl::ascii_ispunct(c) || absl::ascii_isspace(c)) c = ' ';
  }
  return out;
}

struct NamedText {
  std::string field;
  std::string text;
};

std::vector<NamedText> TextsWithVariables(const TemplateComponents& c) {
  std::vector<NamedText> out;
  if (c.header.format == HeaderFormat::kText) out.push_back({"components.header.text", c.header.text});
  out.push_back({"components.body", c.body});
  for (size_t i = 0; i < c.buttons.size(); ++i) {
    if (c.buttons[i].kind == ButtonKind::kUrl) out.push_back({ButtonField(i, "url"), c.buttons[i].url});
  }
  return out;
}

// Exactly 1..n, each at least once.
void LintGap(Linter& lint, const NamedText& text, const ScannedText& scanned) {
  std::set<int> numbers;
  for (const std::string& v : scanned.variables) {
    int n = 0;
    if (IsPositional(v) && absl::SimpleAtoi(v, &n)) numbers.insert(n);
  }
  if (numbers.empty() || (*numbers.begin() == 1 && *numbers.rbegin() == static_cast<int>(numbers.size()))) return;
  std::map<int, int> renumbered;
  for (int n : numbers) renumbered.emplace(n, static_cast<int>(renumbered.size()) + 1);
  std::string suggestion;
  for (const TextPart& part : scanned.parts) {
    int n = 0;
    const bool number = part.variable && absl::SimpleAtoi(part.text, &n) && renumbered.contains(n);
    absl::StrAppend(&suggestion, number          ? absl::StrCat("{{", renumbered[n], "}}")
                                 : part.variable ? absl::StrCat("{{", part.text, "}}")
                                                 : part.text);
  }
  lint.Error("T_VAR_GAP", text.field, "Variables are numbered 1, 2, 3 … without a gap.", "Renumber them.", suggestion);
}

}  // namespace

void Linter::Error(absl::string_view code, absl::string_view field, absl::string_view message, absl::string_view fix,
                   absl::string_view suggestion) {
  findings.push_back({std::string(code), Severity::kError, std::string(field), std::string(message), std::string(fix),
                      std::string(suggestion), std::string(kLink)});
}

void Linter::Warn(absl::string_view code, absl::string_view field, absl::string_view message, absl::string_view fix,
                  absl::string_view suggestion) {
  findings.push_back({std::string(code), Severity::kWarning, std::string(field), std::string(message), std::string(fix),
                      std::string(suggestion), std::string(kLink)});
}

void Linter::Length(absl::string_view code, absl::string_view field, absl::string_view text, int min, int max) {
  const int64_t n = text::CodePoints(text);
  if (n < min) Error(code, field, "This text is missing.", "Write it.");
  if (n > max) {
    Error(code, field, absl::StrCat("This text has ", n, " characters; WhatsApp takes ", max, "."),
          absl::StrCat("Cut ", n - max, "."), text::Truncate(text, max));
  }
}

void LintButtons(Linter& lint) {
  if (lint.input.components.buttons.empty()) return;
  LintButtonKinds(lint);
  LintLabels(lint);
  LintTargets(lint);
}

void LintVariables(Linter& lint) {
  bool positional = false, named = false;
  for (const NamedText& text : TextsWithVariables(lint.input.components)) {
    const ScannedText scanned = ScanText(text.text);
    for (const std::string& bad : scanned.bad) {
      std::string literal;
      for (char c : bad) literal += c == '{' || c == '}' || c == ' ' ? "" : std::string(1, absl::ascii_tolower(c));
      lint.Error("T_VAR_SYNTAX", text.field, absl::StrCat("\"", bad, "\" is no variable."),
                 "Write {{1}} or {{first_name}}, without blanks.",
                 literal.empty() ? "" : absl::StrCat("{{", literal, "}}"));
    }
    for (const std::string& v : scanned.variables) (IsPositional(v) ? positional : named) = true;
    if (lint.input.format == VariableFormat::kPositional) LintGap(lint, text, scanned);
  }
  const bool wrong = lint.input.format == VariableFormat::kPositional ? named : positional;
  if (wrong) {
    lint.Error("T_VAR_MIXED", "components",
               lint.input.format == VariableFormat::kPositional
                   ? "This template's variables are numbers, but one has a name."
                   : "This template's variables have names, but one is a number.",
               "Use one way of writing variables.");
  }
}

void LintExamples(Linter& lint) {
  const TemplateComponents& c = lint.input.components;
  if (lint.input.category == Category::kAuthentication) return;
  const std::vector<std::string> all = RequiredPlaces(c, lint.input.category);
  std::vector<std::string> places = all;
  std::erase_if(places, [&](const std::string& p) {
    // A media header's example is its sample, a coupon's its code; the header of a place has none.
    if (p == "header.media") return true;
    if (c.header.format == HeaderFormat::kLocation && absl::StartsWith(p, "header.")) return true;
    for (size_t i = 0; i < c.buttons.size(); ++i) {
      if (p == absl::StrCat("button.", i) && c.buttons[i].kind == ButtonKind::kCopyCode) return true;
    }
    return false;
  });
  for (const std::string& place : places) {
    const std::string field = absl::StrCat("components.examples[", place, "]");
    const auto it = c.examples.find(place);
    if (it == c.examples.end() || text::Trim(it->second).empty()) {
      lint.Error("T_EXAMPLE", field, "WhatsApp's reviewers need an example for every variable.",
                 absl::StrCat("Add one for ", place, "."));
    } else if (it->second.find_first_of("\n\t") != std::string::npos) {
      lint.Error("T_EXAMPLE", field, "An example is one line.", "Leave out the line break.");
    }
  }
  for (const auto& [place, value] : c.examples) {
    if (!absl::c_linear_search(all, place)) {
      lint.Error("T_EXAMPLE", absl::StrCat("components.examples[", place, "]"), "There is no such variable.",
                 "Leave it out.");
    }
  }
}

int64_t CountWords(const ScannedText& text) {
  int64_t words = 0;
  for (const TextPart& part : text.parts) {
    if (part.variable) continue;
    for (absl::string_view word : absl::StrSplit(part.text, absl::ByAnyChar(" \n\t"), absl::SkipEmpty())) {
      if (!text::Fold(word).empty()) ++words;
    }
  }
  return words;
}

bool MentionsOptOut(absl::string_view text) {
  const std::string folded = Words(text);
  for (absl::string_view word : {" baja ", " stop ", " salir ", " parar ", " sair ", " cancelar ", " unsubscribe ",
                                 " no recibir ", " nao receber ", " opt out "}) {
    if (absl::StrContains(folded, word)) return true;
  }
  return false;
}

std::string PromotionalWord(const TemplateComponents& c, absl::string_view language) {
  struct OfLanguage {
    absl::string_view language;
    std::vector<absl::string_view> words;
  };
  static const auto* const kWords = new std::vector<OfLanguage>{
      {"es", {"oferta", "descuento", "promocion", "promo", "gratis", "cupon", "imperdible", "rebaja", "liquidacion"}},
      {"pt", {"oferta", "desconto", "promocao", "promo", "gratis", "cupom", "imperdivel", "liquidacao"}},
      {"en", {"offer", "discount", "sale", "promo", "coupon", "free gift", "black friday", "clearance"}}};
  const absl::string_view base = language.substr(0, language.find('_'));
  const bool known = absl::c_any_of(*kWords, [&](const OfLanguage& w) { return w.language == base; });
  const std::string folded = Words(absl::StrCat(c.header.text, " ", c.body, " ", c.footer));
  for (const auto& [of, words] : *kWords) {
    if (known && of != base) continue;
    for (absl::string_view word : words) {
      for (absl::string_view plural : {"", "s", "es"}) {
        if (absl::StrContains(folded, absl::StrCat(" ", word, plural, " "))) return std::string(word);
      }
    }
  }
  return "";
}

}  // namespace vinculo::messaging
