#include "common/http/standard_webhooks.h"

#include <cstdint>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/http/crypto.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"

namespace vinculo::http {
namespace {

constexpr absl::string_view kSecretPrefix = "whsec_";
constexpr absl::string_view kVersionPrefix = "v1,";
constexpr size_t kMinSecretBytes = 24;
constexpr size_t kMaxSecretBytes = 64;

// Into a parameter, because g++ 12 warns of the move of a string whose size it has seen checked.
absl::Status ReadSecret(absl::string_view secret, std::string* key) {
  key->clear();
  if (absl::ConsumePrefix(&secret, kSecretPrefix)) *key = crypto::Base64Decode(secret).value_or("");
  if (key->size() >= kMinSecretBytes && key->size() <= kMaxSecretBytes) return absl::OkStatus();
  return Error(absl::StatusCode::kInvalidArgument, "INVALID_WEBHOOK_SECRET",
               "a webhook secret is whsec_ and 24 to 64 bytes in base64");
}

std::string Sign(absl::string_view key, absl::string_view id, absl::string_view timestamp, absl::string_view body) {
  const std::string content = absl::StrCat(id, ".", timestamp, ".", body);
  return absl::StrCat(kVersionPrefix, crypto::Base64Encode(crypto::HmacSha256(key, content)));
}

absl::Status Invalid(absl::string_view reason, absl::string_view message) {
  return Error(absl::StatusCode::kPermissionDenied, reason, message);
}

// Digits only, as it was signed: no sign, no blanks, no leading zeros that would leave room for several spellings.
std::optional<absl::Time> ParseTimestamp(absl::string_view text) {
  int64_t seconds;
  if (text.size() > 12 || !absl::SimpleAtoi(text, &seconds) || text != absl::StrCat(seconds) || seconds < 0) {
    return std::nullopt;
  }
  return absl::FromUnixSeconds(seconds);
}

}  // namespace

absl::Status CheckWebhookSecret(absl::string_view secret) {
  std::string key;
  return ReadSecret(secret, &key);
}

std::string NewWebhookSecret() { return absl::StrCat(kSecretPrefix, crypto::Base64Encode(crypto::RandomBytes(32))); }

absl::StatusOr<std::string> SignWebhook(absl::string_view secret, absl::string_view id, absl::Time time,
                                        absl::string_view body) {
  std::string key;
  RETURN_IF_ERROR(ReadSecret(secret, &key));
  return Sign(key, id, absl::StrCat(absl::ToUnixSeconds(time)), body);
}

absl::StatusOr<std::vector<std::pair<std::string, std::string>>> WebhookHeaders(absl::Span<const std::string> secrets,
                                                                                absl::string_view id, absl::Time time,
                                                                                absl::string_view body) {
  std::vector<std::string> signatures;
  for (const std::string& secret : secrets) {
    ASSIGN_OR_RETURN(std::string signature, SignWebhook(secret, id, time, body));
    signatures.push_back(std::move(signature));
  }
  if (signatures.empty()) {
    return Error(absl::StatusCode::kInvalidArgument, "INVALID_WEBHOOK_SECRET", "there is no secret to sign with");
  }
  return std::vector<std::pair<std::string, std::string>>{
      {std::string(kWebhookIdHeader), std::string(id)},
      {std::string(kWebhookTimestampHeader), absl::StrCat(absl::ToUnixSeconds(time))},
      {std::string(kWebhookSignatureHeader), absl::StrJoin(signatures, " ")}};
}

absl::Status VerifyWebhook(absl::Span<const std::string> secrets, absl::string_view id, absl::string_view timestamp,
                           absl::string_view signature, absl::string_view body, absl::Time now) {
  if (id.empty() || timestamp.empty() || signature.empty()) {
    return Error(absl::StatusCode::kUnauthenticated, "SIGNATURE_MISSING",
                 "the request lacks webhook-id, webhook-timestamp or webhook-signature");
  }
  const std::optional<absl::Time> signed_at = ParseTimestamp(timestamp);
  if (!signed_at.has_value()) return Invalid("TIMESTAMP_OUT_OF_RANGE", "webhook-timestamp is no number of seconds");
  if (*signed_at < now - kWebhookTolerance || *signed_at > now + kWebhookTolerance) {
    return Invalid("TIMESTAMP_OUT_OF_RANGE", "webhook-timestamp is more than five minutes away");
  }
  bool valid = false;
  std::string key;
  for (const std::string& secret : secrets) {
    if (!ReadSecret(secret, &key).ok()) continue;
    const std::string expected = Sign(key, id, timestamp, body);
    for (const absl::string_view candidate : absl::StrSplit(signature, ' ')) {
      valid |= crypto::ConstantTimeEquals(candidate, expected);
    }
  }
  return valid ? absl::OkStatus() : Invalid("SIGNATURE_INVALID", "no signature fits the body");
}

}  // namespace vinculo::http
