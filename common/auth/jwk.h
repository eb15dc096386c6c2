#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/auth/key_set.h"

// JSON Web Keys (RFC 7517) to OpenSSL's form and back, for the three kinds of key the suite accepts. Internal to
// common/auth.
namespace vinculo::auth {

// The public key of a JWK. Nullopt for a kind or use that is not ours; INVALID_ARGUMENT when it claims to be ours and
// is broken, weak or private.
absl::StatusOr<std::optional<KeySet::Key>> KeyFromJwk(const nlohmann::json& jwk);

// The public half as a JWK with `kid` (RFC 7638 thumbprint), `use` and `alg`. INVALID_ARGUMENT for a kind that is not
// accepted.
absl::StatusOr<nlohmann::json> JwkFromKey(EVP_PKEY* key);

// A private or public key from PEM. INVALID_ARGUMENT when there is none.
absl::StatusOr<EvpKey> KeyFromPem(absl::string_view pem);

// SHA-256, 32 bytes.
std::string Digest(absl::string_view bytes);

std::string Base64Url(absl::string_view bytes);
std::optional<std::string> FromBase64Url(absl::string_view text);

}  // namespace vinculo::auth
