#include "services/messaging/domain/figures.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace vinculo::messaging {
namespace {

bool Accepted(const Message& m, MessageState state) {
  switch (state) {
    case MessageState::kAccepted:
    case MessageState::kHeld:
    case MessageState::kSent:
    case MessageState::kDelivered:
    case MessageState::kRead:
    case MessageState::kExpired:
      return true;
    case MessageState::kFailed:
      return absl::StartsWith(FailureReason(m), kFailedLater);
    default:
      return false;
  }
}

// The answer's time; of a message whose answer was lost, the earliest status.
absl::Time AcceptedAt(const Progress& p) {
  if (p.accepted_at) return *p.accepted_at;
  absl::Time earliest = absl::InfiniteFuture();
  for (const auto& at : {p.sent_at, p.delivered_at, p.read_at, p.failed_at, p.expired_at}) {
    if (at) earliest = std::min(earliest, *at);
  }
  return earliest;
}

}  // namespace

std::string FailureReason(const Message& m) {
  if (m.state() != MessageState::kFailed) return "";
  const Phase phase = m.progress.phase;
  if (phase == Phase::kGivenUp || m.progress.error_reason == "WINDOW_CLOSED") return m.progress.error_reason;
  if (phase == Phase::kRefused) return absl::StrCat("PROVIDER_", m.progress.error_code);
  return absl::StrCat(kFailedLater, m.progress.error_code);
}

std::vector<FigureAt> FiguresOf(const Message& m) {
  std::vector<FigureAt> out;
  if (!m.in_reports()) return out;
  const Progress& p = m.progress;
  const MessageState state = m.state();
  if (Accepted(m, state)) out.push_back({Figure::kAccepted, "", AcceptedAt(p)});
  if (p.sent_at) out.push_back({Figure::kSent, "", *p.sent_at});
  if (p.delivered_at) out.push_back({Figure::kDelivered, "", *p.delivered_at});
  if (p.read_at) out.push_back({Figure::kRead, "", *p.read_at});
  if (state == MessageState::kFailed && p.failed_at) out.push_back({Figure::kFailed, FailureReason(m), *p.failed_at});
  if (state == MessageState::kExpired && p.expired_at) out.push_back({Figure::kExpired, "", *p.expired_at});
  return out;
}

MessageTotals TotalsOf(const FigureCounts& counts) {
  MessageTotals out;
  for (const auto& [key, n] : counts) {
    switch (key.first) {
      case Figure::kAccepted:
        out.accepted_ever += n;
        break;
      case Figure::kDelivered:
        out.delivered_ever += n;
        break;
      case Figure::kRead:
        out.read += n;
        break;
      case Figure::kFailed:
        out.failed += n;
        (absl::StartsWith(key.second, kFailedLater) ? out.failed_later : out.refused) += n;
        if (n != 0) out.failed_by_reason[key.second] += n;
        break;
      case Figure::kExpired:
        out.expired += n;
        break;
      case Figure::kReplied:
        out.repliers += n;
        break;
      case Figure::kOptedOut:
        out.opt_outs += n;
        break;
      case Figure::kSent:
        break;
    }
  }
  out.attempted = out.accepted_ever + out.refused;
  return out;
}

}  // namespace vinculo::messaging
