#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/http/hub_signature.h"
#include "common/http/standard_webhooks.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace vinculo::http {
namespace {

using ::testing::Not;
using ::testing::StartsWith;
using ::vinculo::test::IsOk;
using ::vinculo::test::IsOkAndHolds;
using ::vinculo::test::StatusIs;

constexpr auto kDenied = absl::StatusCode::kPermissionDenied;
constexpr auto kUnauthenticated = absl::StatusCode::kUnauthenticated;

TEST(HubSignature, FitsTheVectors) {
  const std::vector<std::array<std::string, 3>> vectors = {
      {"secret", "test", "0329a06b62cd16b33eb6792be8c60b158d89a2ee3a876fce9a881ebb488c0914"},
      {"app-secret-for-tests", R"({"object":"whatsapp_business_account","entry":[]})",
       "1ca363dab318df784e1963b29dca91e2098e6cf2fbf0d3c14e09580a90684a61"},
      {"app-secret-for-tests", R"({"t":"caf\u00e9 \/ ok"})",
       "6ebc98d95d8c281c683ca1de6ca671eee9dc902b5f5064f7bf29bac00958f77c"},
      {"It's a Secret to Everybody", "Hello World!",
       "a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"}};
  for (const auto& [key, body, hex] : vectors) {
    EXPECT_EQ(HubSignature(key, body), "sha256=" + hex);
    EXPECT_OK(VerifyHubSignature({key}, "sha256=" + hex, body));
  }
}

TEST(HubSignature, RefusesWhatDoesNotFit) {
  const std::string good = HubSignature("secret", "body");
  EXPECT_THAT(VerifyHubSignature({"secret"}, "", "body"), StatusIs(kUnauthenticated, "SIGNATURE_MISSING"));
  for (const std::string& header : {good.substr(7), good + "0", good.substr(0, 70), "sha1=" + good.substr(7),
                                    "SHA256=" + good.substr(7), std::string("sha256=")}) {
    EXPECT_THAT(VerifyHubSignature({"secret"}, header, "body"), StatusIs(kDenied, "SIGNATURE_INVALID")) << header;
  }
  EXPECT_THAT(VerifyHubSignature({"secret"}, good, "body "), StatusIs(kDenied));
  EXPECT_THAT(VerifyHubSignature({"other"}, good, "body"), StatusIs(kDenied));
  EXPECT_THAT(VerifyHubSignature({}, good, "body"), StatusIs(kDenied));
}

TEST(HubSignature, AcceptsEitherSecretWhileOneIsReplaced) {
  EXPECT_OK(VerifyHubSignature({"new", "old"}, HubSignature("old", "body"), "body"));
  EXPECT_OK(VerifyHubSignature({"new", "old"}, HubSignature("new", "body"), "body"));
}

TEST(HubSignature, NeverTakesAnEmptySecret) {
  EXPECT_THAT(VerifyHubSignature({""}, HubSignature("", "body"), "body"), StatusIs(kDenied));
}

class StandardWebhooks : public ::testing::Test {
 protected:
  const std::string secret_ = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const std::string id_ = "msg_p5jXN8AQM9LWM0D4loKWxJek";
  const std::string timestamp_ = "1614265330";
  const absl::Time time_ = absl::FromUnixSeconds(1614265330);
  const std::string body_ = R"({"test": 2432232314})";
  const std::string signature_ = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

