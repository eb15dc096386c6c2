#include "tests/sandbox/json_scan.h"

#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace vinculo::sandbox {

void JsonScan::Fail() {
  ok_ = false;
  at_ = text_.size();
}

void JsonScan::SkipSpace() {
  while (at_ < text_.size() && absl::ascii_isspace(text_[at_])) ++at_;
}

char JsonScan::Peek() {
  SkipSpace();
  return at_ < text_.size() ? text_[at_] : '\0';
}

bool JsonScan::AtEnd() {
  SkipSpace();
  return at_ == text_.size();
}

void JsonScan::Enter(char bracket) {
  if (Peek() != bracket) return Fail();
  ++at_;
  first_ = true;
}

bool JsonScan::NextElement() {
  const char c = Peek();
  const bool first = std::exchange(first_, false);
  if (c == ']') {
    ++at_;
    return false;
  }
  if (first && ok_ && c != '\0') return true;
  if (c != ',') {
    Fail();
    return false;
  }
  ++at_;
  return true;
}

bool JsonScan::NextKey(absl::string_view* key) {
  char c = Peek();
  const bool first = std::exchange(first_, false);
  if (c == '}') {
    ++at_;
    return false;
  }
  if (!first) {
    if (c != ',') {
      Fail();
      return false;
    }
    ++at_;
    c = Peek();
  }
  if (c != '"') {
    Fail();
    return false;
  }
  *key = Quoted();
  if (Peek() != ':') {
    Fail();
    return false;
  }
  ++at_;
  return true;
}

absl::string_view JsonScan::Quoted() {
  const size_t begin = ++at_;
  while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
  if (at_ >= text_.size()) {
    Fail();
    return "";
  }
  return text_.substr(begin, at_++ - begin);
}

absl::string_view JsonScan::String() {
  if (Peek() == '"') return Quoted();
  Skip();
  return "";
}

absl::string_view JsonScan::Raw() {
  const char c = Peek();
  const size_t begin = at_;
  if (c == '"') {
    Quoted();
  } else if (c == '{' || c == '[') {
    int depth = 0;
    do {
      const char d = Peek();
      if (d == '\0') {
        Fail();
        return "";
      }
      if (d == '"') {
        Quoted();
        continue;
      }
      if (d == '{' || d == '[') ++depth;
      if (d == '}' || d == ']') --depth;
      ++at_;
    } while (depth > 0 && ok_);
  } else {
    while (at_ < text_.size() && !absl::ascii_isspace(text_[at_]) && text_[at_] != ',' && text_[at_] != '}' &&
           text_[at_] != ']') {
      ++at_;
    }
    if (at_ == begin) Fail();
  }
  first_ = false;
  return ok_ ? text_.substr(begin, at_ - begin) : absl::string_view();
}

std::string JsonUnescape(absl::string_view raw) {
  if (raw.find('\\') == absl::string_view::npos) return std::string(raw);
  const nlohmann::json parsed = nlohmann::json::parse(absl::StrCat("\"", raw, "\""), nullptr, false);
  return parsed.is_string() ? parsed.get<std::string>() : std::string(raw);
}

void AppendJsonString(std::string* out, absl::string_view text) {
  out->push_back('"');
  for (const char c : text) {
    switch (c) {
      case '"':
        *out += "\\\"";
        break;
      case '\\':
        *out += "\\\\";
        break;
      case '\n':
        *out += "\\n";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          absl::StrAppend(out, "\\u", absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad4));
        } else {
          out->push_back(c);
        }
    }
  }
  out->push_back('"');
}

}  // namespace vinculo::sandbox
