#include "common/text/currency.h"

#include <unicode/ucurr.h>

#include <algorithm>
#include <array>

namespace vinculo::text {

int CurrencyDigits(absl::string_view currency) {
  constexpr size_t kLength = 3;
  if (currency.size() != kLength) return 2;
  std::array<UChar, kLength + 1> code{};
  std::copy(currency.begin(), currency.end(), code.begin());
  UErrorCode error = U_ZERO_ERROR;
  const int32_t digits = ucurr_getDefaultFractionDigits(code.data(), &error);
  return U_SUCCESS(error) ? digits : 2;
}

}  // namespace vinculo::text
