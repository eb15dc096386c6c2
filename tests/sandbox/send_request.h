#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace vinculo::sandbox {

// The fields of a POST /{phone_number_id}/messages that the sandbox looks at for every message.
struct SendRequest {
  absl::string_view to;
  absl::string_view recipient;  // BSUID
  absl::string_view type;
  absl::string_view callback;  // biz_opaque_callback_data
  absl::string_view status;    // "read" in a read receipt
  absl::string_view template_name;
  absl::string_view language;
  int64_t body_parameters = 0;
  bool has_product = false;  // messaging_product is "whatsapp"
};

// Views point into `body`. False when it is not JSON.
bool ScanSendRequest(absl::string_view body, SendRequest* out);

// Only the digits of a phone number.
std::string DigitsOf(absl::string_view phone);

// What Meta would refuse in a free-form message: "" when it is fine, else the details of error 131009. `body` is the
// whole request.
std::string FreeFormProblem(absl::string_view body);

}  // namespace vinculo::sandbox
