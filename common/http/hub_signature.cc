#include "common/http/hub_signature.h"

#include "absl/strings/str_cat.h"
#include "common/http/crypto.h"
#include "common/status/error.h"

namespace vinculo::http {

std::string HubSignature(absl::string_view secret, absl::string_view raw_body) {
  return absl::StrCat("sha256=", crypto::HexEncode(crypto::HmacSha256(secret, raw_body)));
}

absl::Status VerifyHubSignature(absl::Span<const std::string> secrets, absl::string_view header,
                                absl::string_view raw_body) {
  if (header.empty()) {
    return Error(absl::StatusCode::kUnauthenticated, "SIGNATURE_MISSING", "the request carries no signature");
  }
  bool valid = false;
  for (const std::string& secret : secrets) {
    valid |= !secret.empty() && crypto::ConstantTimeEquals(header, HubSignature(secret, raw_body));
  }
  if (valid) return absl::OkStatus();
  return Error(absl::StatusCode::kPermissionDenied, "SIGNATURE_INVALID", "the signature does not fit the body");
}

}  // namespace vinculo::http
