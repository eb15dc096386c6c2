#include "common/auth/jwt.h"

#include <openssl/ecdsa.h>
#include <openssl/evp.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "absl/strings/str_split.h"
#include "common/auth/jwk.h"
#include "common/id/uuid.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"

namespace vinculo::auth {
namespace {

using nlohmann::json;

constexpr size_t kMaxSubjectBytes = 256;
constexpr size_t kMaxRoles = 32;
constexpr double kLastTime = 253402300799.0;  // the end of the year 9999

absl::Status Invalid(absl::string_view message) {
  return Error(absl::StatusCode::kUnauthenticated, "TOKEN_INVALID", message);
}

std::optional<Algorithm> ParseAlgorithm(const json& value) {
  if (value == "EdDSA") return Algorithm::kEdDsa;
  if (value == "ES256") return Algorithm::kEs256;
  if (value == "RS256") return Algorithm::kRs256;
  return std::nullopt;
}

std::optional<json> ParseObject(absl::string_view encoded) {
  const auto text = FromBase64Url(encoded);
  if (!text) return std::nullopt;
  json object = json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return std::nullopt;
  return object;
}

const json* Member(const json& object, const char* name) {
  const auto it = object.find(name);
  return it == object.end() ? nullptr : &*it;
}

// JWS carries r and s of an ECDSA signature side by side; OpenSSL wants them in DER.
std::string EcdsaToDer(absl::string_view raw) {
  if (raw.size() != 64) return "";
  const auto* bytes = reinterpret_cast<const unsigned char*>(raw.data());
  ECDSA_SIG* const signature = ECDSA_SIG_new();
  ECDSA_SIG_set0(signature, BN_bin2bn(bytes, 32, nullptr), BN_bin2bn(bytes + 32, 32, nullptr));
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(signature, &der);
  std::string result(reinterpret_cast<const char*>(der), size > 0 ? static_cast<size_t>(size) : 0);
  OPENSSL_free(der);
  ECDSA_SIG_free(signature);
  return result;
}

bool SignatureMatches(const KeySet::Key& key, absl::string_view signed_text, absl::string_view raw_signature) {
  const std::string signature =
      key.algorithm == Algorithm::kEs256 ? EcdsaToDer(raw_signature) : std::string(raw_signature);
  const EVP_MD* const digest = key.algorithm == Algorithm::kEdDsa ? nullptr : EVP_sha256();
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  const bool matches =
      EVP_DigestVerifyInit(context, nullptr, digest, nullptr, key.key.get()) == 1 &&
      EVP_DigestVerify(context, reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                       reinterpret_cast<const unsigned char*>(signed_text.data()), signed_text.size()) == 1;
  EVP_MD_CTX_free(context);
  return matches;
}

absl::StatusOr<const KeySet::Key*> FindKey(const json& header, const KeySet& keys) {
  if (header.contains("crit")) return Invalid("the token asks for extensions that are not supported");
  const json* const type = Member(header, "typ");
  if (type != nullptr && *type != "JWT" && *type != "at+jwt") return Invalid("this is not an access token");
  const json* const algorithm_name = Member(header, "alg");
  const auto algorithm = algorithm_name != nullptr ? ParseAlgorithm(*algorithm_name) : std::nullopt;
  if (!algorithm) return Invalid("only tokens signed with EdDSA, ES256 or RS256 are accepted");
  const json* const id = Member(header, "kid");
  const KeySet::Key* const key =
      id != nullptr && id->is_string() ? keys.Find(id->get<std::string>(), *algorithm) : nullptr;
  if (key == nullptr) {
    return Error(absl::StatusCode::kUnauthenticated, "TOKEN_UNKNOWN_KEY",
                 "the key that signed the token is not in the key set");
  }
  return key;
}

std::optional<absl::Time> ReadTime(const json& value) {
  if (!value.is_number()) return std::nullopt;
  const double seconds = value.get<double>();
  if (!(seconds >= 0 && seconds <= kLastTime)) return std::nullopt;
  return absl::UnixEpoch() + absl::Seconds(seconds);
}

// A list of strings, or one string where `single` says so; nullopt for anything else.
std::optional<std::vector<std::string>> ReadStrings(const json& value, bool single) {
  if (single && value.is_string()) return std::vector<std::string>{value.get<std::string>()};
  if (!value.is_array() || value.size() > kMaxRoles) return std::nullopt;
  std::vector<std::string> strings;
  for (const json& item : value) {
    if (!item.is_string()) return std::nullopt;
    strings.push_back(item.get<std::string>());
  }
  return strings;
}

absl::StatusOr<Principal> ReadPrincipal(const json& payload) {
  Principal principal;
  const json* const subject = Member(payload, "sub");
  if (subject != nullptr && subject->is_string()) principal.subject = subject->get<std::string>();
  if (principal.subject.empty() || principal.subject.size() > kMaxSubjectBytes)
    return Invalid("the token names no subject");
  const json* const tenant = Member(payload, "tenant");
  if (tenant != nullptr && tenant->is_string()) principal.tenant = tenant->get<std::string>();
  if (!IsSlug(principal.tenant)) return Invalid("the token names no tenant");
  const json* const roles = Member(payload, "roles");
  auto names = roles != nullptr ? ReadStrings(*roles, /*single=*/false) : std::nullopt;
  if (!names) return Invalid("the token has no list of roles");
  principal.roles = *std::move(names);
  return principal;
}

absl::StatusOr<JwtClaims> ReadClaims(const json& payload) {
  JwtClaims claims;
  ASSIGN_OR_RETURN(claims.principal, ReadPrincipal(payload));
  const json* const issuer = Member(payload, "iss");
  if (issuer == nullptr || !issuer->is_string()) return Invalid("the token names no issuer");
  claims.issuer = issuer->get<std::string>();
  const json* const audience = Member(payload, "aud");
  auto audiences = audience != nullptr ? ReadStrings(*audience, /*single=*/true) : std::nullopt;
  if (!audiences) return Invalid("the token names no audience");
  claims.audiences = *std::move(audiences);
  const json* const expires = Member(payload, "exp");
  const auto expiry = expires != nullptr ? ReadTime(*expires) : std::nullopt;
  if (!expiry) return Invalid("the token has no expiry");
  claims.expires = *expiry;
  if (const json* const not_before = Member(payload, "nbf"); not_before != nullptr) {
    const auto time = ReadTime(*not_before);
    if (!time) return Invalid("the token's `nbf` is not a time");
    claims.not_before = *time;
  }
  return claims;
}

}  // namespace

absl::StatusOr<JwtClaims> VerifyJwt(absl::string_view token, const KeySet& keys) {
  const std::vector<absl::string_view> parts = absl::StrSplit(token, '.');
  if (parts.size() != 3) return Invalid("this is not a token of three parts");
  const auto header = ParseObject(parts[0]);
  if (!header) return Invalid("the token's header cannot be read");
  ASSIGN_OR_RETURN(const KeySet::Key* const key, FindKey(*header, keys));
  const auto signature = FromBase64Url(parts[2]);
  if (!signature || !SignatureMatches(*key, token.substr(0, parts[0].size() + 1 + parts[1].size()), *signature)) {
    return Invalid("the token's signature does not match");
  }
  const auto payload = ParseObject(parts[1]);
  if (!payload) return Invalid("the token's claims cannot be read");
  return ReadClaims(*payload);
}

}  // namespace vinculo::auth
