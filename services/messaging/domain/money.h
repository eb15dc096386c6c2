#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/strings/string_view.h"

namespace vinculo::messaging {

// Decimal places of a currency's minor unit: 2 for USD, 0 for CLP. 2 for a code that nobody knows.
int CurrencyDigits(absl::string_view currency);

// Millionths of the unit to minor units, half up: 5'000 of USD is 1, 4'999 is 0.
int64_t ToMinorUnits(int64_t micros, absl::string_view currency);
// The other way, exactly. Saturates.
int64_t FromMinorUnits(int64_t minor_units, absl::string_view currency);

// Exact sums, one for each currency: rounded once, when shown [M-119].
class MoneySums {
 public:
  void Add(const std::string& currency, int64_t micros) { micros_[currency] += micros; }
  // By currency, in millionths.
  const std::map<std::string, int64_t>& micros() const { return micros_; }

 private:
  std::map<std::string, int64_t> micros_;
};

}  // namespace vinculo::messaging
