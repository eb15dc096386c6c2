#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/profiling/domain/lead.h"
#include "services/profiling/domain/session.h"
#include "services/profiling/domain/session_machine.h"
#include "services/profiling/domain/trait.h"

// The stored form of what has no columns of its own. DATA_LOSS for text that was not written here.
namespace vinculo::profiling {

std::string EncodeSession(const Session& session);
absl::StatusOr<Session> DecodeSession(absl::string_view json);

std::string EncodeRecommendation(const ShownRecommendation& recommendation);
absl::StatusOr<ShownRecommendation> DecodeRecommendation(absl::string_view json);

// One step of a session as it was said and understood.
struct LogEntry {
  bool has_inbound = false;
  std::string inbound_text;
  std::string inbound_node;
  int outcome = 0;  // Resolved
  std::string invalid_reason;
  std::vector<std::string> messages;
  std::string node_id;  // where the session waits afterwards
  std::vector<Fact> facts;
  absl::Time at;
};
std::string EncodeLogEntry(const LogEntry& entry);
absl::StatusOr<LogEntry> DecodeLogEntry(absl::string_view json);

std::string EncodeTraitValue(const TraitValue& value);
absl::StatusOr<TraitValue> DecodeTraitValue(absl::string_view json);

std::string EncodeLead(const Lead& lead);
absl::StatusOr<Lead> DecodeLead(absl::string_view json);
std::string EncodeConnector(const Connector& connector);
absl::StatusOr<Connector> DecodeConnector(absl::string_view json);
std::string EncodeAttempts(const std::vector<DeliveryAttempt>& attempts);
absl::StatusOr<std::vector<DeliveryAttempt>> DecodeAttempts(absl::string_view json);

// What waits to be said through messaging: one job per step, its messages in order.
struct OutboundJob {
  Uuid session_id;
  int64_t revision = 0;
  std::string contact_id;
  std::string sender_id;
  std::vector<OutboundMessage> messages;
  absl::Time hold_until = absl::UnixEpoch();  // the epoch: no hold
};
std::string EncodeOutboundJob(const OutboundJob& job);
absl::StatusOr<OutboundJob> DecodeOutboundJob(absl::string_view json);

// `{"type":...,"timestamp":...,"data":{...}}`, minified, with dotted paths as nested objects. RESOURCE_EXHAUSTED
// `PAYLOAD_TOO_LARGE` above 20 kB.
absl::StatusOr<std::string> LeadEnvelope(absl::string_view type, absl::Time at,
                                         const std::vector<std::pair<std::string, std::string>>& fields);

}  // namespace vinculo::profiling
