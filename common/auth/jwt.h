#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/auth/key_set.h"
#include "common/auth/principal.h"

namespace vinculo::auth {

// Longer tokens are refused before they are looked at.
inline constexpr size_t kMaxTokenBytes = 8192;

// What a token with a good signature says.
struct JwtClaims {
  Principal principal;
  std::string issuer;
  std::vector<std::string> audiences;
  absl::Time expires;
  absl::Time not_before = absl::InfinitePast();
};

// Checks form and signature of a compact JWS (RFC 7515, 7519). Only EdDSA, ES256 and RS256 with a key of `keys` of that
// very algorithm; `none`, the HS family and critical extensions are refused. Issuer, audience and times are the
// caller's business. UNAUTHENTICATED TOKEN_INVALID or TOKEN_UNKNOWN_KEY; the text of the token is never part of a
// message.
absl::StatusOr<JwtClaims> VerifyJwt(absl::string_view token, const KeySet& keys);

}  // namespace vinculo::auth
