#include "services/messaging/domain/template_render.h"

#include <cmath>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "common/text/text.h"
#include "services/messaging/domain/content.h"
#include "services/messaging/domain/template_lint.h"
#include "services/messaging/domain/template_text.h"

namespace vinculo::messaging {
namespace {

constexpr TemplateLimits kLimits;

const std::string& ValueAt(const PlaceValues& values, const std::string& place) {
  static const std::string empty;
  const auto it = values.find(place);
  return it == values.end() ? empty : it->second;
}

std::string Fill(absl::string_view text, absl::string_view prefix, const PlaceValues& values) {
  std::string out;
  for (const TextPart& part : ScanText(text).parts) {
    absl::StrAppend(&out, part.variable ? ValueAt(values, absl::StrCat(prefix, part.text)) : part.text);
  }
  return out;
}

// May stay empty: the payload of a quick reply, the name of a document.
bool IsOptionalPlace(const TemplateComponents& components, absl::string_view place) {
  size_t index = 0;
  if (place == "header.filename") return components.header.format == HeaderFormat::kDocument;
  if (!absl::ConsumePrefix(&place, "button.") || !absl::SimpleAtoi(place, &index)) return false;
  return index < components.buttons.size() && components.buttons[index].kind == ButtonKind::kQuickReply;
}

int MaxLength(const TemplateComponents& components, Category category, absl::string_view place) {
  if (category == Category::kAuthentication) return 15;
  size_t index = 0;
  absl::string_view rest = place;
  if (absl::ConsumePrefix(&rest, "button.") && absl::SimpleAtoi(rest, &index) && index < components.buttons.size()) {
    if (components.buttons[index].kind == ButtonKind::kCopyCode) return 15;
    if (components.buttons[index].kind == ButtonKind::kQuickReply) return 256;
  }
  return kMaxValue;
}

// One part of the message as it arrives: the text may be no longer than `most` once its values are in it, though each
// of them alone is not too long. At fault is the longest.
void CheckFilled(absl::string_view text, absl::string_view prefix, int most, const PlaceValues& values,
                 std::vector<ParameterProblem>& problems) {
  const PlaceValues::value_type* longest = nullptr;
  size_t bytes = text.size();
  for (const auto& value : values) {
    if (!absl::StartsWith(value.first, prefix)) continue;
    bytes += value.second.size();
    if (longest == nullptr || value.second.size() > longest->second.size()) longest = &value;
  }
  if (longest == nullptr || bytes <= static_cast<size_t>(most)) return;
  if (text::CodePoints(Fill(text, prefix, values)) <= most) return;
  ParameterProblem problem{longest->first, "PARAMETER_INVALID"};
  if (!absl::c_linear_search(problems, problem)) problems.push_back(std::move(problem));
}

// A degree within its range, a file by id or https link: what a place of a header must hold beyond its length.
bool FitsPlace(absl::string_view place, absl::string_view value) {
  double degrees = 0;
  const auto within = [&](double most) { return absl::SimpleAtod(value, &degrees) && std::abs(degrees) <= most; };
  if (value.empty()) return true;  // missing, which is another problem
  if (place == "header.latitude") return within(90);
  if (place == "header.longitude") return within(180);
  if (place == "header.media") return !IsLink(value) || absl::StartsWith(value, "https://");
  return true;
}

RenderedButton RenderButton(const TemplateButton& button, const std::string& value) {
  switch (button.kind) {
    case ButtonKind::kQuickReply:
      return {button.label, button.opt_out ? std::string(kOptOutPayload) : value};
    case ButtonKind::kUrl: {
      const ScannedText scanned = ScanText(button.url);
      std::string url;
      for (const TextPart& part : scanned.parts)
        absl::StrAppend(&url, part.variable ? PercentEncode(value) : part.text);
      return {button.label, url};
    }
    case ButtonKind::kPhoneNumber:
      return {button.label, button.phone_number};
    case ButtonKind::kCopyCode:
      return {button.label, value};
    case ButtonKind::kOtpCopy:
    case ButtonKind::kOtpOneTap:
    case ButtonKind::kOtpZeroTap:
    case ButtonKind::kVoiceCall:
    case ButtonKind::kUnspecified:
      break;
  }
  return {button.label, ""};
}

}  // namespace

std::string NormalizeValue(absl::string_view value) {
  std::string out;
  bool blank = false;
  for (char c : text::Trim(value)) {
    if (absl::ascii_isspace(c)) {
      blank = true;
      continue;
    }
    if (blank) out += ' ';
    blank = false;
    out += c;
  }
  return out;
}

std::vector<ParameterProblem> CheckValues(const TemplateComponents& components, Category category,
                                          PlaceValues& values) {
  std::vector<ParameterProblem> problems;
  const std::vector<std::string> required = RequiredPlaces(components, category);
  for (auto& [place, value] : values) {
    value = NormalizeValue(value);
    const bool known = absl::c_linear_search(required, place) || IsOptionalPlace(components, place);
    const bool valid = text::IsValidUtf8(value) && !text::HasForbiddenControl(value) &&
                       text::CodePoints(value) <= MaxLength(components, category, place) && FitsPlace(place, value);
    if (!known || !valid) problems.push_back({place, "PARAMETER_INVALID"});
  }
  for (const std::string& place : required) {
    if (ValueAt(values, place).empty()) problems.push_back({place, "PARAMETER_MISSING"});
  }
  if (components.header.format == HeaderFormat::kText)
    CheckFilled(components.header.text, "header.", kLimits.header, values, problems);
  CheckFilled(components.body, "body.", kLimits.body, values, problems);
  return problems;
}

RenderedTemplate Render(const TemplateComponents& components, const PlaceValues& values) {
  RenderedTemplate out;
  if (components.header.format == HeaderFormat::kText) out.header = Fill(components.header.text, "header.", values);
  out.body = components.body.empty() ? ValueAt(values, "body.1") : Fill(components.body, "body.", values);
  out.footer = components.footer;
  for (size_t i = 0; i < components.buttons.size(); ++i) {
    out.buttons.push_back(RenderButton(components.buttons[i], ValueAt(values, absl::StrCat("button.", i))));
  }
  return out;
}

std::string PercentEncode(absl::string_view text) {
  std::string out;
  for (const char c : text) {
    if (absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      out += c;
    } else {
      absl::StrAppendFormat(&out, "%%%02X", static_cast<unsigned char>(c));
    }
  }
  return out;
}

}  // namespace vinculo::messaging
