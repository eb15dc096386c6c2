#pragma once

#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/sql/transaction.h"
#include "services/profiling/domain/identity.h"
#include "services/profiling/domain/lead.h"
#include "services/profiling/domain/session.h"
#include "services/profiling/domain/session_machine.h"

// What happened, in the words of this service. The api turns it into messages of the contract.
namespace vinculo::profiling {

struct SessionStartedEvent {
  Session session;
};
struct SessionEndedEvent {
  Session session;
};
struct RecommendationMadeEvent {
  Session session;
};
struct ProductSelectedEvent {
  Session session;
};
struct LeadEvent {
  Lead lead;
  bool updated = false;
};
struct LeadDeliveryEvent {
  Delivery delivery;
  std::string crm_ref;
};
struct HandoffEvent {
  Session session;
  Handoff handoff;
  std::string message_id;
  absl::Time message_at;
  std::string text;
  std::string name;
};
struct InboundUnhandledEvent {
  Uuid profile_id;
  std::string contact_id, sender_id, message_id, text, reason, channel_identity;
  absl::Time message_at;
  Channel channel = Channel::kUnspecified;
};
struct ProfileCreatedEvent {
  Uuid profile_id;
  ProfileKind kind;
};
struct ProfileUpdatedEvent {
  Uuid profile_id;
  std::vector<std::string> keys;
};
struct ContactLinkedEvent {
  Uuid profile_id;
  std::string contact_id;
};
struct ConsentChangedEvent {
  Uuid profile_id;
  Consent consent;
  bool from_messaging = false;
};
struct ConnectorPausedEvent {
  std::string connector_id;
  std::string reason;
};

using ServiceEvent =
    std::variant<SessionStartedEvent, SessionEndedEvent, RecommendationMadeEvent, ProductSelectedEvent, LeadEvent,
                 LeadDeliveryEvent, HandoffEvent, InboundUnhandledEvent, ProfileCreatedEvent, ProfileUpdatedEvent,
                 ContactLinkedEvent, ConsentChangedEvent, ConnectorPausedEvent>;

// Writes the event into the feed, in the transaction of the change.
using EmitEvent = std::function<absl::Status(sql::Transaction& tx, const ServiceEvent& event, absl::Time now)>;

}  // namespace vinculo::profiling
