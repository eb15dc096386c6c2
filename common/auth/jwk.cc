#include "common/auth/jwk.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include <array>
#include <memory>

#include "absl/strings/escaping.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"

namespace vinculo::auth {
namespace {

using nlohmann::json;

constexpr int kLeastRsaBits = 2048;
constexpr int kMostRsaBits = 8192;
constexpr size_t kCoordinateBytes = 32;  // of P-256 and Ed25519

absl::Status BadKey(absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, "INVALID_KEY_SET", message);
}

struct Free {
  void operator()(OSSL_PARAM_BLD* builder) const { OSSL_PARAM_BLD_free(builder); }
  void operator()(OSSL_PARAM* params) const { OSSL_PARAM_free(params); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(BIGNUM* number) const { BN_free(number); }
  void operator()(BIO* bio) const { BIO_free(bio); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

std::string Text(const json& object, const char* name) {
  const auto it = object.find(name);
  return it != object.end() && it->is_string() ? it->get<std::string>() : "";
}

absl::StatusOr<std::string> Bytes(const json& jwk, const char* name) {
  auto bytes = FromBase64Url(Text(jwk, name));
  if (!bytes || bytes->empty()) return BadKey(absl::StrCat("a key's `", name, "` is missing or not base64url"));
  return *std::move(bytes);
}

EvpKey Build(const char* type, OSSL_PARAM_BLD* builder) {
  const Owned<OSSL_PARAM> params(OSSL_PARAM_BLD_to_param(builder));
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    return nullptr;
  }
  EvpKey owned(key);
  const Owned<EVP_PKEY_CTX> check(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  return check && EVP_PKEY_public_check(check.get()) == 1 ? std::move(owned) : nullptr;
}

absl::StatusOr<EvpKey> EcKey(const json& jwk) {
  ASSIGN_OR_RETURN(const std::string x, Bytes(jwk, "x"));
  ASSIGN_OR_RETURN(const std::string y, Bytes(jwk, "y"));
  if (x.size() != kCoordinateBytes || y.size() != kCoordinateBytes)
    return BadKey("a P-256 coordinate has not 32 bytes");
  const std::string point = absl::StrCat("\x04", x, y);
  const Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  EvpKey key = Build("EC", builder.get());
  if (!key) return BadKey("a P-256 key is not a point of the curve");
  return key;
}

absl::StatusOr<EvpKey> RsaKey(const json& jwk) {
  ASSIGN_OR_RETURN(const std::string n, Bytes(jwk, "n"));
  ASSIGN_OR_RETURN(const std::string e, Bytes(jwk, "e"));
  const auto number = [](const std::string& bytes) {
    return Owned<BIGNUM>(
        BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()), nullptr));
  };
  const Owned<BIGNUM> modulus = number(n);
  const Owned<BIGNUM> exponent = number(e);
  const int bits = BN_num_bits(modulus.get());
  if (bits < kLeastRsaBits || bits > kMostRsaBits)
    return BadKey(absl::StrCat("an RSA key has ", bits, " bits; 2048 to 8192 are accepted"));
  const Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get());
  EvpKey key = Build("RSA", builder.get());
  if (!key) return BadKey("an RSA key is not one");
  return key;
}

absl::StatusOr<EvpKey> EdKey(const json& jwk) {
  ASSIGN_OR_RETURN(const std::string x, Bytes(jwk, "x"));
  if (x.size() != kCoordinateBytes) return BadKey("an Ed25519 key has not 32 bytes");
  EvpKey key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(x.data()),
                                         x.size()));
  if (!key) return BadKey("an Ed25519 key is not one");
  return key;
}

std::string BigNumber(EVP_PKEY* key, const char* name, size_t least_bytes) {
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &raw) != 1) return "";
  const Owned<BIGNUM> number(raw);
  std::string bytes(std::max<size_t>(least_bytes, BN_num_bytes(number.get())), '\0');
  BN_bn2binpad(number.get(), reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  return bytes;
}

bool IsP256(EVP_PKEY* key) {
  std::array<char, 64> group{};
  return EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group.data(), group.size(), nullptr) == 1 &&
         absl::string_view(group.data()) == "prime256v1";
}

}  // namespace

std::string Digest(absl::string_view bytes) {
  std::string digest(32, '\0');
  EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), nullptr, EVP_sha256(),
             nullptr);
  return digest;
}

