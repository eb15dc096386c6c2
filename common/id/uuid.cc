#include "common/id/uuid.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "absl/random/random.h"
#include "absl/strings/ascii.h"

namespace vinculo {
namespace {

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Milliseconds in the upper 48 bits, a counter in the lower 12, strictly rising: never back, whatever the clock does.
uint64_t NextTick(absl::Time now) {
  static std::atomic<uint64_t> last{0};
  const uint64_t tick = static_cast<uint64_t>(absl::ToUnixMillis(now)) << 12;
  uint64_t previous = last.load(std::memory_order_relaxed);
  uint64_t next;
  do {
    next = tick > previous ? tick : previous + 1;
  } while (!last.compare_exchange_weak(previous, next, std::memory_order_relaxed));
  return next;
}

}  // namespace

Uuid Uuid::New(absl::Time now) {
  thread_local absl::InsecureBitGen random;
  const uint64_t tick = NextTick(now);
  const uint64_t high = (tick >> 12 << 16) | 0x7000 | (tick & 0xfff);
  const uint64_t low = (absl::Uniform<uint64_t>(random) & 0x3fffffffffffffffULL) | 0x8000000000000000ULL;
  Uuid id;
  for (int i = 0; i < 8; ++i) {
    id.bytes_[i] = static_cast<uint8_t>(high >> (56 - 8 * i));
    id.bytes_[8 + i] = static_cast<uint8_t>(low >> (56 - 8 * i));
  }
  return id;
}

Uuid Uuid::LeastAt(absl::Time at) {
  const uint64_t millis = static_cast<uint64_t>(std::max<int64_t>(0, absl::ToUnixMillis(at)));
  Uuid id;
  for (int i = 0; i < 6; ++i) id.bytes_[i] = static_cast<uint8_t>(millis >> (40 - 8 * i));
  return id;
}

std::optional<Uuid> Uuid::Parse(absl::string_view text) {
  if (text.size() != 36) return std::nullopt;
  Uuid id;
  size_t byte = 0;
  for (size_t i = 0; i < 36;) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (text[i++] != '-') return std::nullopt;
      continue;
    }
    const int high = HexValue(text[i]);
    const int low = HexValue(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    id.bytes_[byte++] = static_cast<uint8_t>(high << 4 | low);
    i += 2;
  }
  return id;
}

std::optional<Uuid> Uuid::FromBytes(absl::string_view bytes) {
  if (bytes.size() != 16) return std::nullopt;
  Uuid id;
  std::memcpy(id.bytes_.data(), bytes.data(), 16);
  return id;
}

std::string Uuid::ToString() const {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text.push_back('-');
    text.push_back(kHex[bytes_[i] >> 4]);
    text.push_back(kHex[bytes_[i] & 15]);
  }
  return text;
}

bool IsSlug(absl::string_view text) {
  if (text.empty() || text.size() > 64 || !absl::ascii_islower(text[0])) return false;
  for (const char c : text) {
    if (!absl::ascii_islower(c) && !absl::ascii_isdigit(c) && c != '_' && c != '-') return false;
  }
  return true;
}

}  // namespace vinculo
