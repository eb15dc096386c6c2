#include "services/messaging/domain/money.h"

#include <limits>

#include "common/text/currency.h"

namespace vinculo::messaging {
namespace {

constexpr int kMicroDigits = 6;

int64_t PowerOfTen(int n) {
  int64_t out = 1;
  for (; n > 0; --n) out *= 10;
  return out;
}

}  // namespace

int CurrencyDigits(absl::string_view currency) { return text::CurrencyDigits(currency); }

int64_t ToMinorUnits(int64_t micros, absl::string_view currency) {
  const int64_t unit = PowerOfTen(kMicroDigits - CurrencyDigits(currency));
  const int64_t whole = micros / unit, rest = micros % unit;
  return whole + (2 * rest >= unit ? 1 : 0) - (2 * rest < -unit ? 1 : 0);
}

int64_t FromMinorUnits(int64_t minor_units, absl::string_view currency) {
  int64_t out = 0;
  if (!__builtin_mul_overflow(minor_units, PowerOfTen(kMicroDigits - CurrencyDigits(currency)), &out)) return out;
  return minor_units < 0 ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max();
}

}  // namespace vinculo::messaging