  absl::Status Verify(const std::string& id, const std::string& timestamp, const std::string& signature,
                      const std::string& body) {
    return VerifyWebhook({secret_}, id, timestamp, signature, body, time_);
  }
};

TEST_F(StandardWebhooks, FitsThePublishedVector) {
  EXPECT_THAT(SignWebhook(secret_, id_, time_, body_), IsOkAndHolds(signature_));
  EXPECT_OK(Verify(id_, timestamp_, signature_, body_));
}

TEST_F(StandardWebhooks, RefusesEveryTamperedByte) {
  const auto flipped = [](std::string text, size_t i) {
    text[i] = static_cast<char>(text[i] ^ 1);
    return text;
  };
  for (size_t i = 0; i < id_.size(); ++i)
    EXPECT_THAT(Verify(flipped(id_, i), timestamp_, signature_, body_), Not(IsOk()));
  for (size_t i = 0; i < body_.size(); ++i) {
    EXPECT_THAT(Verify(id_, timestamp_, signature_, flipped(body_, i)), Not(IsOk()));
  }
  for (size_t i = 0; i < timestamp_.size(); ++i) {
    EXPECT_THAT(Verify(id_, flipped(timestamp_, i), signature_, body_), Not(IsOk()));
  }
  for (size_t i = 0; i < signature_.size(); ++i) {
    EXPECT_THAT(Verify(id_, timestamp_, flipped(signature_, i), body_), Not(IsOk()));
  }
}

TEST_F(StandardWebhooks, HoldsToFiveMinutesEitherWay) {
  const auto at = [&](absl::Duration offset) {
    return VerifyWebhook({secret_}, id_, timestamp_, signature_, body_, time_ + offset);
  };
  EXPECT_OK(at(absl::Minutes(5)));
  EXPECT_OK(at(-absl::Minutes(5)));
  EXPECT_THAT(at(absl::Seconds(301)), StatusIs(kDenied, "TIMESTAMP_OUT_OF_RANGE"));
  EXPECT_THAT(at(-absl::Seconds(301)), StatusIs(kDenied, "TIMESTAMP_OUT_OF_RANGE"));
}

TEST_F(StandardWebhooks, RefusesTimestampsThatAreNone) {
  for (const std::string timestamp :
       {"now", "-1", "+1614265330", " 1614265330", "01614265330", "1614265330.0", "99999999999999"}) {
    EXPECT_THAT(Verify(id_, timestamp, signature_, body_), StatusIs(kDenied, "TIMESTAMP_OUT_OF_RANGE")) << timestamp;
  }
}

TEST_F(StandardWebhooks, NamesWhatIsMissing) {
  EXPECT_THAT(Verify("", timestamp_, signature_, body_), StatusIs(kUnauthenticated, "SIGNATURE_MISSING"));
  EXPECT_THAT(Verify(id_, "", signature_, body_), StatusIs(kUnauthenticated, "SIGNATURE_MISSING"));
  EXPECT_THAT(Verify(id_, timestamp_, "", body_), StatusIs(kUnauthenticated, "SIGNATURE_MISSING"));
}

TEST_F(StandardWebhooks, PassesOverOtherVersionsAndWrongSignatures) {
  EXPECT_OK(Verify(id_, timestamp_, absl::StrCat("v1a,xyz v1,AAAA ", signature_, " v2,zzz"), body_));
  EXPECT_THAT(Verify(id_, timestamp_, "v2," + signature_.substr(3), body_), StatusIs(kDenied, "SIGNATURE_INVALID"));
  EXPECT_THAT(Verify(id_, timestamp_, signature_.substr(3), body_), StatusIs(kDenied, "SIGNATURE_INVALID"));
}

TEST_F(StandardWebhooks, RotatesWithTwoSignatures) {
  const std::string fresh = NewWebhookSecret();
  ASSERT_OK_AND_ASSIGN(const auto headers, WebhookHeaders({fresh, secret_}, id_, time_, body_));
  ASSERT_EQ(headers.size(), 3u);
  EXPECT_EQ(headers[0], (std::pair<std::string, std::string>("webhook-id", id_)));
  EXPECT_EQ(headers[1], (std::pair<std::string, std::string>("webhook-timestamp", timestamp_)));
  EXPECT_EQ(headers[2].first, "webhook-signature");
  for (const std::string& known : {fresh, secret_}) {
    EXPECT_OK(VerifyWebhook({known}, id_, timestamp_, headers[2].second, body_, time_));
  }
  EXPECT_OK(VerifyWebhook({NewWebhookSecret(), secret_}, id_, timestamp_, signature_, body_, time_));
}

TEST(WebhookSecret, HasOneForm) {
  EXPECT_THAT(NewWebhookSecret(), StartsWith("whsec_"));
  EXPECT_OK(CheckWebhookSecret(NewWebhookSecret()));
  EXPECT_NE(NewWebhookSecret(), NewWebhookSecret());
  for (const std::string secret :
       {"", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_c2hvcnQ=", "whsec_not base64!"}) {
    EXPECT_THAT(CheckWebhookSecret(secret), StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_WEBHOOK_SECRET"));
    EXPECT_THAT(SignWebhook(secret, "id", absl::UnixEpoch(), ""), StatusIs(absl::StatusCode::kInvalidArgument));
  }
  EXPECT_THAT(WebhookHeaders({}, "id", absl::UnixEpoch(), ""), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace vinculo::http
