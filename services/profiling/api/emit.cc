#include "common/api/time.h"
#include "common/events/event_log.h"
#include "services/profiling/api/convert_session.h"
#include "vinculo/profiling/v1/events.pb.h"

namespace vinculo::profiling {
namespace {

// Writes one event; what differs by kind stands in the overloads.
class Emitter {
 public:
  Emitter(sql::Transaction& tx, absl::Time now) : tx_(tx), now_(now) {}

  absl::Status operator()(const SessionStartedEvent& e) {
    v1::SessionStarted out;
    Common(e.session, out);
    out.set_channel(static_cast<v1::Channel>(e.session.channel));
    out.set_source(static_cast<v1::Session::Source>(e.session.source));
    api::SetTimestamp(e.session.expires_at, out.mutable_expires_at());
    return Write("session.started", e.session.id.ToString(), out);
  }
  absl::Status operator()(const SessionEndedEvent& e) {
    v1::SessionEnded out;
    Common(e.session, out);
    out.set_state(static_cast<v1::Session::State>(e.session.state));
    out.set_reason(e.session.end_reason);
    out.set_outcome(e.session.outcome);
    return Write("session.ended", e.session.id.ToString(), out);
  }
  absl::Status operator()(const RecommendationMadeEvent& e) {
    v1::RecommendationMade out;
    out.set_session_id(e.session.id.ToString());
    out.set_profile_id(e.session.profile_id.ToString());
    out.set_flow_id(e.session.flow_id);
    if (e.session.recommendation) {
      for (const ShownProduct& product : e.session.recommendation->products) out.add_product_ids(product.product_id);
      out.set_matrix_id(e.session.recommendation->matrix_id);
      out.set_matrix_version(e.session.recommendation->matrix_version);
    }
    return Write("recommendation.made", e.session.id.ToString(), out);
  }
  absl::Status operator()(const ProductSelectedEvent& e) {
    v1::ProductSelected out;
    out.set_session_id(e.session.id.ToString());
    out.set_profile_id(e.session.profile_id.ToString());
    out.set_product_id(e.session.selected_product_id);
    out.set_rank(e.session.selected_rank);
    return Write("product.selected", e.session.id.ToString(), out);
  }
  absl::Status operator()(const LeadEvent& e) {
    v1::LeadChanged out;
    out.set_lead_id(e.lead.id.ToString());
    out.set_profile_id(e.lead.profile_id.ToString());
    out.set_session_id(e.lead.session_id.ToString());
    out.set_flow_id(e.lead.flow_id);
    out.set_product_id(e.lead.product_id);
    return Write(e.updated ? "lead.updated" : "lead.created", e.lead.id.ToString(), out);
  }
  absl::Status operator()(const LeadDeliveryEvent& e) {
    v1::LeadDelivery out;
    out.set_lead_id(e.delivery.lead_id.ToString());
    out.set_delivery_id(e.delivery.id.ToString());
    out.set_connector_id(e.delivery.connector_id);
    out.set_attempts(static_cast<int>(e.delivery.attempts.size()));
    out.set_crm_ref(e.crm_ref);
    out.set_error(e.delivery.error);
    return Write(e.delivery.state == DeliveryState::kDelivered ? "lead.delivered" : "lead.failed",
                 e.delivery.lead_id.ToString(), out);
  }
  absl::Status operator()(const HandoffEvent& e) {
    v1::HandoffRequested out;
    out.set_session_id(e.session.id.ToString());
    out.set_profile_id(e.session.profile_id.ToString());
    out.set_contact_id(e.session.contact_id);
    out.set_flow_id(e.session.flow_id);
    out.set_target(e.handoff.target);
    out.set_message_id(e.message_id);
    api::SetTimestamp(e.message_id.empty() ? now_ : e.message_at, out.mutable_message_at());
    out.set_text(e.text);
    out.set_channel(static_cast<v1::Channel>(e.session.channel));
    out.set_channel_identity(e.session.channel_identity);
    out.set_name(e.name);
    out.set_reason(e.handoff.reason);
    out.set_sender_id(e.session.sender_id);
    return Write("handoff.requested", e.session.id.ToString(), out);
  }
  absl::Status operator()(const InboundUnhandledEvent& e) {
    v1::InboundUnhandled out;
    out.set_profile_id(e.profile_id.ToString());
    out.set_contact_id(e.contact_id);
    out.set_message_id(e.message_id);
    api::SetTimestamp(e.message_at, out.mutable_message_at());
    out.set_text(e.text);
    out.set_reason(e.reason);
    out.set_channel(static_cast<v1::Channel>(e.channel));
    out.set_channel_identity(e.channel_identity);
    out.set_sender_id(e.sender_id);
    return Write("inbound.unhandled", e.contact_id, out);
  }
  absl::Status operator()(const ProfileCreatedEvent& e) {
    v1::ProfileCreated out;
    out.set_profile_id(e.profile_id.ToString());
    out.set_kind(static_cast<v1::Profile::Kind>(e.kind));
    return Write("profile.created", out.profile_id(), out);
  }
  absl::Status operator()(const ProfileUpdatedEvent& e) {
    v1::ProfileUpdated out;
    out.set_profile_id(e.profile_id.ToString());
    for (const std::string& key : e.keys) out.add_keys(key);
    return Write("profile.updated", out.profile_id(), out);
  }
  absl::Status operator()(const ContactLinkedEvent& e) {
    v1::ProfileContactLinked out;
    out.set_profile_id(e.profile_id.ToString());
    out.set_contact_id(e.contact_id);
    return Write("profile.contact_linked", out.profile_id(), out);
  }
  absl::Status operator()(const ConsentChangedEvent& e) {
    v1::ProfileConsentChanged out;
    out.set_profile_id(e.profile_id.ToString());
    RenderConsent(e.consent, now_, out.mutable_consent());
    out.set_from_messaging(e.from_messaging);
    return Write("profile.consent_changed", out.profile_id(), out);
  }
  absl::Status operator()(const ConnectorPausedEvent& e) {
    v1::ConnectorPaused out;
    out.set_connector_id(e.connector_id);
    out.set_reason(e.reason);
    return Write("connector.paused", e.connector_id, out);
  }

 private:
  template <class Out>
  static void Common(const Session& session, Out& out) {
    out.set_session_id(session.id.ToString());
    out.set_profile_id(session.profile_id.ToString());
    out.set_contact_id(session.contact_id);
    out.set_sender_id(session.sender_id);
    out.set_flow_id(session.flow_id);
    out.set_version(session.version);
  }
  absl::Status Write(const char* type, const std::string& subject, const google::protobuf::Message& payload) {
    return events::Append(tx_, {type, subject, now_, payload}, now_);
  }

  sql::Transaction& tx_;
  const absl::Time now_;
};

}  // namespace

absl::Status EmitServiceEvent(sql::Transaction& tx, const ServiceEvent& event, absl::Time now) {
  return std::visit(Emitter(tx, now), event);
}

}  // namespace vinculo::profiling
