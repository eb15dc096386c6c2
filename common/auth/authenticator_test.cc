#include "common/auth/authenticator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "common/auth/auth_test_keys.h"
#include "common/auth/token_minter.h"
#include "common/status/error.h"

namespace vinculo::auth {
namespace {

using nlohmann::json;

const absl::Time kNow = absl::FromUnixSeconds(1700000000);

class FixedKeys final : public KeySource {
 public:
  explicit FixedKeys(const std::string& jwks) { Set(jwks); }
  void Set(const std::string& jwks) {
    keys_ = *KeySet::Parse(jwks);
    ++generation_;
  }
  std::shared_ptr<const KeySet> keys() const override { return keys_; }
  uint64_t generation() const override { return generation_; }

 private:
  std::shared_ptr<const KeySet> keys_;
  uint64_t generation_ = 0;
};

class AuthenticatorTest : public ::testing::Test {
 protected:
  static std::string Jwks(std::initializer_list<std::string> jwks) {
    json keys = json::array();
    for (const std::string& jwk : jwks) keys.push_back(json::parse(jwk));
    return json{{"keys", keys}}.dump();
  }
  TokenClaims Claims() const {
    return {.issuer = "https://id.example",
            .audience = "vinculo",
            .subject = "ana",
            .tenant = "demo",
            .roles = {"agent"},
            .issued_at = kNow};
  }
  json Payload() const {
    return {{"iss", "https://id.example"},
            {"aud", "vinculo"},
            {"sub", "ana"},
            {"tenant", "demo"},
            {"roles", {"agent"}},
            {"exp", absl::ToUnixSeconds(kNow) + 900}};
  }
  std::string Reason(const std::string& token) const {
    const auto principal = authenticator_.Authenticate(token);
    EXPECT_TRUE(principal.ok() || principal.status().code() == absl::StatusCode::kUnauthenticated);
    return principal.ok() ? "OK" : ErrorReason(principal.status());
  }
  json Header() const { return {{"alg", "EdDSA"}, {"kid", minter_->key_id()}}; }
  // Signed by the trusted key, with any header and payload.
  std::string Signed(const json& header, const json& payload) const {
    EvpKey key = *KeyFromPem(minter_->PrivatePem().Reveal());
    return MakeToken(header, payload, [&](const std::string& text) { return Sign(key.get(), nullptr, text); });
  }

