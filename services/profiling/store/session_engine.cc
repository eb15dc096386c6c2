#include "services/profiling/store/session_engine.h"

#include "absl/strings/str_cat.h"
#include "common/api/etag.h"
#include "common/jobs/job_queue.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "services/profiling/store/engine_step.h"
#include "services/profiling/store/profile_repository.h"
#include "services/profiling/store/session_repository.h"

namespace vinculo::profiling {
namespace {

StepCause CauseOf(const InboundRequest& request) {
  return {true, request.event_id, request.inbound.text, request.at, request.through_messaging, false};
}

EngineResult ResultOf(Step step) {
  EngineResult result;
  result.resolution = std::move(step.resolution);
  result.messages = std::move(step.effects.messages);
  result.session = std::move(step.session);
  return result;
}

StartRequest StartFrom(const InboundRequest& request, const std::string& flow_id) {
  StartRequest start;
  start.flow_id = flow_id;
  start.channel = request.channel;
  start.identity = request.identity;
  start.source = request.source;
  start.source_ref = request.source_ref;
  start.contact_id = request.contact_id;
  start.sender_id = request.sender_id;
  start.name = request.name;
  start.window_until = request.window_until;
  start.through_messaging = request.through_messaging;
  return start;
}

EngineResult Unhandled(std::string reason) {
  EngineResult result;
  result.handled = false;
  result.reason = std::move(reason);
  return result;
}

absl::Status CheckPrompt(const InboundRequest& request, const Session& session) {
  const bool moved = (request.revision && *request.revision != session.revision) ||
                     (request.prompt_seq != 0 && request.prompt_seq != session.prompt.seq);
  if (!moved) return absl::OkStatus();
  return Error(absl::StatusCode::kAborted, "PROMPT_MOVED", "the session has moved on; read it again",
               {{"prompt_seq", absl::StrCat(session.prompt.seq)},
                {"node_id", session.prompt.node_id},
                {"etag", absl::StrCat("\"", session.revision, "\"")}});
}

}  // namespace

IdentityType IdentityOf(Channel channel) {
  switch (channel) {
    case Channel::kWhatsapp:
      return IdentityType::kWhatsapp;
    case Channel::kFacebook:
      return IdentityType::kFacebookPsid;
    default:
      return IdentityType::kExternal;
  }
}

absl::StatusOr<Uuid> SessionEngine::ResolveProfile(sql::Transaction& tx, IdentityType type, const std::string& identity,
                                                   const std::string& name, absl::Time now) {
  const std::optional<std::string> value = NormalizeIdentity(type, identity, options_.phone);
  if (!value) return Error(absl::StatusCode::kInvalidArgument, "JUNK_IDENTITY", "the identity cannot be one");
  ASSIGN_OR_RETURN(const std::optional<Uuid> found, ProfileRepository::FindByIdentity(tx, type, *value));
  if (found) return *found;
  Profile profile;
  profile.id = Uuid::New(now);
  profile.name = name;
  profile.created_at = profile.last_seen_at = now;
  RETURN_IF_ERROR(ProfileRepository::Insert(tx, profile));
  RETURN_IF_ERROR(
      ProfileRepository::AddIdentity(tx, profile.id, {type, *value, Assurance::kChannel, now, now}).status());
  RETURN_IF_ERROR(emit_(tx, ProfileCreatedEvent{profile.id, profile.kind}, now));
  return profile.id;
}

absl::StatusOr<Uuid> SessionEngine::LinkContact(sql::Transaction& tx, Channel channel, const std::string& identity,
                                                const std::optional<Uuid>& known, const std::string& contact_id,
                                                const std::string& name, absl::Time now) {
  Uuid id;
  if (known) {
    ASSIGN_OR_RETURN(const auto row, ProfileRepository::FindRow(tx, *known));
    if (row && row->contact_id == contact_id) return *known;
    if (row) id = *known;
  }
  if (id.is_nil()) {
    ASSIGN_OR_RETURN(id, ResolveProfile(tx, IdentityOf(channel), identity, name, now));
  }
  ASSIGN_OR_RETURN(std::optional<Profile> profile, ProfileRepository::FindRow(tx, id));
  if (!profile || contact_id.empty() || profile->contact_id == contact_id) return id;
  const IdentityType type = IdentityOf(channel);
  if (const auto value = NormalizeIdentity(type, identity, options_.phone)) {
    RETURN_IF_ERROR(ProfileRepository::AddIdentity(tx, id, {type, *value, Assurance::kChannel, now, now}).status());
  }
  profile->contact_id = contact_id;
  if (profile->name.empty()) profile->name = name;
  profile->last_seen_at = now;
  RETURN_IF_ERROR(ProfileRepository::Update(tx, *profile));
  RETURN_IF_ERROR(emit_(tx, ContactLinkedEvent{id, contact_id}, now));
  if (!known) RETURN_IF_ERROR(jobs::Enqueue(tx, {kLinkJob, contact_id, now, id.ToString()}));
  return id;
}

absl::Status SessionEngine::PutConsent(sql::Transaction& tx, const Uuid& profile, Consent consent, bool from_messaging,
                                       absl::Time now) {
  ASSIGN_OR_RETURN(const auto before, ProfileRepository::FindConsent(tx, profile, consent.purpose));
  ASSIGN_OR_RETURN(const bool written, ProfileRepository::PutConsent(tx, profile, consent));
  if (!written || (before && before->Now(now) == consent.decision)) return absl::OkStatus();
  return emit_(tx, ConsentChangedEvent{profile, std::move(consent), from_messaging}, now);
}

absl::StatusOr<EngineResult> SessionEngine::HandleInbound(sql::Transaction& tx, const InboundRequest& request,
                                                          const RenderReply& render, absl::Time now) {
  ASSIGN_OR_RETURN(std::optional<std::string> stored,
                   SessionRepository::FindInbound(tx, request.channel, request.event_id));
  if (stored) {
    EngineResult result;
    result.duplicate = true;
    result.stored_reply = *std::move(stored);
    return result;
  }
  const IdentityType type = IdentityOf(request.channel);
  const std::optional<std::string> value = NormalizeIdentity(type, request.identity, options_.phone);
  if (!value) return Error(absl::StatusCode::kInvalidArgument, "JUNK_IDENTITY", "the identity cannot be one");
  ASSIGN_OR_RETURN(auto found,
                   SessionRepository::FindByIdentity(tx, static_cast<int>(type), IdentityKey(type, *value)));
  std::optional<Session> active;
  Uuid profile;
  if (found) {
    profile = found->profile_id;
    active = std::move(found->active);
  } else {
    ASSIGN_OR_RETURN(profile, ResolveProfile(tx, type, *value, request.name, now));
  }
  if (active && now >= active->expires_at) {
    RETURN_IF_ERROR(Expire(tx, *active, now));
    active.reset();
  }
  absl::StatusOr<EngineResult> result =
      active ? ApplyToActive(tx, request, *std::move(active), now) : WithoutSession(tx, request, profile, now);
  if (!result.ok()) return result;
  RETURN_IF_ERROR(SessionRepository::InsertInbound(tx, request.channel, request.event_id, now, render(*result)));
  return result;
}

absl::StatusOr<EngineResult> SessionEngine::ApplyToActive(sql::Transaction& tx, const InboundRequest& request,
                                                          Session active, absl::Time now) {
  // Messaging matched a keyword, a button or a template of a flow: what becomes of the running session is that flow's
  // policy.
  if (request.through_messaging && !request.flow_id.empty()) {
    const Uuid profile = active.profile_id;
    return StartFor(tx, StartFrom(request, request.flow_id), profile, std::move(active), now);
  }
  RETURN_IF_ERROR(CheckPrompt(request, active));
  ASSIGN_OR_RETURN(const auto flow, published_.FlowFor(tx, active.flow_id, active.version));
  const int64_t revision = active.revision;
  if (request.window_until) active.window_until = request.window_until;
  if (!request.contact_id.empty()) active.contact_id = request.contact_id;
  if (!request.sender_id.empty()) active.sender_id = request.sender_id;
  EngineStep engine_step(*this, tx, *flow, active.profile_id, now);
  Step step = engine_step.Run([&](const Environment& env) {
    return ApplyEvent(env, std::move(active), {request.inbound, request.at});
  });
  RETURN_IF_ERROR(engine_step.Save(step, revision, CauseOf(request)));
  return ResultOf(std::move(step));
}

absl::StatusOr<EngineResult> SessionEngine::WithoutSession(sql::Transaction& tx, const InboundRequest& request,
                                                           const Uuid& profile, absl::Time now) {
  if (!request.flow_id.empty()) {
    absl::StatusOr<EngineResult> started =
        StartFor(tx, StartFrom(request, request.flow_id), profile, std::nullopt, now);
    if (started.ok() || !request.through_messaging) return started;
    const std::string reason = ErrorReason(started.status());
    if (reason != "NOT_PUBLISHED" && reason != "FLOW_NOT_FOUND") return started;
    return Unhandled("NOT_PUBLISHED");
  }
  ASSIGN_OR_RETURN(const std::optional<Session> newest, SessionRepository::FindNewest(tx, profile));
  if (newest && newest->state == SessionState::kExpired) return LateReplyTo(tx, request, *newest, now);
  return Unhandled("NO_SESSION");
}

absl::StatusOr<EngineResult> SessionEngine::LateReplyTo(sql::Transaction& tx, const InboundRequest& request,
                                                        const Session& expired, absl::Time now) {
  ASSIGN_OR_RETURN(const auto flow, published_.FlowFor(tx, expired.flow_id, expired.version));
  const FlowSettings& settings = flow->settings();
  if (settings.late_reply == LateReply::kIgnore || now >= expired.expires_at + settings.resume_grace)
    return Unhandled("NO_SESSION");
  Session fresh;
  fresh.id = Uuid::New(now);
  fresh.profile_id = expired.profile_id;
  fresh.channel = request.channel;
  fresh.channel_identity = expired.channel_identity;
  fresh.contact_id = request.contact_id.empty() ? expired.contact_id : request.contact_id;
  fresh.sender_id = request.sender_id.empty() ? expired.sender_id : request.sender_id;
  fresh.language = expired.language;
  fresh.source = expired.source;
  fresh.source_ref = expired.source_ref;
  fresh.window_until = request.window_until;
  fresh.test = expired.test;
  EngineStep engine_step(*this, tx, *flow, expired.profile_id, now);
  Step step = engine_step.Run([&](const Environment& env) {
    if (settings.late_reply == LateReply::kRestart) return StartSession(env, std::move(fresh));
    return ResumeSession(env, std::move(fresh), expired, settings.late_reply == LateReply::kOfferResume);
  });
  RETURN_IF_ERROR(engine_step.Save(step, 0, CauseOf(request)));
  EngineResult result = ResultOf(std::move(step));
  result.started = true;
  return result;
}

absl::StatusOr<EngineResult> SessionEngine::Start(sql::Transaction& tx, const StartRequest& request, absl::Time now) {
  Uuid profile;
  if (request.profile_id) {
    ASSIGN_OR_RETURN(const auto row, ProfileRepository::FindRow(tx, *request.profile_id));
    if (!row) return NotFound("profile", request.profile_id->ToString());
    profile = *request.profile_id;
  } else {
    ASSIGN_OR_RETURN(profile, ResolveProfile(tx, IdentityOf(request.channel), request.identity, request.name, now));
  }
  ASSIGN_OR_RETURN(std::optional<Session> active, SessionRepository::FindActive(tx, profile));
  if (active && now >= active->expires_at) {
    RETURN_IF_ERROR(Expire(tx, *active, now));
    active.reset();
  }
  return StartFor(tx, request, profile, std::move(active), now);
}

absl::StatusOr<EngineResult> SessionEngine::StartFor(sql::Transaction& tx, const StartRequest& request,
                                                     const Uuid& profile, std::optional<Session> active,
                                                     absl::Time now) {
  ASSIGN_OR_RETURN(const FlowRow row, FlowRepository::Get(tx, request.flow_id));
  if (row.published_version == 0 || row.state != FlowState::kLive) {
    return Error(absl::StatusCode::kFailedPrecondition, "NOT_PUBLISHED",
                 absl::StrCat("flow `", request.flow_id, "` has no live version"));
  }
  ASSIGN_OR_RETURN(const auto flow, published_.FlowFor(tx, request.flow_id, row.published_version));
  StepCause cause;
  cause.through_messaging = request.through_messaging;
  if (active) {
    const bool same = active->flow_id == request.flow_id;
    OnConflict policy = flow->settings().on_conflict;
    if (policy == OnConflict::kUnspecified) policy = same ? OnConflict::kResume : OnConflict::kSupersede;
    if (policy == OnConflict::kReject) {
      return Error(absl::StatusCode::kAlreadyExists, "SESSION_CONFLICT", "the customer is in a session already",
                   {{"session_id", active->id.ToString()}});
    }
    ASSIGN_OR_RETURN(const auto running, published_.FlowFor(tx, active->flow_id, active->version));
    const int64_t revision = active->revision;
    EngineStep engine_step(*this, tx, *running, profile, now);
    const bool resume = policy == OnConflict::kResume && same;
    Step step = engine_step.Run([&](const Environment& env) {
      return resume ? ShowAgain(env, *std::move(active)) : Supersede(env, *std::move(active));
    });
    cause.quiet = !resume;
    RETURN_IF_ERROR(engine_step.Save(step, revision, cause));
    cause.quiet = false;
    if (resume) {
      EngineResult result = ResultOf(std::move(step));
      result.resumed = true;
      return result;
    }
  }
  Session fresh;
  fresh.id = Uuid::New(now);
  fresh.profile_id = profile;
  fresh.channel = request.channel;
  fresh.channel_identity = request.identity;
  fresh.contact_id = request.contact_id;
  fresh.sender_id = request.sender_id;
  fresh.language = flow->ResolveLanguage(request.language);
  fresh.source = request.source;
  fresh.source_ref = request.source_ref;
  fresh.window_until = request.window_until;
  fresh.test = request.test;
  EngineStep engine_step(*this, tx, *flow, profile, now);
  Step step = engine_step.Run([&](const Environment& env) { return StartSession(env, std::move(fresh)); });
  RETURN_IF_ERROR(engine_step.Save(step, 0, cause));
  EngineResult result = ResultOf(std::move(step));
  result.started = true;
  return result;
}

absl::StatusOr<EngineResult> SessionEngine::Steer(sql::Transaction& tx, const Uuid& id, Control control,
                                                  std::optional<int64_t> revision, absl::Time now) {
  ASSIGN_OR_RETURN(std::optional<Session> session, SessionRepository::Find(tx, id));
  if (!session) return NotFound("session", id.ToString());
  RETURN_IF_ERROR(api::CheckRevision("session", id.ToString(), revision, session->revision));
  if (session->state == SessionState::kActive && now >= session->expires_at && control != Control::kExpire) {
    RETURN_IF_ERROR(Expire(tx, *session, now));
    session->state = SessionState::kExpired;
  }
  if (IsFinal(session->state))
    return Error(absl::StatusCode::kFailedPrecondition, "SESSION_ENDED", "the session is over");
  ASSIGN_OR_RETURN(const auto flow, published_.FlowFor(tx, session->flow_id, session->version));
  const int64_t before = session->revision;
  EngineStep engine_step(*this, tx, *flow, session->profile_id, now);
  StepCause cause;
  cause.through_messaging = !session->contact_id.empty();
  cause.quiet = control == Control::kStop || control == Control::kExpire;
  Step step = engine_step.Run([&](const Environment& env) { return ApplyControl(env, *std::move(session), control); });
  RETURN_IF_ERROR(engine_step.Save(step, before, cause));
  return ResultOf(std::move(step));
}

absl::Status SessionEngine::Expire(sql::Transaction& tx, const Session& session, absl::Time now) {
  ASSIGN_OR_RETURN(const auto flow, published_.FlowFor(tx, session.flow_id, session.version));
  EngineStep engine_step(*this, tx, *flow, session.profile_id, now);
  Step step = engine_step.Run([&](const Environment& env) { return ApplyControl(env, session, Control::kExpire); });
  StepCause cause;
  cause.quiet = true;
  return engine_step.Save(step, session.revision, cause);
}

absl::StatusOr<std::optional<absl::Time>> SessionEngine::OnTimer(sql::Transaction& tx, const Uuid& id, absl::Time now) {
  ASSIGN_OR_RETURN(const std::optional<Session> session, SessionRepository::Find(tx, id));
  if (!session || IsFinal(session->state)) return std::nullopt;
  if (now < session->expires_at) return session->expires_at;
  RETURN_IF_ERROR(Expire(tx, *session, now));
  return std::nullopt;
}

}  // namespace vinculo::profiling
