#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace vinculo::messaging {

// What a message shows. Stored as these numbers, which are those of the contract; never renumbered.
enum class MessageState {
  kQueued = 1,
  kSending = 2,
  kUnknown = 3,
  kAccepted = 4,
  kHeld = 5,
  kSent = 6,
  kDelivered = 7,
  kRead = 8,
  kFailed = 9,
  kExpired = 10,
  kCancelled = 11
};

absl::string_view MessageStateName(MessageState state);

// What we did with it, whatever WhatsApp reported.
enum class Phase {
  kQueued = 1,
  kSending = 2,
  kUnknown = 3,
  kAccepted = 4,
  kHeld = 5,
  kRefused = 6,
  kGivenUp = 7,
  kCancelled = 8,
  kReported = 9  // no answer came, but a status, so WhatsApp has it
};

// What is known about the way of a message: our phase and, for each status that WhatsApp reported, the earliest time.
struct Progress {
  Phase phase = Phase::kQueued;
  int attempt = 0;                        // requests begun
  std::optional<absl::Time> accepted_at;  // the answer's time; of a lost answer the earliest status
  std::optional<absl::Time> sent_at;
  std::optional<absl::Time> delivered_at;
  std::optional<absl::Time> read_at;
  std::optional<absl::Time> failed_at;  // reported, refused or given up
  std::optional<absl::Time> expired_at;
  std::string error_reason;
  int error_code = 0;
  friend bool operator==(const Progress&, const Progress&) = default;
};

// The state, as a pure function: read, delivered, failed, expired, sent, then the phase. So any order and repetition of
// webhooks ends in the same state [M-87].
MessageState StateOf(const Progress& progress);

// A status that WhatsApp reported.
enum class ReportedStatus { kSent = 1, kDelivered = 2, kRead = 3, kFailed = 4 };
struct StatusReport {
  ReportedStatus status = ReportedStatus::kSent;
  absl::Time at;
  int attempt = 0;  // from our callback id; 0 when joined by wamid only
  int error_code = 0;
  friend bool operator==(const StatusReport&, const StatusReport&) = default;
};

// Joins a report to what is known. Commutative and idempotent: `read` implies delivered at that time unless an earlier
// one is known; `failed` counts only for the newest attempt and is cleared by delivered or read; any report settles
// UNKNOWN and SENDING as accepted, at the earliest of them. Returns whether anything changed. [M-88]
bool MergeStatus(const StatusReport& report, Progress& progress);

// "sent", "delivered", "read", "played", "failed"; nullopt for the others, which are counted and ignored.
std::optional<ReportedStatus> ParseReportedStatus(absl::string_view word);

// The callback id that we give each request: `m1:<message id>:<attempt>` [M-50]. Parse gives nullopt for anybody
// else's.
std::string CallbackId(absl::string_view message_id, int attempt);
struct CallbackRef {
  std::string message_id;
  int attempt = 0;
};
std::optional<CallbackRef> ParseCallbackId(absl::string_view callback);

}  // namespace vinculo::messaging
