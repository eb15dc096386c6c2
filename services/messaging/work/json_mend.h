#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace vinculo::messaging {

// JSON of strangers that a strict reader refuses as a whole for one bad value: numbers beyond a double become 0, bytes
// that are no UTF-8, halves of surrogate pairs and bare control characters within text become U+FFFD. What is broken in
// its structure stays broken.
std::string MendJson(absl::string_view text);

}  // namespace vinculo::messaging
