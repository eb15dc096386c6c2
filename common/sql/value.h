#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/id/uuid.h"

namespace vinculo::sql {

// Bytes to be bound as a BLOB. Does not own them.
struct Blob {
  absl::string_view bytes;
};

// A value on its way into a statement. Views only: it must not outlive what it was made from, which the call that binds
// it guarantees. Times are microseconds since 1970 UTC, durations microseconds, ids 16-byte blobs, booleans 0 or 1.
class Value {
 public:
  enum class Kind : uint8_t { kNull, kInteger, kReal, kText, kBlob };

  // What a statement takes is written as it is: tx.Exec(kInsert, tenant, name, now).
  // NOLINTBEGIN(google-explicit-constructor)
  Value() = default;
  Value(std::nullptr_t) {}
  template <std::integral I>
  Value(I value) : kind_(Kind::kInteger), integer_(static_cast<int64_t>(value)) {}
  template <class E>
  requires std::is_enum_v<E> Value(E value) : kind_(Kind::kInteger), integer_(static_cast<int64_t>(value)) {}
  Value(double value) : kind_(Kind::kReal), real_(value) {}
  Value(absl::string_view value) : kind_(Kind::kText), bytes_(value) {}
  Value(const std::string& value) : kind_(Kind::kText), bytes_(value) {}
  Value(const char* value) : kind_(Kind::kText), bytes_(value) {}
  Value(Blob value) : kind_(Kind::kBlob), bytes_(value.bytes) {}
  Value(const Uuid& value) : kind_(Kind::kBlob), bytes_(value.bytes()) {}
  Value(absl::Time value) : kind_(Kind::kInteger), integer_(absl::ToUnixMicros(value)) {}
  Value(absl::Duration value) : kind_(Kind::kInteger), integer_(absl::ToInt64Microseconds(value)) {}
  template <class T>
  Value(const std::optional<T>& value) : Value() {
    if (value) *this = Value(*value);
  }
  // NOLINTEND(google-explicit-constructor)

  Kind kind() const { return kind_; }
  int64_t integer() const { return integer_; }
  double real() const { return real_; }
  absl::string_view bytes() const { return bytes_; }

 private:
  Kind kind_ = Kind::kNull;
  union {
    int64_t integer_ = 0;
    double real_;
  };
  absl::string_view bytes_;
};

}  // namespace vinculo::sql
