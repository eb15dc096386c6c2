#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace vinculo {

// A 128-bit id: UUID text in the API, 16 bytes in a table. Ordered bytewise, which for version 7 is order of creation.
class Uuid {
 public:
  Uuid() = default;  // nil
  // From the canonical 36-character form, either case; nullopt for anything else.
  static std::optional<Uuid> Parse(absl::string_view text);
  // From exactly 16 bytes, as stored; nullopt for any other length.
  static std::optional<Uuid> FromBytes(absl::string_view bytes);
  // RFC 9562 version 7: milliseconds of `now`, a counter that keeps ids made by this process in order, and random bits.
  // Thread-safe.
  static Uuid New(absl::Time now);
  // The least of all version 7 ids made at `at` or later: where a range of them begins.
  static Uuid LeastAt(absl::Time at);

  std::string ToString() const;
  absl::string_view bytes() const { return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()}; }
  bool is_nil() const { return *this == Uuid(); }

  friend auto operator<=>(const Uuid&, const Uuid&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const Uuid& id) {
    return H::combine(std::move(h), id.bytes_);
  }

 private:
  std::array<uint8_t, 16> bytes_{};
};

// True for `[a-z][a-z0-9_-]{0,63}`: the names that people give.
bool IsSlug(absl::string_view text);

}  // namespace vinculo
