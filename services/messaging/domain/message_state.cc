#include "services/messaging/domain/message_state.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace vinculo::messaging {
namespace {

bool Earliest(std::optional<absl::Time>& slot, absl::Time at) {
  if (slot && *slot <= at) return false;
  slot = at;
  return true;
}

bool MergeFailure(const StatusReport& report, Progress& p) {
  if (report.attempt != 0 && report.attempt < p.attempt) return false;
  // Of two failures of one attempt the earlier one is kept, the smaller code on a tie, so that their order does not
  // matter.
  const bool same_moment = p.failed_at && *p.failed_at == report.at;
  if (p.failed_at && (*p.failed_at < report.at || (same_moment && p.error_code <= report.error_code))) return false;
  p.failed_at = report.at;
  p.error_code = report.error_code;
  p.error_reason = "PROVIDER_FAILED";
  return true;
}

// Queued again because the attempt is known to have failed: only its arrival says otherwise.
bool WaitsAfterFailure(const Progress& p) { return p.phase == Phase::kQueued && p.error_code != 0; }

}  // namespace

absl::string_view MessageStateName(MessageState state) {
  switch (state) {
    case MessageState::kQueued:
      return "QUEUED";
    case MessageState::kSending:
      return "SENDING";
    case MessageState::kUnknown:
      return "UNKNOWN";
    case MessageState::kAccepted:
      return "ACCEPTED";
    case MessageState::kHeld:
      return "HELD";
    case MessageState::kSent:
      return "SENT";
    case MessageState::kDelivered:
      return "DELIVERED";
    case MessageState::kRead:
      return "READ";
    case MessageState::kFailed:
      return "FAILED";
    case MessageState::kExpired:
      return "EXPIRED";
    case MessageState::kCancelled:
      return "CANCELLED";
  }
  return "";
}

MessageState StateOf(const Progress& p) {
  if (p.read_at) return MessageState::kRead;
  if (p.delivered_at) return MessageState::kDelivered;
  if (p.failed_at) return MessageState::kFailed;
  if (p.expired_at) return MessageState::kExpired;
  if (p.sent_at) return MessageState::kSent;
  switch (p.phase) {
    case Phase::kHeld:
      return MessageState::kHeld;
    case Phase::kAccepted:
    case Phase::kReported:
      return MessageState::kAccepted;
    case Phase::kUnknown:
      return MessageState::kUnknown;
    case Phase::kSending:
      return MessageState::kSending;
    case Phase::kCancelled:
      return MessageState::kCancelled;
    case Phase::kRefused:
    case Phase::kGivenUp:
      return MessageState::kFailed;
    case Phase::kQueued:
      break;
  }
  return MessageState::kQueued;
}

bool MergeStatus(const StatusReport& report, Progress& p) {
  const bool arrived = report.status == ReportedStatus::kDelivered || report.status == ReportedStatus::kRead;
  if (!arrived && WaitsAfterFailure(p)) return false;
  bool changed = false;
  switch (report.status) {
    case ReportedStatus::kSent:
      changed = Earliest(p.sent_at, report.at);
      break;
    case ReportedStatus::kDelivered:
      changed = Earliest(p.delivered_at, report.at);
      break;
    case ReportedStatus::kRead: {
      changed = Earliest(p.read_at, report.at);
      if (Earliest(p.delivered_at, report.at)) changed = true;
      break;
    }
    case ReportedStatus::kFailed:
      changed = MergeFailure(report, p);
      break;
  }
  // Whoever reports on it has it: an unclear or queued-again attempt did reach WhatsApp. A failure of an older attempt
  // says nothing.
  const bool settles = report.status != ReportedStatus::kFailed || report.attempt == 0 || report.attempt >= p.attempt;
  const bool open = p.phase == Phase::kSending || p.phase == Phase::kUnknown || p.phase == Phase::kHeld ||
                    (p.phase == Phase::kQueued && p.attempt > 0);
  if (settles && open) {
    p.phase = p.phase == Phase::kHeld ? Phase::kAccepted : Phase::kReported;
    changed = true;
  }
  if (settles && p.phase == Phase::kReported && Earliest(p.accepted_at, report.at)) changed = true;
  return changed;
}

std::optional<ReportedStatus> ParseReportedStatus(absl::string_view word) {
  if (word == "sent") return ReportedStatus::kSent;
  if (word == "delivered") return ReportedStatus::kDelivered;
  if (word == "read" || word == "played") return ReportedStatus::kRead;
  if (word == "failed") return ReportedStatus::kFailed;
  return std::nullopt;
}

std::string CallbackId(absl::string_view message_id, int attempt) {
  return absl::StrCat("m1:", message_id, ":", attempt);
}

std::optional<CallbackRef> ParseCallbackId(absl::string_view callback) {
  const std::vector<absl::string_view> parts = absl::StrSplit(callback, ':');
  CallbackRef ref;
  if (parts.size() != 3 || parts[0] != "m1" || !absl::SimpleAtoi(parts[2], &ref.attempt) || ref.attempt < 1)
    return std::nullopt;
  ref.message_id = std::string(parts[1]);
  return ref;
}

}  // namespace vinculo::messaging
