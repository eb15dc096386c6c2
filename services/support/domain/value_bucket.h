#pragma once

#include <bit>
#include <cstdint>

namespace vinculo::support {

// Values are kept in buckets whose width grows with them (an eighth of a power of two), so that counts per bucket find
// the one that holds a wanted rank, and only its values are read: medians stay exact without walking all values. Rises
// with the value; 0..7 hold themselves. `value` >= 0.
constexpr int32_t ValueBucket(int64_t value) {
  if (value < 8) return static_cast<int32_t>(value < 0 ? 0 : value);
  const int exponent = std::bit_width(static_cast<uint64_t>(value)) - 4;
  return static_cast<int32_t>(8 * exponent + (value >> exponent));
}

}  // namespace vinculo::support
