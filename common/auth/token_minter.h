#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/auth/key_set.h"
#include "common/flags/secret.h"

namespace vinculo::auth {

// What a token says.
struct TokenClaims {
  std::string issuer;
  std::string audience;
  std::string subject;
  std::string tenant;
  std::vector<std::string> roles;
  absl::Time issued_at;
  absl::Duration lifetime = absl::Minutes(15);
};

// Signs tokens with an Ed25519 private key. Immutable and thread-safe. The key never leaves it.
class TokenMinter {
 public:
  // From PKCS #8 PEM. INVALID_ARGUMENT when it is no Ed25519 private key. The key id is the RFC 7638 thumbprint.
  static absl::StatusOr<std::shared_ptr<const TokenMinter>> FromPem(absl::string_view pem);
  static absl::StatusOr<std::shared_ptr<const TokenMinter>> FromFile(const std::string& path);
  // A new key, for tests and `vinculoctl token key`.
  static std::shared_ptr<const TokenMinter> Generate();

  // The compact JWT (RFC 7519, EdDSA).
  std::string Mint(const TokenClaims& claims) const;

  const std::string& key_id() const { return key_id_; }
  // The public half as a member of a JWKS `keys` array.
  const std::string& public_jwk() const { return public_jwk_; }
  // The private key as PKCS #8 PEM, to be written to a file of mode 0600 and nowhere else.
  Secret PrivatePem() const;

 private:
  TokenMinter() = default;
  static absl::StatusOr<std::shared_ptr<const TokenMinter>> FromKey(EvpKey key);

  EvpKey key_;
  std::string key_id_;
  std::string public_jwk_;
  std::string header_;  // the first part of every token
};

// A JWKS with the public keys of PEM files, private or public, of the three kinds that are accepted. INVALID_ARGUMENT
// names the one that cannot be used.
absl::StatusOr<std::string> MakeJwks(const std::vector<std::string>& pems);

}  // namespace vinculo::auth
