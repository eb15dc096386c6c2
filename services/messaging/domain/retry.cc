#include "services/messaging/domain/retry.h"

#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "services/messaging/domain/provider.h"

namespace vinculo::messaging {
namespace {

// The provider's code in a reason of the ledger; 0 when it is a word of ours.
int CodeOf(absl::string_view reason) {
  int code = 0;
  if (absl::ConsumePrefix(&reason, "PROVIDER_") || absl::ConsumePrefix(&reason, kFailedLater))
    (void)absl::SimpleAtoi(reason, &code);
  return code;
}

ErrorClass ClassOf(absl::string_view reason) {
  SendOutcome outcome;
  outcome.result = SendResult::kRefused;
  outcome.code = CodeOf(reason);
  outcome.http = outcome.code;
  // What had no code of Graph's was kept as the HTTP status 4xx; Graph has no codes there.
  outcome.graph_error = outcome.code < 400 || outcome.code >= 500;
  return ErrorClasses::Default().Classify(outcome);
}

}  // namespace

absl::string_view RetryVerdictName(RetryVerdict verdict) {
  switch (verdict) {
    case RetryVerdict::kNever:
      return "NEVER";
    case RetryVerdict::kTooEarly:
      return "TOO_EARLY";
    case RetryVerdict::kOnce:
      return "ONCE";
    case RetryVerdict::kRounds:
      return "ROUNDS";
    case RetryVerdict::kYes:
    case RetryVerdict::kNotMeant:
      break;
  }
  return "";
}

bool IsCapped(absl::string_view reason) { return CodeOf(reason) != 0 && ClassOf(reason) == ErrorClass::kRest; }

RetryVerdict JudgeRetry(const RetryFacts& row, bool include_unknown, absl::Time now) {
  const bool skipped =
      row.state == RecipientState::kSkipped && (row.reason == "FREQUENCY_CAP" || row.reason == "PROVIDER_CAP");
  const bool unknown = row.state == RecipientState::kUnknown && include_unknown;
  if (row.state != RecipientState::kFailed && !skipped && !unknown) return RetryVerdict::kNotMeant;
  if (row.state == RecipientState::kFailed && CodeOf(row.reason) != 0) {
    const ErrorClass c = ClassOf(row.reason);
    if (c == ErrorClass::kRecipient) return RetryVerdict::kNever;
    if (c == ErrorClass::kRest && row.capped_retries > 0) return RetryVerdict::kOnce;
    if (c == ErrorClass::kRest && now < row.updated_at + kCappedRest) return RetryVerdict::kTooEarly;
  }
  return row.round >= kMaxRounds ? RetryVerdict::kRounds : RetryVerdict::kYes;
}

}  // namespace vinculo::messaging
