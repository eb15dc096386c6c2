#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace vinculo::sandbox {

// Walks JSON text without building a tree: the send path sees tens of thousands of bodies a second and needs five
// fields of each. It checks structure only as far as it walks; after a mistake ok() is false and everything else is
// empty.
//
//   JsonScan scan(body);
//   absl::string_view key;
//   for (scan.EnterObject(); scan.NextKey(&key);) {
//     if (key == "to") to = scan.String(); else scan.Skip();
//   }
class JsonScan {
 public:
  explicit JsonScan(absl::string_view text) : text_(text) {}

  void EnterObject() { Enter('{'); }
  void EnterArray() { Enter('['); }
  // Moves to the next member of the current object; false (and past the brace) at its end.
  bool NextKey(absl::string_view* key);
  // Moves to the next element of the current array; false (and past the bracket) at its end.
  bool NextElement();

  // The raw text between the quotes of a string, escapes left in; "" when the value is no string (which is skipped).
  absl::string_view String();
  // The raw text of any value.
  absl::string_view Raw();
  void Skip() { Raw(); }
  // The kind of the value ahead, by its first character: `{`, `[`, `"`, `t`, `f`, `n`, a digit or `-`.
  char Peek();

  bool ok() const { return ok_; }
  // True when nothing but white space is left.
  bool AtEnd();

 private:
  void SkipSpace();
  void Enter(char bracket);
  absl::string_view Quoted();  // at a quote
  void Fail();

  absl::string_view text_;
  size_t at_ = 0;
  bool first_ = false;  // just entered an object or array
  bool ok_ = true;
};

// The text of a raw JSON string: escapes undone, \u sequences as UTF-8.
std::string JsonUnescape(absl::string_view raw);

// Appends `text` as a quoted JSON string.
void AppendJsonString(std::string* out, absl::string_view text);

}  // namespace vinculo::sandbox
