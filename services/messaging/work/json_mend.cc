#include "services/messaging/work/json_mend.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/text/text.h"

namespace vinculo::messaging {
namespace {

constexpr absl::string_view kReplacement = "\xEF\xBF\xBD";

class Mender {
 public:
  explicit Mender(absl::string_view text) : in_(text) { out_.reserve(text.size()); }

  std::string Mend() {
    while (at_ < in_.size()) {
      const char c = in_[at_];
      if (c == '"') {
        String();
      } else if (c == '-' || absl::ascii_isdigit(c)) {
        Number();
      } else {
        Copy(1);
      }
    }
    return std::move(out_);
  }

 private:
  void Copy(size_t n) {
    const absl::string_view part = in_.substr(std::min(at_, in_.size()), n);
    absl::StrAppend(&out_, part);
    at_ += n;
  }

  void Number() {
    size_t end = at_;
    while (end < in_.size() && (absl::ascii_isalnum(in_[end]) || in_[end] == '.' || in_[end] == '-' || in_[end] == '+'))
      ++end;
    const absl::string_view token = in_.substr(at_, end - at_);
    double value = 0;
    absl::StrAppend(&out_, absl::SimpleAtod(token, &value) && !std::isfinite(value) ? "0" : token);
    at_ = end;
  }

  // The unit of an escape `\uXXXX` at `at`; -1 when there is none.
  int Unit(size_t at) const {
    uint32_t unit = 0;
    if (at + 6 > in_.size() || in_.substr(at, 2) != "\\u") return -1;
    return absl::SimpleHexAtoi(in_.substr(at + 2, 4), &unit) ? static_cast<int>(unit) : -1;
  }

  void Escape() {
    const int unit = Unit(at_);
    const int next = Unit(at_ + 6);
    const bool high = unit >= 0xD800 && unit < 0xDC00, low = unit >= 0xDC00 && unit < 0xE000;
    if (high && next >= 0xDC00 && next < 0xE000) return Copy(12);
    if (!high && !low) return Copy(2);
    absl::StrAppend(&out_, kReplacement);
    at_ += 6;
  }

  void Character() {
    for (size_t n = 1; n <= 4 && at_ + n <= in_.size(); ++n) {
      const absl::string_view one = in_.substr(at_, n);
      if (static_cast<unsigned char>(one[0]) >= 0x20 && text::IsValidUtf8(one)) return Copy(n);
    }
    absl::StrAppend(&out_, kReplacement);
    ++at_;
  }

  void String() {
    Copy(1);
    while (at_ < in_.size() && in_[at_] != '"') in_[at_] == '\\' ? Escape() : Character();
    Copy(1);
  }

  const absl::string_view in_;
  size_t at_ = 0;
  std::string out_;
};

}  // namespace

std::string MendJson(absl::string_view text) { return Mender(text).Mend(); }

}  // namespace vinculo::messaging
