#include "common/sql/postgres_row.h"

#include <endian.h>

#include <bit>
#include <cmath>
#include <cstring>

namespace vinculo::sql {
namespace {

template <class T>
T Load(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(value));
  return value;
}
uint16_t Load16(const char* bytes) { return be16toh(Load<uint16_t>(bytes)); }
uint32_t Load32(const char* bytes) { return be32toh(Load<uint32_t>(bytes)); }
uint64_t Load64(const char* bytes) { return be64toh(Load<uint64_t>(bytes)); }

// numeric on the wire (PostgreSQL's numeric_send): counts and flags, then digits of base 10,000, the first of which
// counts 10,000^weight.
struct Numeric {
  explicit Numeric(const char* bytes)
      : digits(Load16(bytes)),
        weight(static_cast<int16_t>(Load16(bytes + 2))),
        negative(Load16(bytes + 4) == 0x4000),
        first(bytes + 8) {}
  int64_t Digit(int at) const { return at < digits ? Load16(first + 2 * at) : 0; }

  int digits;
  int weight;
  bool negative;
  const char* first;
};

int64_t NumericAsInt(const char* bytes) {
  const Numeric numeric(bytes);
  int64_t value = 0;
  for (int i = 0; i <= numeric.weight; ++i) value = value * 10'000 + numeric.Digit(i);
  return numeric.negative ? -value : value;
}

double NumericAsDouble(const char* bytes) {
  const Numeric numeric(bytes);
  double value = 0;
  for (int i = 0; i < numeric.digits; ++i)
    value += static_cast<double>(numeric.Digit(i)) * std::pow(10'000.0, numeric.weight - i);
  return numeric.negative ? -value : value;
}

}  // namespace

int64_t PostgresRow::Int(int column) const {
  if (IsNull(column)) return 0;
  const char* bytes = PQgetvalue(result_, row_, column);
  switch (PQftype(result_, column)) {
    case kPgInt8:
      return static_cast<int64_t>(Load64(bytes));
    case kPgInt4:
      return static_cast<int32_t>(Load32(bytes));
    case kPgInt2:
      return static_cast<int16_t>(Load16(bytes));
    case kPgBool:
      return *bytes != 0 ? 1 : 0;
    case kPgNumeric:
      return NumericAsInt(bytes);
    case kPgFloat8:
      return static_cast<int64_t>(Double(column));
    default:
      return 0;
  }
}

double PostgresRow::Double(int column) const {
  if (IsNull(column)) return 0;
  const char* bytes = PQgetvalue(result_, row_, column);
  switch (PQftype(result_, column)) {
    case kPgFloat8:
      return std::bit_cast<double>(Load64(bytes));
    case kPgNumeric:
      return NumericAsDouble(bytes);
    default:
      return static_cast<double>(Int(column));
  }
}

}  // namespace vinculo::sql