std::string Base64Url(absl::string_view bytes) { return absl::WebSafeBase64Escape(bytes); }

std::optional<std::string> FromBase64Url(absl::string_view text) {
  std::string bytes;
  // Escaping again refuses padding, line breaks and stray bits, so that every value has one spelling.
  if (!absl::WebSafeBase64Unescape(text, &bytes) || absl::WebSafeBase64Escape(bytes) != text) return std::nullopt;
  return bytes;
}

absl::StatusOr<std::optional<KeySet::Key>> KeyFromJwk(const json& jwk) {
  if (!jwk.is_object()) return BadKey("a key is not an object");
  if (jwk.contains("d") || jwk.contains("k"))
    return BadKey("the key set holds a private or shared key; keep public keys only");
  const std::string kind = Text(jwk, "kty");
  const std::string curve = Text(jwk, "crv");
  const std::string use = Text(jwk, "use");
  const std::string algorithm = Text(jwk, "alg");
  if (!use.empty() && use != "sig") return std::nullopt;
  KeySet::Key key;
  if (kind == "OKP" && curve == "Ed25519" && (algorithm.empty() || algorithm == "EdDSA")) {
    key.algorithm = Algorithm::kEdDsa;
    ASSIGN_OR_RETURN(key.key, EdKey(jwk));
  } else if (kind == "EC" && curve == "P-256" && (algorithm.empty() || algorithm == "ES256")) {
    key.algorithm = Algorithm::kEs256;
    ASSIGN_OR_RETURN(key.key, EcKey(jwk));
  } else if (kind == "RSA" && (algorithm.empty() || algorithm == "RS256")) {
    key.algorithm = Algorithm::kRs256;
    ASSIGN_OR_RETURN(key.key, RsaKey(jwk));
  } else {
    return std::nullopt;
  }
  key.id = Text(jwk, "kid");
  if (key.id.empty()) return BadKey("a key has no `kid`");
  return key;
}

absl::StatusOr<json> JwkFromKey(EVP_PKEY* key) {
  json jwk;  // ordered by name, as the thumbprint wants it
  std::string algorithm;
  if (EVP_PKEY_is_a(key, "ED25519")) {
    std::string x(kCoordinateBytes, '\0');
    size_t size = x.size();
    EVP_PKEY_get_raw_public_key(key, reinterpret_cast<unsigned char*>(x.data()), &size);
    jwk = {{"crv", "Ed25519"}, {"kty", "OKP"}, {"x", Base64Url(x)}};
    algorithm = "EdDSA";
  } else if (EVP_PKEY_is_a(key, "EC") && IsP256(key)) {
    jwk = {{"crv", "P-256"},
           {"kty", "EC"},
           {"x", Base64Url(BigNumber(key, OSSL_PKEY_PARAM_EC_PUB_X, kCoordinateBytes))},
           {"y", Base64Url(BigNumber(key, OSSL_PKEY_PARAM_EC_PUB_Y, kCoordinateBytes))}};
    algorithm = "ES256";
  } else if (EVP_PKEY_is_a(key, "RSA") && EVP_PKEY_get_bits(key) >= kLeastRsaBits) {
    jwk = {{"e", Base64Url(BigNumber(key, OSSL_PKEY_PARAM_RSA_E, 1))},
           {"kty", "RSA"},
           {"n", Base64Url(BigNumber(key, OSSL_PKEY_PARAM_RSA_N, 1))}};
    algorithm = "RS256";
  } else {
    return BadKey("only Ed25519, P-256 and RSA keys of at least 2048 bits are accepted");
  }
  jwk["kid"] = Base64Url(Digest(jwk.dump()));
  jwk["use"] = "sig";
  jwk["alg"] = algorithm;
  return jwk;
}

absl::StatusOr<EvpKey> KeyFromPem(absl::string_view pem) {
  const auto read = [pem](auto reader) {
    const Owned<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    // An encrypted key has nobody to ask for its password: an empty one is given.
    return EvpKey(reader(
        bio.get(), nullptr, [](char*, int, int, void*) { return 0; }, nullptr));
  };
  EvpKey key = read(PEM_read_bio_PrivateKey);
  if (!key) key = read(PEM_read_bio_PUBKEY);
  if (!key) return Error(absl::StatusCode::kInvalidArgument, "INVALID_KEY", "there is no PEM key that can be read");
  return key;
}

}  // namespace vinculo::auth
