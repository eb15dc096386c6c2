#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace vinculo::http {

// The value of `X-Hub-Signature-256` (WhatsApp) and `X-Hub-Signature` (Jira): `sha256=` and the lower-case hex
// HMAC-SHA256 of the raw body.
std::string HubSignature(absl::string_view secret, absl::string_view raw_body);

// OK when `header` is the signature of `raw_body` under any of `secrets` (several while one is being replaced),
// compared in constant time. UNAUTHENTICATED `SIGNATURE_MISSING` when the header is empty, PERMISSION_DENIED
// `SIGNATURE_INVALID` when it is anything else.
absl::Status VerifyHubSignature(absl::Span<const std::string> secrets, absl::string_view header,
                                absl::string_view raw_body);

}  // namespace vinculo::http
