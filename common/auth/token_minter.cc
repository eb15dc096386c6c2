#include "common/auth/token_minter.h"

#include <openssl/pem.h>

#include <fstream>
#include <sstream>

#include "common/auth/jwk.h"
#include "common/json/json_text.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"

namespace vinculo::auth {
namespace {

using nlohmann::json;

}  // namespace

absl::StatusOr<std::shared_ptr<const TokenMinter>> TokenMinter::FromPem(absl::string_view pem) {
  ASSIGN_OR_RETURN(EvpKey key, KeyFromPem(pem));
  size_t private_bytes = 0;
  if (!EVP_PKEY_is_a(key.get(), "ED25519") || EVP_PKEY_get_raw_private_key(key.get(), nullptr, &private_bytes) != 1) {
    return Error(absl::StatusCode::kInvalidArgument, "INVALID_KEY", "tokens are signed with an Ed25519 private key");
  }
  return FromKey(std::move(key));
}

absl::StatusOr<std::shared_ptr<const TokenMinter>> TokenMinter::FromFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error(absl::StatusCode::kNotFound, "KEY_NOT_FOUND", absl::StrCat("cannot read the key ", path));
  std::stringstream text;
  text << file.rdbuf();
  return FromPem(text.str());
}

std::shared_ptr<const TokenMinter> TokenMinter::Generate() {
  return *FromKey(EvpKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")));
}

absl::StatusOr<std::shared_ptr<const TokenMinter>> TokenMinter::FromKey(EvpKey key) {
  ASSIGN_OR_RETURN(const json jwk, JwkFromKey(key.get()));
  std::shared_ptr<TokenMinter> minter(new TokenMinter());
  minter->key_ = std::move(key);
  minter->key_id_ = jwk["kid"].get<std::string>();
  minter->public_jwk_ = jwk.dump();
  minter->header_ = Base64Url(DumpJson({{"alg", "EdDSA"}, {"kid", minter->key_id_}, {"typ", "JWT"}}));
  return minter;
}

std::string TokenMinter::Mint(const TokenClaims& claims) const {
  const int64_t issued = absl::ToUnixSeconds(claims.issued_at);
  const json payload = {{"iss", claims.issuer},  {"aud", claims.audience},
                        {"sub", claims.subject}, {"tenant", claims.tenant},
                        {"roles", claims.roles}, {"iat", issued},
                        {"nbf", issued},         {"exp", absl::ToUnixSeconds(claims.issued_at + claims.lifetime)}};
  std::string token = absl::StrCat(header_, ".", Base64Url(DumpJson(payload)));
  std::string signature(64, '\0');
  size_t size = signature.size();
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  EVP_DigestSignInit(context, nullptr, nullptr, nullptr, key_.get());
  EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size,
                 reinterpret_cast<const unsigned char*>(token.data()), token.size());
  EVP_MD_CTX_free(context);
  absl::StrAppend(&token, ".", Base64Url(signature));
  return token;
}

Secret TokenMinter::PrivatePem() const {
  BIO* const bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(bio, key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);  // NOLINT(google-runtime-int): OpenSSL's type
  std::string pem(data, static_cast<size_t>(size));
  BIO_free(bio);
  return Secret(std::move(pem));
}

absl::StatusOr<std::string> MakeJwks(const std::vector<std::string>& pems) {
  json keys = json::array();
  for (size_t i = 0; i < pems.size(); ++i) {
    const absl::StatusOr<EvpKey> key = KeyFromPem(pems[i]);
    absl::StatusOr<json> jwk = key.ok() ? JwkFromKey(key->get()) : key.status();
    if (!jwk.ok()) {
      return Error(absl::StatusCode::kInvalidArgument, "INVALID_KEY",
                   absl::StrCat("key ", i + 1, ": ", jwk.status().message()));
    }
    keys.push_back(*std::move(jwk));
  }
  return json{{"keys", keys}}.dump(2) + "\n";
}

}  // namespace vinculo::auth
