#pragma once

#include <string>

#include "services/profiling/domain/identity.h"
#include "services/profiling/domain/lead.h"
#include "services/profiling/store/json_codec.h"
#include "services/profiling/store/session_engine.h"
#include "vinculo/profiling/v1/lead.pb.h"
#include "vinculo/profiling/v1/profile.pb.h"
#include "vinculo/profiling/v1/session.pb.h"
#include "vinculo/profiling/v1/session_service.pb.h"

// Sessions, profiles and leads from the domain to the contract.
namespace vinculo::profiling {

v1::InboundOutcome RenderOutcome(const EngineResult& result);
void RenderSession(const Session& session, v1::Session* out);
void RenderMessage(const OutboundMessage& message, v1::OutboundMessage* out);
// Of a first application; a duplicate is parsed from its stored bytes.
void RenderInbound(const EngineResult& result, v1::HandleInboundResponse* out);
std::string RenderStoredReply(const EngineResult& result);
void RenderTranscript(const Uuid& session, const std::vector<LogEntry>& log, v1::Transcript* out);

void RenderConsent(const Consent& consent, absl::Time now, v1::Consent* out);
void RenderProfile(const Profile& profile, absl::Time now, v1::Profile* out);
void RenderLead(const Lead& lead, v1::Lead* out);
void RenderDelivery(const Delivery& delivery, v1::Delivery* out);
// Secrets as their last four characters.
void RenderConnector(const Connector& connector, v1::Connector* out);

// Writes the events of this service into the feed.
absl::Status EmitServiceEvent(sql::Transaction& tx, const ServiceEvent& event, absl::Time now);

}  // namespace vinculo::profiling
