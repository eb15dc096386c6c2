#include "common/auth/key_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstdio>
#include <fstream>

#include "common/auth/auth_test_keys.h"
#include "common/auth/authenticator.h"
#include "common/auth/token_minter.h"
#include "common/status/error.h"

namespace vinculo::auth {
namespace {

using nlohmann::json;

// A file that changes as a Kubernetes secret does: by rename.
class TempFile {
 public:
  TempFile() {
    char name[] = "/tmp/vinculo-keys-XXXXXX";
    directory_ = mkdtemp(name);
  }
  ~TempFile() {
    std::remove(path().c_str());
    std::remove(directory_.c_str());
  }
  std::string path() const { return directory_ + "/jwks.json"; }
  void Write(const std::string& text) const {
    const std::string next = path() + ".next";
    std::ofstream(next) << text;
    std::rename(next.c_str(), path().c_str());
  }

 private:
  std::string directory_;
};

std::string Jwks(const TokenMinter& minter) { return absl::StrCat("{\"keys\":[", minter.public_jwk(), "]}"); }

TEST(KeySet, SkipsForeignKindsAndUses) {
  const auto minter = TokenMinter::Generate();
  json encryption = json::parse(minter->public_jwk());
  encryption["use"] = "enc";
  encryption["kid"] = "enc";
  const json curve = {{"kty", "OKP"}, {"crv", "X25519"}, {"x", "AAAA"}, {"kid", "x"}};
  const auto set = KeySet::Parse(json{{"keys", {json::parse(minter->public_jwk()), encryption, curve}}}.dump());
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ((*set)->size(), 1u);
  EXPECT_NE((*set)->Find(minter->key_id(), Algorithm::kEdDsa), nullptr);
  EXPECT_EQ((*set)->Find(minter->key_id(), Algorithm::kRs256), nullptr);
}

TEST(KeySet, RefusesWhatCannotBeTrusted) {
  const json good = json::parse(TokenMinter::Generate()->public_jwk());
  const auto with = [&](const json& change) {
    json key = good;
    key.update(change);
    return json{{"keys", {key}}}.dump();
  };
  json nameless = good;
  nameless.erase("kid");
  EvpKey weak(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", size_t{1024}));
  for (const std::string& text :
       {std::string(""), std::string("[]"), std::string("{\"keys\":1}"), with({{"d", "secret"}}), with({{"x", "AAAA"}}),
        with({{"x", "%"}}), json{{"keys", {nameless}}}.dump(), json{{"keys", {good, good}}}.dump(),
        json{{"keys", {1}}}.dump(), with({{"kty", "EC"}, {"crv", "P-256"}, {"alg", "ES256"}, {"y", good["x"]}}),
        with({{"kty", "RSA"}, {"alg", "RS256"}, {"n", good["x"]}, {"e", "AQAB"}}),
        json{{"keys", {{{"kty", "oct"}, {"k", "c2VjcmV0"}, {"kid", "s"}}}}}.dump()}) {
    const auto set = KeySet::Parse(text);
    EXPECT_EQ(ErrorReason(set.status()), "INVALID_KEY_SET") << text;
  }
  EXPECT_FALSE(JwkFromKey(weak.get()).ok());
}

TEST(WatchedKeySet, SeesReplacedFileAndKeepsLastGoodOne) {
  TempFile file;
  EXPECT_EQ(ErrorReason(WatchedKeySet::Open(file.path()).status()), "KEY_SET_NOT_FOUND");
  const auto first = TokenMinter::Generate();
  const auto second = TokenMinter::Generate();
  file.Write(Jwks(*first));
  auto watched = WatchedKeySet::Open(file.path(), absl::InfiniteDuration());
  ASSERT_TRUE(watched.ok()) << watched.status();
  const uint64_t generation = (*watched)->generation();
  EXPECT_TRUE((*watched)->Refresh().ok());
  EXPECT_EQ((*watched)->generation(), generation) << "nothing changed";

  file.Write("{");
  EXPECT_FALSE((*watched)->Refresh().ok());
  EXPECT_NE((*watched)->keys()->Find(first->key_id(), Algorithm::kEdDsa), nullptr);
  EXPECT_EQ((*watched)->generation(), generation);

  file.Write(Jwks(*second));
  EXPECT_TRUE((*watched)->Refresh().ok());
  EXPECT_NE((*watched)->generation(), generation);
  EXPECT_EQ((*watched)->keys()->Find(first->key_id(), Algorithm::kEdDsa), nullptr);
  EXPECT_NE((*watched)->keys()->Find(second->key_id(), Algorithm::kEdDsa), nullptr);
}

TEST(WatchedKeySet, ThreadPicksUpChange) {
  TempFile file;
  const auto first = TokenMinter::Generate();
  const auto second = TokenMinter::Generate();
  file.Write(Jwks(*first));
  auto watched = WatchedKeySet::Open(file.path(), absl::Milliseconds(1));
  ASSERT_TRUE(watched.ok());
  file.Write(Jwks(*second));
  const absl::Time give_up = absl::Now() + absl::Seconds(30);
  while ((*watched)->keys()->Find(second->key_id(), Algorithm::kEdDsa) == nullptr) {
    ASSERT_LT(absl::Now(), give_up) << "the change was never seen";
    std::this_thread::yield();
  }
}

TEST(TokenMinter, ReadsItsOwnPem) {
  const auto minter = TokenMinter::Generate();
  const auto again = TokenMinter::FromPem(minter->PrivatePem().Reveal());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ((*again)->key_id(), minter->key_id());
  EvpKey ec(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  EXPECT_EQ(ErrorReason(TokenMinter::FromPem(Pem(ec.get())).status()), "INVALID_KEY");
  EXPECT_EQ(ErrorReason(TokenMinter::FromPem("nonsense").status()), "INVALID_KEY");
  EvpKey own = *KeyFromPem(minter->PrivatePem().Reveal());
  EXPECT_EQ(ErrorReason(TokenMinter::FromPem(Pem(own.get())).status()), "INVALID_KEY") << "a public key signs nothing";
  EXPECT_EQ(ErrorReason(TokenMinter::FromFile("/nowhere/key.pem").status()), "KEY_NOT_FOUND");
}

TEST(MakeJwks, HoldsEveryKindAndNoSecret) {
  const auto minter = TokenMinter::Generate();
  EvpKey ec(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  EvpKey rsa(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", size_t{2048}));
  const auto jwks = MakeJwks({minter->PrivatePem().Reveal(), Pem(ec.get()), Pem(rsa.get())});
  ASSERT_TRUE(jwks.ok()) << jwks.status();
  const auto set = KeySet::Parse(*jwks);
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ((*set)->size(), 3u);
  EXPECT_NE((*set)->Find(minter->key_id(), Algorithm::kEdDsa), nullptr);
  const json parsed = json::parse(*jwks);
  for (const json& key : parsed["keys"]) EXPECT_FALSE(key.contains("d"));
  EXPECT_THAT(std::string(MakeJwks({"nonsense"}).status().message()), ::testing::HasSubstr("key 1"));
}

// RFC 8037 appendix A.3: the thumbprint of its example key.
TEST(Jwk, ThumbprintIsThatOfTheRfc) {
  const json jwk = {
      {"kty", "OKP"}, {"crv", "Ed25519"}, {"x", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}, {"kid", "any"}};
  const auto key = KeyFromJwk(jwk);
  ASSERT_TRUE(key.ok() && key->has_value());
  EXPECT_EQ((*JwkFromKey((*key)->key.get()))["kid"], "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

}  // namespace
}  // namespace vinculo::auth
