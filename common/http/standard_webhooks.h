#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

// Standard Webhooks (standardwebhooks.com): HMAC-SHA256 over `id.timestamp.body`, the form in which leads leave for a
// CRM and in which webhooks of ours arrive. Secrets are `whsec_` and 24 to 64 bytes in base64. Thread-safe.
namespace vinculo::http {

inline constexpr absl::string_view kWebhookIdHeader = "webhook-id";
inline constexpr absl::string_view kWebhookTimestampHeader = "webhook-timestamp";
inline constexpr absl::string_view kWebhookSignatureHeader = "webhook-signature";

// How far a timestamp may be from now, either way.
inline constexpr absl::Duration kWebhookTolerance = absl::Minutes(5);

// OK when `secret` has the right form, else INVALID_ARGUMENT `INVALID_WEBHOOK_SECRET`; the message never holds the
// secret.
absl::Status CheckWebhookSecret(absl::string_view secret);

// A new secret of 32 random bytes.
std::string NewWebhookSecret();

// `v1,<base64>`. `id` is the message's, the same on each retry; `time` is cut to the second. INVALID_ARGUMENT
// `INVALID_WEBHOOK_SECRET` for a secret that has not the right form.
absl::StatusOr<std::string> SignWebhook(absl::string_view secret, absl::string_view id, absl::Time time,
                                        absl::string_view body);

// The three headers of a delivery, signed with each of `secrets` (two while one is being replaced).
absl::StatusOr<std::vector<std::pair<std::string, std::string>>> WebhookHeaders(absl::Span<const std::string> secrets,
                                                                                absl::string_view id, absl::Time time,
                                                                                absl::string_view body);

// Checks what a delivery carries. OK when any signature in `signature` (blank-separated, `v1,...` each; other versions
// are passed over) fits any of `secrets`, compared in constant time, and `timestamp` (seconds since 1970) is within the
// tolerance of `now`. UNAUTHENTICATED `SIGNATURE_MISSING` when a header is empty; PERMISSION_DENIED `SIGNATURE_INVALID`
// or `TIMESTAMP_OUT_OF_RANGE`. Whoever calls keeps `id` as the idempotency key.
absl::Status VerifyWebhook(absl::Span<const std::string> secrets, absl::string_view id, absl::string_view timestamp,
                           absl::string_view signature, absl::string_view body, absl::Time now);

}  // namespace vinculo::http
