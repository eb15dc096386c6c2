#include "tests/sandbox/send_request.h"

#include <nlohmann/json.hpp>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "tests/sandbox/json_scan.h"

namespace vinculo::sandbox {
namespace {

using Json = nlohmann::json;

void ScanComponents(JsonScan& scan, SendRequest* out) {
  absl::string_view key;
  for (scan.EnterArray(); scan.NextElement();) {
    absl::string_view type;
    int64_t parameters = 0;
    for (scan.EnterObject(); scan.NextKey(&key);) {
      if (key == "type") {
        type = scan.String();
      } else if (key == "parameters" && scan.Peek() == '[') {
        for (scan.EnterArray(); scan.NextElement(); ++parameters) scan.Skip();
      } else {
        scan.Skip();
      }
    }
    if (type == "body" || type == "BODY") out->body_parameters = parameters;
  }
}

void ScanTemplate(JsonScan& scan, SendRequest* out) {
  absl::string_view key;
  for (scan.EnterObject(); scan.NextKey(&key);) {
    if (key == "name") {
      out->template_name = scan.String();
    } else if (key == "language" && scan.Peek() == '{') {
      for (scan.EnterObject(); scan.NextKey(&key);) {
        if (key == "code") {
          out->language = scan.String();
        } else {
          scan.Skip();
        }
      }
    } else if (key == "components" && scan.Peek() == '[') {
      ScanComponents(scan, out);
    } else {
      scan.Skip();
    }
  }
}

std::string Text(const Json& json, const char* key) {
  const auto it = json.is_object() ? json.find(key) : json.end();
  return it != json.end() && it->is_string() ? it->get<std::string>() : "";
}

Json At(const Json& json, const char* key) {
  const auto it = json.is_object() ? json.find(key) : json.end();
  return it != json.end() ? *it : Json();
}

size_t CodePoints(absl::string_view text) {
  size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return count;
}

// Collects the first broken limit.
class Limits {
 public:
  void Length(absl::string_view what, absl::string_view text, size_t least, size_t most) {
    const size_t size = CodePoints(text);
    if (size < least || size > most) Fail(absl::StrCat(what, ": ", size, " characters, allowed ", least, " to ", most));
  }
  void Count(absl::string_view what, size_t count, size_t least, size_t most) {
    if (count < least || count > most) Fail(absl::StrCat(what, ": ", count, ", allowed ", least, " to ", most));
  }
  void Unique(absl::string_view what, const std::string& text, std::set<std::string>* seen) {
    if (!seen->insert(text).second) Fail(absl::StrCat(what, ": repeated"));
  }
  void Fail(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
  }
  const std::string& problem() const { return problem_; }

 private:
  std::string problem_;
};

void CheckButtons(const Json& interactive, Limits& limits) {
  limits.Length("body", Text(At(interactive, "body"), "text"), 1, 1024);
  const Json buttons = At(At(interactive, "action"), "buttons");
  limits.Count("buttons", buttons.is_array() ? buttons.size() : 0, 1, 3);
  std::set<std::string> titles, ids;
  for (const Json& button : buttons) {
    const Json reply = At(button, "reply");
    limits.Length("button title", Text(reply, "title"), 1, 20);
    limits.Length("button id", Text(reply, "id"), 1, 256);
    limits.Unique("button title", Text(reply, "title"), &titles);
    limits.Unique("button id", Text(reply, "id"), &ids);
  }
}

void CheckList(const Json& interactive, Limits& limits) {
  limits.Length("body", Text(At(interactive, "body"), "text"), 1, 4096);
  const Json action = At(interactive, "action");
  limits.Length("menu label", Text(action, "button"), 1, 20);
  const Json sections = At(action, "sections");
  limits.Count("sections", sections.is_array() ? sections.size() : 0, 1, 10);
  size_t rows = 0;
  std::set<std::string> ids;
  for (const Json& section : sections) {
    limits.Length("section title", Text(section, "title"), sections.size() > 1 ? 1 : 0, 24);
    for (const Json& row : At(section, "rows")) {
      ++rows;
      limits.Length("row title", Text(row, "title"), 1, 24);
      limits.Length("row id", Text(row, "id"), 1, 200);
      limits.Length("row description", Text(row, "description"), 0, 72);
      limits.Unique("row id", Text(row, "id"), &ids);
    }
  }
  limits.Count("rows", rows, 1, 10);
}

}  // namespace

bool ScanSendRequest(absl::string_view body, SendRequest* out) {
  JsonScan scan(body);
  absl::string_view key;
  for (scan.EnterObject(); scan.NextKey(&key);) {
    if (key == "to") {
      out->to = scan.String();
    } else if (key == "type") {
      out->type = scan.String();
    } else if (key == "biz_opaque_callback_data") {
      out->callback = scan.String();
    } else if (key == "messaging_product") {
      out->has_product = scan.String() == "whatsapp";
    } else if (key == "template" && scan.Peek() == '{') {
      ScanTemplate(scan, out);
    } else if (key == "recipient") {
      out->recipient = scan.String();
    } else if (key == "status") {
      out->status = scan.String();
    } else {
      scan.Skip();
    }
  }
  return scan.ok() && scan.AtEnd();
}

std::string DigitsOf(absl::string_view phone) {
  std::string digits;
  for (const char c : phone) {
    if (absl::ascii_isdigit(c)) digits.push_back(c);
  }
  return digits;
}

std::string FreeFormProblem(absl::string_view body) {
  const Json json = Json::parse(body.begin(), body.end(), nullptr, false);
  Limits limits;
  const std::string type = Text(json, "type");
  if (type == "text") {
    limits.Length("text", Text(At(json, "text"), "body"), 1, 4096);
  } else if (type == "interactive") {
    const Json interactive = At(json, "interactive");
    const std::string kind = Text(interactive, "type");
    limits.Length("footer", Text(At(interactive, "footer"), "text"), 0, 60);
    const Json header = At(interactive, "header");
    if (Text(header, "type") == "text") limits.Length("header", Text(header, "text"), 1, 60);
    if (kind == "button") {
      CheckButtons(interactive, limits);
    } else if (kind == "list") {
      CheckList(interactive, limits);
    }
  } else if (!At(json, type.c_str()).is_object()) {
    limits.Fail(absl::StrCat("type '", type, "' without its object"));
  }
  return limits.problem();
}

}  // namespace vinculo::sandbox
