#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace vinculo::sandbox {

// `sha256=<hex>` over the body, as Meta signs its webhooks.
std::string HubSignature(absl::string_view secret, absl::string_view body);

// Whether one of the space-separated `v1,<base64>` signatures in `header` is that of "id.timestamp.body" under `secret`
// (Standard Webhooks; the secret is `whsec_<base64>`).
bool StandardWebhookSignatureValid(absl::string_view secret, absl::string_view id, absl::string_view timestamp,
                                   absl::string_view body, absl::string_view header);

}  // namespace vinculo::sandbox
