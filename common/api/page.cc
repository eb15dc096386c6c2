#include "common/api/page.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace vinculo::api {
namespace {

constexpr char kFormat = 1;
constexpr size_t kSealBytes = 8;
constexpr size_t kMaxTokenBytes = 8192;

// FNV-1a over length-prefixed parts: enough to tell that a token was altered or belongs elsewhere. It is no secret and
// needs none, as a token grants no access.
class Hash {
 public:
  void Add(absl::string_view bytes) {
    AddInt(bytes.size());
    for (const char c : bytes) Mix(static_cast<unsigned char>(c));
  }
  uint64_t value() const { return state_; }

 private:
  void AddInt(uint64_t n) {
    for (int shift = 0; shift < 64; shift += 8) Mix(static_cast<unsigned char>(n >> shift));
  }
  void Mix(unsigned char byte) { state_ = (state_ ^ byte) * 0x100000001b3; }
  uint64_t state_ = 0xcbf29ce484222325;
};

void AppendInt(uint64_t value, std::string& out) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

std::optional<uint64_t> TakeInt(absl::string_view& in) {
  if (in.size() < 8) return std::nullopt;
  uint64_t value = 0;
  for (int i = 0; i < 8; ++i) value = value << 8 | static_cast<unsigned char>(in[i]);
  in.remove_prefix(8);
  return value;
}

std::string Seal(const PageScope& scope, absl::string_view content) {
  Hash hash;
  for (absl::string_view part :
       {scope.tenant, scope.method, absl::string_view(scope.filter), absl::string_view(scope.order), content}) {
    hash.Add(part);
  }
  std::string seal;
  AppendInt(hash.value(), seal);
  return seal;
}

struct Encoder {
  std::string& out;
  void operator()(int64_t value) const { AppendInt(static_cast<uint64_t>(value), out); }
  void operator()(double value) const { AppendInt(std::bit_cast<uint64_t>(value), out); }
  void operator()(absl::Time value) const { AppendInt(static_cast<uint64_t>(absl::ToUnixMicros(value)), out); }
  void operator()(const Uuid& value) const { absl::StrAppend(&out, value.bytes()); }
  void operator()(const std::string& value) const {
    AppendInt(value.size(), out);
    out += value;
  }
};

bool TakeValue(char type, absl::string_view& in, PageKey& key) {
  if (type == 'u') {
    const std::optional<Uuid> id = Uuid::FromBytes(in.substr(0, 16));
    if (!id) return false;
    in.remove_prefix(16);
    key.emplace_back(*id);
    return true;
  }
  const std::optional<uint64_t> word = TakeInt(in);
  if (!word) return false;
  switch (type) {
    case 'i':
      key.emplace_back(static_cast<int64_t>(*word));
      return true;
    case 'd':
      key.emplace_back(std::bit_cast<double>(*word));
      return true;
    case 't':
      key.emplace_back(absl::FromUnixMicros(static_cast<int64_t>(*word)));
      return true;
    case 's':
      if (*word > in.size()) return false;
      key.emplace_back(std::string(in.substr(0, *word)));
      in.remove_prefix(*word);
      return true;
    default:
      return false;
  }
}

// nullopt when the token is not one of ours.
std::optional<PageKey> Decode(const PageScope& scope, absl::string_view token, absl::string_view shape) {
  std::string bytes;
  if (token.size() > kMaxTokenBytes || !absl::WebSafeBase64Unescape(token, &bytes)) return std::nullopt;
  // The decoder is lenient; one token has one spelling.
  if (absl::WebSafeBase64Escape(bytes) != token || bytes.size() < kSealBytes + 1 || bytes[0] != kFormat)
    return std::nullopt;
  absl::string_view content(bytes);
  const absl::string_view seal = content.substr(content.size() - kSealBytes);
  content.remove_suffix(kSealBytes);
  // The shape is part of what is sealed, so a change of a list's key refuses the tokens of before.
  if (seal != Seal(scope, absl::StrCat(content, shape))) return std::nullopt;
  content.remove_prefix(1);
  PageKey key;
  for (const char type : shape) {
    if (!TakeValue(type, content, key)) return std::nullopt;
  }
  if (!content.empty()) return std::nullopt;
  return key;
}

char TypeOf(const PageKey::value_type& value) { return "idtus"[value.index()]; }

}  // namespace

int ParsePageSize(int64_t page_size, FieldViolations& bad, absl::string_view field) {
  if (page_size < 0) bad.Add(std::string(field), "must not be negative");
  if (page_size <= 0) return kDefaultPageSize;
  return static_cast<int>(std::min<int64_t>(page_size, kMaxPageSize));
}

std::string EncodePageToken(const PageScope& scope, const PageKey& last) {
  std::string content(1, kFormat);
  std::string shape;
  for (const auto& value : last) {
    std::visit(Encoder{content}, value);
    shape.push_back(TypeOf(value));
  }
  return absl::WebSafeBase64Escape(absl::StrCat(content, Seal(scope, absl::StrCat(content, shape))));
}

absl::StatusOr<std::optional<PageKey>> ParsePageToken(const PageScope& scope, absl::string_view token,
                                                      absl::string_view shape) {
  if (token.empty()) return std::nullopt;
  std::optional<PageKey> key = Decode(scope, token, shape);
  if (!key) {
    FieldViolations bad;
    bad.Add("page_token", "is not a token of this list with this filter and order; begin again without it");
    return bad.ToStatus("PAGE_TOKEN");
  }
  return key;
}

}  // namespace vinculo::api
