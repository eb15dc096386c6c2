#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace vinculo::text {

// The *phone key* [M-06]: digits under which two spellings of one mobile are the same, and by which duplicates are
// found. Folds the Mexican 1 (+52 1 55... and +52 55...), the Brazilian ninth digit (+55 11 9 8... and +55 11 8...) and
// the Argentine 9
// (+54 9 11... and +54 11...). Takes E.164 or a wa_id, with or without '+'. Every other number is its own digits. Never
// dialled.
std::string PhoneKey(absl::string_view e164_or_wa_id);

}  // namespace vinculo::text
