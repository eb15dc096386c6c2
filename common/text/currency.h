#pragma once

#include "absl/strings/string_view.h"

namespace vinculo::text {

// Decimal places of the minor unit of an ISO 4217 currency: 2 for USD, 0 for CLP, 3 for KWD. 2 for an unknown code.
int CurrencyDigits(absl::string_view currency);

}  // namespace vinculo::text
