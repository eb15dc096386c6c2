#include "services/profiling/api/convert_session.h"

#include "absl/strings/str_cat.h"
#include "common/api/etag.h"
#include "common/api/time.h"
#include "services/profiling/api/convert_catalogue.h"
#include "services/profiling/api/convert_flow.h"

namespace vinculo::profiling {
namespace {

v1::InboundOutcome OutcomeOf(Resolved outcome) {
  switch (outcome) {
    case Resolved::kValid:
      return v1::INBOUND_OUTCOME_VALID;
    case Resolved::kInvalid:
      return v1::INBOUND_OUTCOME_INVALID;
    case Resolved::kCommand:
      return v1::INBOUND_OUTCOME_COMMAND;
    case Resolved::kStale:
    case Resolved::kStaleSession:
      return v1::INBOUND_OUTCOME_STALE;
    case Resolved::kPremature:
      return v1::INBOUND_OUTCOME_PREMATURE;
  }
  return v1::INBOUND_OUTCOME_UNSPECIFIED;
}

void RenderPath(const Session& session, v1::Session* out) {
  for (const SessionAnswer& answer : session.answers) {
    v1::SessionAnswer* line = out->add_answers();
    line->set_question_id(answer.question_id);
    for (const std::string& choice : answer.choice_ids) line->add_choice_ids(choice);
    line->set_raw(answer.raw);
    line->set_truncated(answer.truncated);
    api::SetTimestamp(answer.at, line->mutable_at());
    line->set_skipped(answer.choice_ids.empty());
  }
  for (const CapturedField& captured : session.captures) {
    v1::CapturedField* line = out->add_captures();
    line->set_field(static_cast<v1::Capture::Field>(captured.field));
    line->set_node_id(captured.node_id);
    line->set_value(captured.value);
    api::SetTimestamp(captured.at, line->mutable_at());
  }
}

}  // namespace

v1::InboundOutcome RenderOutcome(const EngineResult& result) {
  if (!result.handled) return v1::INBOUND_OUTCOME_UNHANDLED;
  if (result.started || result.resumed) return v1::INBOUND_OUTCOME_STARTED;
  return OutcomeOf(result.resolution.outcome);
}

void RenderSession(const Session& s, v1::Session* out) {
  out->set_session_id(s.id.ToString());
  out->set_profile_id(s.profile_id.ToString());
  out->set_channel(static_cast<v1::Channel>(s.channel));
  out->set_channel_identity(s.channel_identity);
  out->set_flow_id(s.flow_id);
  out->set_version(s.version);
  out->set_language(s.language);
  out->set_source(static_cast<v1::Session::Source>(s.source));
  out->set_source_ref(s.source_ref);
  out->set_state(static_cast<v1::Session::State>(s.state));
  out->set_stage(static_cast<v1::Session::Stage>(s.stage));
  out->set_etag(api::FormatEtag(s.revision));
  out->set_prompt_seq(s.prompt.seq);
  if (!IsFinal(s.state)) out->set_node_id(s.prompt.node_id);
  RenderPath(s, out);
  out->set_invalid_count(s.invalid_count);
  api::SetTimestamp(s.started_at, out->mutable_started_at());
  api::SetTimestamp(s.last_user_at, out->mutable_last_user_at());
  api::SetTimestamp(s.expires_at, out->mutable_expires_at());
  if (s.ended_at) api::SetTimestamp(*s.ended_at, out->mutable_ended_at());
  out->set_end_reason(s.end_reason);
  out->set_outcome(s.outcome);
  if (s.recommendation) RenderShown(*s.recommendation, out->mutable_recommendation());
  out->set_selected_product_id(s.selected_product_id);
  if (s.lead_id) out->set_lead_id(s.lead_id->ToString());
  if (s.resumed_from) out->set_resumed_from(s.resumed_from->ToString());
  out->set_test(s.test);
}

void RenderMessage(const OutboundMessage& message, v1::OutboundMessage* out) {
  out->set_form(static_cast<v1::OutboundMessage::Form>(message.form));
  out->set_body(message.body);
  for (const OutboundOption& option : message.options) {
    v1::ReplyOption* line = out->add_options();
    line->set_reply_id(option.reply_id);
    line->set_title(option.title);
    line->set_description(option.description);
  }
  out->set_list_button(message.list_button);
  out->set_image_url(message.image_url);
  out->set_prompt_seq(message.prompt_seq);
}

void RenderInbound(const EngineResult& result, v1::HandleInboundResponse* out) {
  if (result.duplicate) {
    out->ParseFromString(result.stored_reply);
    out->set_duplicate(true);
    return;
  }
  out->set_handled(result.handled);
  out->set_outcome(RenderOutcome(result));
  out->set_invalid_reason(std::string(InvalidName(result.resolution.reason)));
  if (!result.session) return;
  if (result.resolution.outcome == Resolved::kValid && !result.started && !result.session->answers.empty()) {
    for (const std::string& choice : result.session->answers.back().choice_ids) out->add_choice_ids(choice);
  }
  for (const OutboundMessage& message : result.messages) RenderMessage(message, out->add_messages());
  RenderSession(*result.session, out->mutable_session());
}

std::string RenderStoredReply(const EngineResult& result) {
  v1::HandleInboundResponse reply;
  RenderInbound(result, &reply);
  return reply.SerializeAsString();
}

void RenderTranscript(const Uuid& session, const std::vector<LogEntry>& log, v1::Transcript* out) {
  out->set_session_id(session.ToString());
  for (const LogEntry& entry : log) {
    if (entry.has_inbound) {
      v1::Transcript::Entry* line = out->add_entries();
      line->set_kind(v1::Transcript::Entry::KIND_INBOUND);
      line->set_text(entry.inbound_text);
      line->set_outcome(OutcomeOf(static_cast<Resolved>(entry.outcome)));
      api::SetTimestamp(entry.at, line->mutable_at());
    }
    for (const std::string& message : entry.messages) {
      v1::Transcript::Entry* line = out->add_entries();
      line->set_kind(v1::Transcript::Entry::KIND_PROMPT);
      line->set_text(message);
      line->set_node_id(entry.node_id);
      api::SetTimestamp(entry.at, line->mutable_at());
    }
  }
}

void RenderConsent(const Consent& consent, absl::Time now, v1::Consent* out) {
  out->set_purpose(consent.purpose);
  out->set_decision(static_cast<v1::Consent::Decision>(consent.Now(now)));
  api::SetTimestamp(consent.at, out->mutable_at());
  if (consent.expires_at) api::SetTimestamp(*consent.expires_at, out->mutable_expires_at());
  out->set_text_hash(consent.text_hash);
  out->set_language(consent.language);
  out->set_source(consent.source);
  out->set_text(consent.text);
}

void RenderProfile(const Profile& profile, absl::Time now, v1::Profile* out) {
  out->set_profile_id(profile.id.ToString());
  out->set_kind(static_cast<v1::Profile::Kind>(profile.kind));
  out->set_company_id(profile.company_id);
  out->set_name(profile.name);
  out->set_etag(api::FormatEtag(profile.revision));
  api::SetTimestamp(profile.created_at, out->mutable_created_at());
  api::SetTimestamp(profile.last_seen_at, out->mutable_last_seen_at());
  for (const Identity& identity : profile.identities) {
    v1::Identity* line = out->add_identities();
    line->set_type(static_cast<v1::Identity::Type>(identity.type));
    line->set_value(identity.value);
    line->set_assurance(static_cast<v1::Identity::Assurance>(identity.assurance));
    api::SetTimestamp(identity.first_seen, line->mutable_first_seen());
    api::SetTimestamp(identity.last_seen, line->mutable_last_seen());
  }
  for (const StoredTrait& trait : profile.traits) {
    v1::Trait* line = out->add_traits();
    line->set_key(trait.key);
    RenderTraitValue(trait.value, line->mutable_value());
    line->set_category(static_cast<v1::TraitCategory>(trait.category));
    constexpr v1::Trait::Source kSources[] = {v1::Trait::SOURCE_UNSPECIFIED, v1::Trait::SOURCE_COMPUTED,
                                              v1::Trait::SOURCE_ANSWER,      v1::Trait::SOURCE_CAPTURE,
                                              v1::Trait::SOURCE_CRM,         v1::Trait::SOURCE_API};
    line->set_source(kSources[static_cast<int>(trait.source)]);
    line->set_source_ref(trait.source_ref);
    api::SetTimestamp(trait.observed_at, line->mutable_observed_at());
  }
  for (const Consent& consent : profile.consents) RenderConsent(consent, now, out->add_consents());
  out->set_locale(profile.locale);
  out->set_state(static_cast<v1::Profile::State>(profile.state));
}

void RenderLead(const Lead& lead, v1::Lead* out) {
  out->set_lead_id(lead.id.ToString());
  out->set_profile_id(lead.profile_id.ToString());
  out->set_session_id(lead.session_id.ToString());
  out->set_flow_id(lead.flow_id);
  out->set_flow_version(lead.flow_version);
  out->set_product_id(lead.product_id);
  out->set_product_name(lead.product_name);
  out->set_recommendation_rank(lead.recommendation_rank);
  out->set_name(lead.name);
  out->set_first_name(lead.first_name);
  out->set_last_name(lead.last_name);
  out->set_email(lead.email);
  out->set_phone(lead.phone);
  out->set_answers_summary(lead.answers_summary);
  out->set_source(lead.source);
  api::SetTimestamp(lead.created_at, out->mutable_created_at());
  out->set_state(static_cast<v1::Lead::State>(lead.state));
  out->set_crm_ref(lead.crm_ref);
  out->set_etag(api::FormatEtag(lead.revision));
}

void RenderDelivery(const Delivery& delivery, v1::Delivery* out) {
  out->set_delivery_id(delivery.id.ToString());
  out->set_lead_id(delivery.lead_id.ToString());
  out->set_connector_id(delivery.connector_id);
  out->set_event(delivery.event);
  out->set_state(static_cast<v1::Delivery::State>(delivery.state));
  for (const DeliveryAttempt& attempt : delivery.attempts) {
    v1::Delivery::Attempt* line = out->add_attempts();
    line->set_number(attempt.number);
    api::SetTimestamp(attempt.at, line->mutable_at());
    line->set_http_status(attempt.http_status);
    line->set_error(attempt.error);
    *line->mutable_latency() = api::ToDuration(attempt.latency);
  }
  if (delivery.next_at) api::SetTimestamp(*delivery.next_at, out->mutable_next_at());
  api::SetTimestamp(delivery.created_at, out->mutable_created_at());
  out->set_payload(delivery.payload);
}

void RenderConnector(const Connector& c, v1::Connector* out) {
  out->set_connector_id(c.connector_id);
  out->set_url(c.url);
  for (const FieldMapping& field : c.mapping) {
    v1::FieldMapping* line = out->add_mapping();
    line->set_to(field.to);
    line->set_from(field.from);
    line->set_transform(static_cast<v1::FieldMapping::Transform>(field.transform));
    for (const auto& [from, to] : field.map) (*line->mutable_map())[from] = to;
    line->set_required(field.required);
    line->set_omit_empty(field.omit_empty);
  }
  if (c.auth == AuthKind::kBasic) {
    out->mutable_auth()->mutable_basic()->set_username(c.auth_user);
    out->mutable_auth()->mutable_basic()->set_password(c.auth_hint);
  } else if (c.auth == AuthKind::kBearer) {
    out->mutable_auth()->mutable_bearer()->set_token(c.auth_hint);
  } else if (c.auth == AuthKind::kApiKey) {
    out->mutable_auth()->mutable_api_key()->set_header(c.auth_user);
    out->mutable_auth()->mutable_api_key()->set_prefix(c.auth_prefix);
    out->mutable_auth()->mutable_api_key()->set_key(c.auth_hint);
  }
  if (!c.sealed_signing.empty()) out->mutable_signing()->set_secret(c.signing_hint);
  if (c.rotate_until) api::SetTimestamp(*c.rotate_until, out->mutable_signing()->mutable_rotate_until());
  *out->mutable_timeout() = api::ToDuration(c.timeout);
  v1::SuccessRule* rule = out->mutable_success_rule();
  rule->set_json_pointer(c.success_pointer);
  rule->set_equals(c.success_equals);
  rule->set_conflict_is_success(c.conflict_is_success);
  rule->set_reference_pointer(c.reference_pointer);
  out->set_enabled(c.enabled);
  out->set_test(c.test);
  out->set_etag(api::FormatEtag(c.revision));
  out->set_state(static_cast<v1::Connector::State>(c.state));
  out->set_state_reason(c.state_reason);
}

}  // namespace vinculo::profiling
