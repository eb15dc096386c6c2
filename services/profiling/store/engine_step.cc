#include "services/profiling/store/engine_step.h"

#include "absl/strings/str_cat.h"
#include "common/jobs/job_queue.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "services/profiling/domain/lead_mapping.h"
#include "services/profiling/store/json_codec.h"
#include "services/profiling/store/lead_repository.h"
#include "services/profiling/store/profile_repository.h"
#include "services/profiling/store/session_repository.h"

namespace vinculo::profiling {

const Customer& EngineStep::LoadCustomer() {
  if (customer_) return *customer_;
  customer_.emplace();
  customer_->profile_id = profile_.ToString();
  const absl::StatusOr<Profile> profile = ProfileRepository::Get(tx_, profile_);
  if (!profile.ok()) {
    load_status_ = profile.status();
    return *customer_;
  }
  customer_->name = profile->name;
  for (const Identity& identity : profile->identities) {
    if (identity.type == IdentityType::kEmail) customer_->email = identity.value;
    const bool number = identity.type == IdentityType::kPhone || (identity.type == IdentityType::kWhatsapp &&
                                                                  !identity.value.empty() && identity.value[0] == '+');
    if (number && (customer_->phone.empty() || identity.type == IdentityType::kPhone))
      customer_->phone = identity.value;
  }
  for (const StoredTrait& trait : profile->traits) customer_->traits.emplace(trait.key, trait.value);
  return *customer_;
}

absl::Status EngineStep::Save(Step& step, int64_t revision_before, const StepCause& cause) {
  RETURN_IF_ERROR(load_status_);
  Session& session = step.session;
  session.revision = revision_before + 1;
  if (step.effects.snapshot) {
    for (const CompiledFlow::Node& node : flow_.nodes()) {
      if (node.id == step.effects.snapshot->node_id && node.matrix != nullptr) {
        step.effects.snapshot->matrix_hash = HexDigest(node.matrix->Canonical());
      }
    }
    RETURN_IF_ERROR(SessionRepository::InsertRecommendation(tx_, session.id, session.revision, *step.effects.snapshot));
  }
  RETURN_IF_ERROR(SaveConsent(step));
  RETURN_IF_ERROR(SaveProfile(step));
  if (step.effects.make_lead) RETURN_IF_ERROR(MakeLead(step));
  RETURN_IF_ERROR(SaveSession(session, revision_before));
  RETURN_IF_ERROR(SaveLog(step, cause));
  RETURN_IF_ERROR(EmitAll(step, cause));
  return LeaveJobs(step, cause, revision_before == 0);
}

absl::Status EngineStep::SaveSession(Session& session, int64_t revision_before) {
  if (revision_before == 0) {
    RETURN_IF_ERROR(SessionRepository::Insert(tx_, session));
  } else {
    RETURN_IF_ERROR(SessionRepository::Update(tx_, session, revision_before));
  }
  if (IsFinal(session.state)) {
    return revision_before == 0 ? absl::OkStatus()
                                : SessionRepository::ClearActive(tx_, session.profile_id, session.id);
  }
  return revision_before == 0 ? SessionRepository::SetActive(tx_, session.profile_id, session.id) : absl::OkStatus();
}

absl::Status EngineStep::SaveLog(const Step& step, const StepCause& cause) {
  LogEntry entry;
  entry.has_inbound = cause.has_inbound;
  entry.inbound_text = cause.text;
  entry.outcome = static_cast<int>(step.resolution.outcome);
  entry.invalid_reason = std::string(InvalidName(step.resolution.reason));
  for (const OutboundMessage& message : step.effects.messages) entry.messages.push_back(message.body);
  entry.node_id = step.session.prompt.node_id;
  entry.facts = step.effects.facts;
  return SessionRepository::AppendLog(tx_, step.session.id, step.session.revision, now_, entry);
}

absl::Status EngineStep::SaveConsent(const Step& step) {
  if (step.effects.consent) {
    const ConsentDecision& given = *step.effects.consent;
    Consent consent{flow_.head().consent_purpose,
                    given.granted ? ConsentDecisionKind::kGranted : ConsentDecisionKind::kDenied,
                    now_,
                    given.granted ? std::optional<absl::Time>(now_ + kConsentLifetime) : std::nullopt,
                    given.text,
                    HexDigest(given.text),
                    given.language,
                    step.session.id.ToString()};
    RETURN_IF_ERROR(engine_.PutConsent(tx_, profile_, std::move(consent), false, now_));
  }
  if (step.effects.revoke_marketing) {
    RETURN_IF_ERROR(engine_.PutConsent(tx_, profile_,
                                       {"marketing", ConsentDecisionKind::kRevoked, now_, std::nullopt, "", "",
                                        step.session.language, step.session.id.ToString()},
                                       false, now_));
  }
  return absl::OkStatus();
}

absl::Status EngineStep::SaveProfile(const Step& step) {
  std::vector<std::string> keys;
  const std::string ref = step.session.id.ToString();
  for (const TraitWrite& write : step.effects.traits) {
    ASSIGN_OR_RETURN(const bool changed,
                     ProfileRepository::PutTrait(
                         tx_, profile_, {write.key, write.value, write.category, TraitSource::kAnswer, ref, now_}));
    if (changed) keys.push_back(write.key);
  }
  std::string name;
  for (const CapturedField& captured : step.effects.captures) {
    if (captured.value.empty()) continue;
    if (captured.field == CaptureField::kName) name = captured.value;
    const bool email = captured.field == CaptureField::kEmail;
    if (email || captured.field == CaptureField::kPhone) {
      const IdentityType type = email ? IdentityType::kEmail : IdentityType::kPhone;
      // Typed by somebody: an address that belongs to another profile stays there.
      if (!IsJunkIdentity(type, captured.value)) {
        RETURN_IF_ERROR(
            ProfileRepository::AddIdentity(tx_, profile_, {type, captured.value, Assurance::kClaimed, now_, now_})
                .status());
      }
    }
    const CompiledFlow::Node& node = flow_.node(*flow_.FindNode(captured.node_id));
    const auto& capture = std::get<Capture>(node.definition->kind);
    if (capture.trait_key.empty()) continue;
    ASSIGN_OR_RETURN(const bool changed,
                     ProfileRepository::PutTrait(tx_, profile_,
                                                 {capture.trait_key, captured.value, TraitCategory::kCustom,
                                                  TraitSource::kCapture, ref, now_}));
    if (changed) keys.push_back(capture.trait_key);
  }
  if (!step.effects.ended && keys.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(std::optional<Profile> profile, ProfileRepository::FindRow(tx_, profile_));
  if (!profile) return absl::OkStatus();
  if (!name.empty() && profile->name != name) {
    profile->name = name;
    keys.push_back("name");
  }
  profile->last_seen_at = std::max(profile->last_seen_at, step.session.last_user_at);
  RETURN_IF_ERROR(ProfileRepository::Update(tx_, *profile));
  return keys.empty() ? absl::OkStatus() : engine_.emit_(tx_, ProfileUpdatedEvent{profile_, keys}, now_);
}

absl::Status EngineStep::MakeLead(Step& step) {
  Session& session = step.session;
  ASSIGN_OR_RETURN(
      const std::optional<Lead> before,
      LeadRepository::FindRecent(tx_, profile_, session.selected_product_id, now_ - flow_.settings().dedupe_window));
  Lead lead;
  lead.id = before ? before->id : Uuid::New(now_);
  session.lead_id = lead.id;
  const auto value = [&](absl::string_view field) {
    return Run([&](const Environment& env) {
             Step holder;
             holder.session.outcome = ReferenceValue(env, session, {Reference::Kind::kLead, "", 0, std::string(field)});
             return holder;
           })
        .session.outcome;
  };
  lead.profile_id = profile_;
  lead.session_id = before ? before->session_id : session.id;
  lead.flow_id = session.flow_id;
  lead.flow_version = session.version;
  lead.product_id = session.selected_product_id;
  lead.product_name = value("product_name");
  lead.recommendation_rank = session.selected_rank;
  lead.name = value("name");
  lead.first_name = value("first_name");
  lead.last_name = value("last_name");
  lead.email = value("email");
  lead.phone = value("phone");
  lead.answers_summary = value("answers_summary");
  lead.source = session.source_ref;
  lead.created_at = before ? before->created_at : now_;
  lead.test = session.test;
  if (before) {
    lead.state = before->state;
    lead.crm_ref = before->crm_ref;
    RETURN_IF_ERROR(LeadRepository::Update(tx_, lead));
  } else {
    RETURN_IF_ERROR(LeadRepository::Insert(tx_, lead));
  }
  if (!session.test) RETURN_IF_ERROR(engine_.emit_(tx_, LeadEvent{lead, before.has_value()}, now_));
  return Deliver(step, lead, before ? "lead.updated" : "lead.created");
}

absl::Status EngineStep::Deliver(const Step& step, const Lead& lead, absl::string_view event) {
  ASSIGN_OR_RETURN(const auto consent, ProfileRepository::FindConsent(tx_, profile_, flow_.head().consent_purpose));
  const bool granted = consent && consent->Now(now_) == ConsentDecisionKind::kGranted;
  if (!granted && !engine_.options_.contract_is_basis) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<Connector> connectors, LeadRepository::ListConnectors(tx_));
  for (const Connector& connector : connectors) {
    if (!connector.enabled || connector.test != lead.test) continue;
    Delivery delivery;
    delivery.id = Uuid::New(now_);
    delivery.lead_id = lead.id;
    delivery.connector_id = connector.connector_id;
    delivery.event = std::string(event);
    delivery.created_at = now_;
    delivery.next_at = now_;
    const auto& mapping = connector.mapping.empty() ? DefaultMapping() : connector.mapping;
    absl::StatusOr<std::string> payload = absl::UnknownError("not made");
    Run([&](const Environment& env) {
      const auto fields =
          MapFields(mapping, [&](const Reference& reference) { return ReferenceValue(env, step.session, reference); });
      payload = fields.ok() ? LeadEnvelope(event, now_, *fields) : fields.status();
      return Step();
    });
    if (payload.ok()) {
      delivery.payload = *std::move(payload);
    } else {
      delivery.state = DeliveryState::kDead;
      delivery.error = ErrorReason(payload.status());
      delivery.next_at.reset();
    }
    RETURN_IF_ERROR(LeadRepository::InsertDelivery(tx_, delivery));
    if (delivery.state == DeliveryState::kDead) {
      RETURN_IF_ERROR(engine_.emit_(tx_, LeadDeliveryEvent{delivery, ""}, now_));
    } else {
      RETURN_IF_ERROR(jobs::Enqueue(tx_, {kDeliveryJob, delivery.id.ToString(), now_, ""}));
    }
  }
  return absl::OkStatus();
}

absl::Status EngineStep::EmitAll(const Step& step, const StepCause& cause) {
  const Session& session = step.session;
  if (session.test) return absl::OkStatus();
  if (step.effects.started) RETURN_IF_ERROR(engine_.emit_(tx_, SessionStartedEvent{session}, now_));
  if (step.effects.snapshot) RETURN_IF_ERROR(engine_.emit_(tx_, RecommendationMadeEvent{session}, now_));
  if (step.effects.selected) RETURN_IF_ERROR(engine_.emit_(tx_, ProductSelectedEvent{session}, now_));
  if (step.effects.handoff) {
    HandoffEvent event{session, *step.effects.handoff, cause.event_id, cause.at, cause.text, ""};
    event.name = LoadCustomer().name;
    for (const CapturedField& captured : session.captures) {
      if (captured.field == CaptureField::kName && !captured.value.empty()) event.name = captured.value;
    }
    RETURN_IF_ERROR(engine_.emit_(tx_, event, now_));
  }
  return step.effects.ended ? engine_.emit_(tx_, SessionEndedEvent{session}, now_) : absl::OkStatus();
}

absl::Status EngineStep::LeaveJobs(const Step& step, const StepCause& cause, bool is_new) {
  const Session& session = step.session;
  if (cause.through_messaging && !cause.quiet && !step.effects.messages.empty()) {
    OutboundJob job{session.id,        session.revision,      session.contact_id,
                    session.sender_id, step.effects.messages, absl::UnixEpoch()};
    job.hold_until = IsFinal(session.state) ? absl::UnixEpoch() : session.expires_at;
    RETURN_IF_ERROR(jobs::Enqueue(
        tx_, {kOutboundJob, absl::StrCat(session.id.ToString(), "/", session.revision), now_, EncodeOutboundJob(job)}));
  }
  // The timer of a running session looks by itself whether the deadline has moved, so an answer need not touch it.
  if (is_new && !IsFinal(session.state)) {
    return jobs::Enqueue(tx_, {kTimerJob, session.id.ToString(), session.expires_at, ""});
  }
  return absl::OkStatus();
}

}  // namespace vinculo::profiling