  const std::shared_ptr<const TokenMinter> minter_ = TokenMinter::Generate();
  ManualClock clock_{kNow};
  FixedKeys keys_{Jwks({minter_->public_jwk()})};
  const Authenticator authenticator_{{.issuer = "https://id.example", .audience = "vinculo"}, &keys_, &clock_};
};

TEST_F(AuthenticatorTest, AcceptsMintedToken) {
  const auto principal = authenticator_.Authenticate(minter_->Mint(Claims()));
  ASSERT_TRUE(principal.ok()) << principal.status();
  EXPECT_EQ((*principal)->subject, "ana");
  EXPECT_EQ((*principal)->tenant, "demo");
  EXPECT_TRUE((*principal)->HasRole("agent"));
  EXPECT_FALSE((*principal)->HasRole("admin"));
}

TEST_F(AuthenticatorTest, RemembersVerifiedToken) {
  const std::string token = minter_->Mint(Claims());
  const auto first = authenticator_.Authenticate(token);
  const auto second = authenticator_.Authenticate(token);
  EXPECT_EQ(first->get(), second->get()) << "verified twice";
}

TEST_F(AuthenticatorTest, RefusesExpiredEvenWhenRemembered) {
  const std::string token = minter_->Mint(Claims());
  EXPECT_EQ(Reason(token), "OK");
  clock_.Set(kNow + absl::Minutes(15) + absl::Seconds(4));
  EXPECT_EQ(Reason(token), "OK") << "within the leeway";
  clock_.Set(kNow + absl::Minutes(15) + absl::Seconds(5));
  EXPECT_EQ(Reason(token), "TOKEN_EXPIRED");
}

TEST_F(AuthenticatorTest, RefusesTokenBeforeItsTime) {
  TokenClaims claims = Claims();
  claims.issued_at = kNow + absl::Seconds(60);
  const std::string token = minter_->Mint(claims);
  EXPECT_EQ(Reason(token), "TOKEN_NOT_YET_VALID");
  clock_.Set(kNow + absl::Seconds(55));
  EXPECT_EQ(Reason(token), "OK");
}

TEST_F(AuthenticatorTest, RefusesForeignIssuerAndAudience) {
  TokenClaims claims = Claims();
  claims.issuer = "https://evil.example";
  EXPECT_EQ(Reason(minter_->Mint(claims)), "TOKEN_WRONG_ISSUER");
  claims = Claims();
  claims.audience = "billing";
  EXPECT_EQ(Reason(minter_->Mint(claims)), "TOKEN_WRONG_AUDIENCE");
}

TEST_F(AuthenticatorTest, AcceptsOneOfSeveralAudiences) {
  json payload = Payload();
  payload["aud"] = {"billing", "vinculo"};
  EXPECT_EQ(Reason(Signed(Header(), payload)), "OK");
}

TEST_F(AuthenticatorTest, RefusesAlgorithmNone) {
  for (const char* none : {"none", "None", "NONE", ""}) {
    EXPECT_EQ(Reason(MakeToken({{"alg", none}, {"kid", minter_->key_id()}}, Payload(),
                               [](const std::string&) { return ""; })),
              "TOKEN_INVALID")
        << none;
  }
}

TEST_F(AuthenticatorTest, RefusesPublicKeyUsedAsSharedSecret) {
  EvpKey rsa(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", size_t{2048}));
  const std::string pem = Pem(rsa.get());
  const json jwk = *JwkFromKey(rsa.get());
  keys_.Set(Jwks({jwk.dump()}));
  const auto hmac = [&](const std::string& text) {
    std::string mac(32, '\0');
    unsigned int size = 32;
    HMAC(EVP_sha256(), pem.data(), static_cast<int>(pem.size()), reinterpret_cast<const unsigned char*>(text.data()),
         text.size(), reinterpret_cast<unsigned char*>(mac.data()), &size);
    return mac;
  };
  EXPECT_EQ(Reason(MakeToken({{"alg", "HS256"}, {"kid", jwk["kid"]}}, Payload(), hmac)), "TOKEN_INVALID");
  EXPECT_EQ(Reason(MakeToken({{"alg", "RS256"}, {"kid", jwk["kid"]}}, Payload(), hmac)), "TOKEN_INVALID");
}

TEST_F(AuthenticatorTest, RefusesWrongKeyAndUnknownKey) {
  const auto stranger = TokenMinter::Generate();
  EXPECT_EQ(Reason(stranger->Mint(Claims())), "TOKEN_UNKNOWN_KEY");
  EvpKey other = *KeyFromPem(stranger->PrivatePem().Reveal());
  EXPECT_EQ(Reason(MakeToken(Header(), Payload(), [&](const std::string& t) { return Sign(other.get(), nullptr, t); })),
            "TOKEN_INVALID")
      << "signed by another key under a trusted key's id";
  EXPECT_EQ(Reason(Signed({{"alg", "EdDSA"}}, Payload())), "TOKEN_UNKNOWN_KEY") << "no key id";
  EXPECT_EQ(Reason(Signed({{"alg", "ES256"}, {"kid", minter_->key_id()}}, Payload())), "TOKEN_UNKNOWN_KEY")
      << "the key is for another algorithm";
}

TEST_F(AuthenticatorTest, RevokesTokensOfRemovedKey) {
  const auto next = TokenMinter::Generate();
  keys_.Set(Jwks({minter_->public_jwk(), next->public_jwk()}));
  const std::string old_token = minter_->Mint(Claims());
  const std::string new_token = next->Mint(Claims());
  EXPECT_EQ(Reason(old_token), "OK");
  EXPECT_EQ(Reason(new_token), "OK");
  keys_.Set(Jwks({next->public_jwk()}));
  EXPECT_EQ(Reason(old_token), "TOKEN_UNKNOWN_KEY");
  EXPECT_EQ(Reason(new_token), "OK");
}

TEST_F(AuthenticatorTest, AcceptsEs256AndRs256) {
  EvpKey ec(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  EvpKey rsa(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", size_t{2048}));
  const json ec_jwk = *JwkFromKey(ec.get());
  const json rsa_jwk = *JwkFromKey(rsa.get());
  keys_.Set(Jwks({ec_jwk.dump(), rsa_jwk.dump()}));
  const auto ec_sign = [&](const std::string& text) { return EcdsaRaw(Sign(ec.get(), EVP_sha256(), text)); };
  const auto rsa_sign = [&](const std::string& text) { return Sign(rsa.get(), EVP_sha256(), text); };
  EXPECT_EQ(Reason(MakeToken({{"alg", "ES256"}, {"kid", ec_jwk["kid"]}}, Payload(), ec_sign)), "OK");
  EXPECT_EQ(Reason(MakeToken({{"alg", "RS256"}, {"kid", rsa_jwk["kid"]}}, Payload(), rsa_sign)), "OK");
  EXPECT_EQ(Reason(MakeToken({{"alg", "ES256"}, {"kid", ec_jwk["kid"]}}, Payload(),
                             [](const std::string&) { return std::string(64, '\0'); })),
            "TOKEN_INVALID")
      << "the signature of zeros";
}

TEST_F(AuthenticatorTest, RefusesMissingAndOversized) {
  EXPECT_EQ(Reason(""), "TOKEN_MISSING");
  EXPECT_EQ(Reason(std::string(8193, 'a')), "TOKEN_TOO_LARGE");
}

TEST_F(AuthenticatorTest, RefusesGarbage) {
  for (const char* garbage :
       {"a", ".", "..", "...", "a.b.c", "e30.e30.", "e30.e30.e30", "bnVsbA.bnVsbA.bnVsbA", "\xff.\xff.\xff"}) {
    EXPECT_NE(Reason(garbage), "OK") << garbage;
  }
  const std::string good = minter_->Mint(Claims());
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = bad[i] == 'A' ? 'B' : 'A';
    EXPECT_NE(Reason(bad), "OK") << "byte " << i << " was changed";
  }
  EXPECT_NE(Reason(good + "="), "OK");
  EXPECT_NE(Reason(good + ".x"), "OK");
}

TEST_F(AuthenticatorTest, RefusesIncompleteClaims) {
  for (const char* claim : {"iss", "aud", "sub", "tenant", "roles", "exp"}) {
    json payload = Payload();
    payload.erase(claim);
    EXPECT_EQ(Reason(Signed(Header(), payload)), "TOKEN_INVALID") << "without " << claim;
    payload[claim] = nullptr;
    EXPECT_EQ(Reason(Signed(Header(), payload)), "TOKEN_INVALID") << claim << " is null";
  }
  for (const json& change :
       {json{{"tenant", "Not A Slug"}}, json{{"tenant", "_system"}}, json{{"roles", "admin"}}, json{{"roles", {1}}},
        json{{"exp", "soon"}}, json{{"exp", 1e300}}, json{{"exp", -1}}, json{{"nbf", "now"}}, json{{"sub", ""}}}) {
    json payload = Payload();
    payload.update(change);
    EXPECT_EQ(Reason(Signed(Header(), payload)), "TOKEN_INVALID") << change.dump();
  }
}

TEST_F(AuthenticatorTest, RefusesCriticalExtensionsAndOtherTypes) {
  json header = Header();
  header["crit"] = {"b64"};
  EXPECT_EQ(Reason(Signed(header, Payload())), "TOKEN_INVALID");
  header = Header();
  header["typ"] = "dpop+jwt";
  EXPECT_EQ(Reason(Signed(header, Payload())), "TOKEN_INVALID");
}

TEST_F(AuthenticatorTest, StaysBoundedUnderManyTokens) {
  const Authenticator small({.issuer = "https://id.example", .audience = "vinculo", .max_remembered = 16}, &keys_,
                            &clock_);
  TokenClaims claims = Claims();
  for (int i = 0; i < 100; ++i) {
    claims.subject = absl::StrCat("user-", i);
    const auto principal = small.Authenticate(minter_->Mint(claims));
    ASSERT_TRUE(principal.ok());
    EXPECT_EQ((*principal)->subject, claims.subject);
  }
}

}  // namespace
}  // namespace vinculo::auth
