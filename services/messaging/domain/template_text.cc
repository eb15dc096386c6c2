#include "services/messaging/domain/template_text.h"

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace vinculo::messaging {
namespace {

bool IsName(absl::string_view name) {
  if (name.empty() || name.size() > 64) return false;
  const bool digits = absl::c_all_of(name, [](char c) { return absl::ascii_isdigit(c); });
  if (digits) return name.size() <= 3 && name[0] != '0';
  return !absl::ascii_isdigit(name[0]) &&
         absl::c_all_of(name, [](char c) { return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '_'; });
}

void AddLiteral(ScannedText& out, absl::string_view text) {
  if (text.empty()) return;
  if (!out.parts.empty() && !out.parts.back().variable) {
    absl::StrAppend(&out.parts.back().text, text);
  } else {
    out.parts.push_back({false, std::string(text)});
  }
}

void AddVariables(const ScannedText& text, absl::string_view prefix, std::vector<std::string>& out) {
  for (const std::string& v : text.variables) {
    std::string place = absl::StrCat(prefix, v);
    if (!absl::c_linear_search(out, place)) out.push_back(std::move(place));
  }
}

}  // namespace

bool IsPositional(absl::string_view variable) { return !variable.empty() && absl::ascii_isdigit(variable[0]); }

ScannedText ScanText(absl::string_view text) {
  ScannedText out;
  while (!text.empty()) {
    const size_t open = text.find_first_of("{}");
    if (open == absl::string_view::npos) break;
    AddLiteral(out, text.substr(0, open));
    text.remove_prefix(open);
    if (text.substr(0, 2) != "{{") {
      // A single brace is ordinary text only when it stands alone; "}}" without an opening is a mistake.
      const size_t run = text.substr(0, 2) == "}}" ? 2 : 1;
      if (run == 2) out.bad.push_back("}}");
      AddLiteral(out, text.substr(0, run));
      text.remove_prefix(run);
      continue;
    }
    const size_t close = text.find("}}", 2);
    if (close == absl::string_view::npos) {
      out.bad.push_back(std::string(text.substr(0, 16)));
      AddLiteral(out, text.substr(0, 2));
      text.remove_prefix(2);
      continue;
    }
    const absl::string_view name = text.substr(2, close - 2);
    if (IsName(name)) {
      out.parts.push_back({true, std::string(name)});
      out.variables.push_back(std::string(name));
    } else {
      out.bad.push_back(std::string(text.substr(0, close + 2)));
      AddLiteral(out, text.substr(0, close + 2));
    }
    text.remove_prefix(close + 2);
  }
  AddLiteral(out, text);
  return out;
}

std::vector<std::string> RequiredPlaces(const TemplateComponents& components, Category category) {
  std::vector<std::string> out;
  switch (components.header.format) {
    case HeaderFormat::kText:
      AddVariables(ScanText(components.header.text), "header.", out);
      break;
    case HeaderFormat::kImage:
    case HeaderFormat::kVideo:
    case HeaderFormat::kDocument:
      out.push_back("header.media");
      break;
    case HeaderFormat::kLocation:
      out.insert(out.end(), {"header.latitude", "header.longitude", "header.name", "header.address"});
      break;
    case HeaderFormat::kNone:
      break;
  }
  if (category == Category::kAuthentication) {
    out.push_back("body.1");
    return out;
  }
  AddVariables(ScanText(components.body), "body.", out);
  for (size_t i = 0; i < components.buttons.size(); ++i) {
    const TemplateButton& button = components.buttons[i];
    const bool takes = button.kind == ButtonKind::kCopyCode ||
                       (button.kind == ButtonKind::kUrl && !ScanText(button.url).variables.empty());
    if (takes) out.push_back(absl::StrCat("button.", i));
  }
  return out;
}

}  // namespace vinculo::messaging
