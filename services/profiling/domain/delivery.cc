#include "services/profiling/domain/delivery.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"

namespace vinculo::profiling {
namespace {

constexpr absl::Duration kLeastWait = absl::Seconds(1);
constexpr absl::Duration kMostWait = absl::Hours(24);

Verdict Retry(std::string error, const CallResult& result) {
  Verdict verdict{Verdict::Kind::kRetry, std::move(error)};
  if (result.retry_after && (result.http_status == 429 || result.http_status == 503)) {
    verdict.not_before = std::clamp(*result.retry_after, kLeastWait, kMostWait);
  }
  return verdict;
}

}  // namespace

Verdict Judge(const CallResult& result, bool conflict_is_success) {
  if (result.refused_locally) return {Verdict::Kind::kDead, result.error};
  if (!result.answered) return Retry(result.error.empty() ? "NO_REPLY" : result.error, result);
  const int status = result.http_status;
  const std::string name = absl::StrCat("HTTP_", status);
  if (status >= 200 && status < 300) {
    return result.body_says_success ? Verdict{Verdict::Kind::kDelivered, ""}
                                    : Verdict{Verdict::Kind::kDead, "BODY_REFUSED"};
  }
  if (status == 409 && conflict_is_success) return {Verdict::Kind::kDelivered, ""};
  if (status == 401 || status == 403) return {Verdict::Kind::kPause, "AUTH_FAILED"};
  if (status == 410) return {Verdict::Kind::kDisable, "GONE"};
  if (status == 408 || status == 425 || status == 429 || status >= 500) return Retry(name, result);
  return {Verdict::Kind::kDead, name};
}

std::optional<absl::Duration> WaitBefore(int attempt, double jitter01) {
  static const std::array<absl::Duration, kDeliveryAttempts> kWaits = {
      absl::ZeroDuration(), absl::Seconds(5), absl::Minutes(5), absl::Minutes(30), absl::Hours(2),
      absl::Hours(5),       absl::Hours(10),  absl::Hours(14),  absl::Hours(20),   absl::Hours(24)};
  if (attempt < 1 || attempt > kDeliveryAttempts) return std::nullopt;
  return kWaits[attempt - 1] * (0.8 + 0.4 * jitter01);
}

}  // namespace vinculo::profiling
