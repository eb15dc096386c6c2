#include "tests/sandbox/signature.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace vinculo::sandbox {
namespace {

std::string HmacSha256(absl::string_view key, absl::string_view data) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(data.data()),
       data.size(), digest, &size);
  return std::string(reinterpret_cast<char*>(digest), size);
}

}  // namespace

std::string HubSignature(absl::string_view secret, absl::string_view body) {
  return absl::StrCat("sha256=", absl::BytesToHexString(HmacSha256(secret, body)));
}

bool StandardWebhookSignatureValid(absl::string_view secret, absl::string_view id, absl::string_view timestamp,
                                   absl::string_view body, absl::string_view header) {
  std::string key;
  if (!absl::ConsumePrefix(&secret, "whsec_") || !absl::Base64Unescape(secret, &key)) return false;
  const std::string signed_text = absl::StrCat(id, ".", timestamp, ".", body);
  const std::string expected = absl::StrCat("v1,", absl::Base64Escape(HmacSha256(key, signed_text)));
  for (absl::string_view one : absl::StrSplit(header, ' ', absl::SkipEmpty())) {
    if (one == expected) return true;
  }
  return false;
}

}  // namespace vinculo::sandbox
