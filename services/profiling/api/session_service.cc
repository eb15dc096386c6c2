#include "services/profiling/api/session_service.h"

#include <algorithm>

#include "common/api/etag.h"
#include "common/api/page.h"
#include "common/api/time.h"
#include "common/status/status_macros.h"
#include "common/text/validate.h"
#include "services/profiling/api/convert_session.h"
#include "services/profiling/store/session_repository.h"

namespace vinculo::profiling {
namespace {

constexpr int kMaxIdentity = 254;
constexpr int kMaxEventId = 200;
constexpr int kMaxInbound = 64 * 1024;

Channel ParseChannel(v1::Channel channel, FieldViolations& bad) {
  if (channel == v1::CHANNEL_UNSPECIFIED || !v1::Channel_IsValid(channel)) bad.Add("channel", "is required");
  return static_cast<Channel>(channel);
}

Inbound ParseInbound(const v1::HandleInboundRequest& in, FieldViolations& bad) {
  Inbound out;
  out.check_compliance_words = true;
  switch (in.content_case()) {
    case v1::HandleInboundRequest::kText:
      out.text = text::ParseText("text", in.text(), {0, kMaxInbound, false, false}, bad);
      break;
    case v1::HandleInboundRequest::kReply:
      out.kind = Inbound::Kind::kReply;
      out.reply_id = text::ParseText("reply.id", in.reply().id(), {1, kMaxIdentity, false, true}, bad);
      out.text = text::ParseText("reply.title", in.reply().title(), {0, kMaxIdentity, false, true}, bad);
      break;
    case v1::HandleInboundRequest::kUnsupportedKind:
      out.kind = Inbound::Kind::kUnsupported;
      break;
    case v1::HandleInboundRequest::CONTENT_NOT_SET:
      bad.Add("text", "say what was sent: text, reply or unsupported_kind");
      break;
  }
  return out;
}

void RenderStart(const EngineResult& result, v1::StartSessionResponse* out) {
  RenderSession(*result.session, out->mutable_session());
  for (const OutboundMessage& message : result.messages) RenderMessage(message, out->add_messages());
  out->set_resumed(result.resumed);
}

absl::StatusOr<Session> Found(absl::StatusOr<std::optional<Session>> session, const std::string& id) {
  RETURN_IF_ERROR(session.status());
  if (!*session) return NotFound("session", id);
  return **std::move(session);
}

}  // namespace

SessionService::SessionService(rpc::Runtime& runtime, sql::Database& database, Published& published,
                               SessionEngine& engine)
    : runtime_(runtime), db_(database), published_(published), engine_(engine) {}
SessionService::~SessionService() = default;

void SessionService::StartSession(rpc::Call<v1::StartSessionRequest, v1::StartSessionResponse> call) {
  const v1::StartSessionRequest& in = call.request();
  FieldViolations bad;
  StartRequest request;
  request.flow_id = text::ParseSlug("flow_id", in.flow_id(), bad);
  request.channel = ParseChannel(in.channel(), bad);
  request.identity = text::ParseText("channel_identity", in.channel_identity(), {0, kMaxIdentity, true, true}, bad);
  request.profile_id = text::ParseOptionalUuid("profile_id", in.profile_id(), bad);
  if (request.identity.empty() && !request.profile_id)
    bad.Add("channel_identity", "name the customer by this or by profile_id");
  request.language = text::ParseText("language", in.language(), {0, 35, true, true}, bad);
  if (in.source() != v1::Session::SOURCE_UNSPECIFIED) request.source = static_cast<Source>(in.source());
  request.source_ref = text::ParseText("source_ref", in.source_ref(), {0, 200, true, true}, bad);
  request.test = in.test();
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  if (const auto view = published_.View(call.scope()); !view.ok()) return call.Fail(view.status());
  db_.Write(
      call.scope(),
      [this, request = std::move(request), now = call.now()](sql::Transaction& tx) {
        return engine_.Start(tx, request, now);
      },
      call.Reply(RenderStart));
}

void SessionService::HandleInbound(rpc::Call<v1::HandleInboundRequest, v1::HandleInboundResponse> call) {
  const v1::HandleInboundRequest& in = call.request();
  FieldViolations bad;
  InboundRequest request;
  request.channel = ParseChannel(in.channel(), bad);
  request.identity = text::ParseText("channel_identity", in.channel_identity(), {1, kMaxIdentity, true, true}, bad);
  request.event_id = text::ParseText("event_id", in.event_id(), {1, kMaxEventId, false, true}, bad);
  request.at = in.has_at() ? api::ParseTimestamp("at", in.at(), bad) : call.now();
  request.inbound = ParseInbound(in, bad);
  request.flow_id = text::ParseOptionalSlug("flow_id", in.flow_id(), bad);
  request.prompt_seq = static_cast<int>(text::ParseInRange("prompt_seq", in.prompt_seq(), 0, INT32_MAX, bad));
  request.revision = api::ParseEtag(in.etag(), bad);
  request.window_until =
      api::ParseOptionalTimestamp("window_until", in.has_window_until() ? &in.window_until() : nullptr, bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  if (const auto view = published_.View(call.scope()); !view.ok()) return call.Fail(view.status());
  db_.Write(
      call.scope(),
      [this, request = std::move(request), now = call.now()](sql::Transaction& tx) {
        return engine_.HandleInbound(tx, request, RenderStoredReply, now);
      },
      call.Reply(RenderInbound));
}

void SessionService::GetSession(rpc::Call<v1::GetSessionRequest, v1::Session> call) {
  FieldViolations bad;
  const Uuid id = text::ParseUuid("session_id", call.request().session_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  call.Answer(db_.ReadInline(call.scope(),
                             [&](sql::Transaction& tx) -> absl::StatusOr<Session> {
                               ASSIGN_OR_RETURN(Session session, Found(SessionRepository::Find(tx, id), id.ToString()));
                               ASSIGN_OR_RETURN(auto made, SessionRepository::LatestRecommendation(tx, id));
                               // With the contributions that the running session does not carry.
                               if (made && session.recommendation &&
                                   session.recommendation->products.size() <= made->products.size()) {
                                 session.recommendation = std::move(made);
                               }
                               return session;
                             }),
              RenderSession);
}

void SessionService::GetActiveSession(rpc::Call<v1::GetActiveSessionRequest, v1::Session> call) {
  FieldViolations bad;
  const Uuid profile = text::ParseUuid("profile_id", call.request().profile_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  call.Answer(db_.ReadInline(call.scope(),
                             [&](sql::Transaction& tx) {
                               return Found(SessionRepository::FindActive(tx, profile), profile.ToString());
                             }),
              RenderSession);
}

void SessionService::ListSessions(rpc::Call<v1::ListSessionsRequest, v1::ListSessionsResponse> call) {
  FieldViolations bad;
  const int size = api::ParsePageSize(call.request().page_size(), bad);
  const std::string flow = text::ParseOptionalSlug("flow_id", call.request().flow_id(), bad);
  const auto profile = text::ParseOptionalUuid("profile_id", call.request().profile_id(), bad);
  if (flow.empty() == !profile.has_value()) bad.Add("flow_id", "name a flow or a profile, not both");
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const std::string filter = flow + "/" + (profile ? profile->ToString() : "");
  const auto key = api::ParsePageToken({call.scope().tenant(), "profiling.SessionService.ListSessions", filter, "-id"},
                                       call.request().page_token(), "u");
  if (!key.ok()) return call.Fail(key.status());
  const Uuid before = *key ? std::get<Uuid>((**key)[0]) : Uuid();
  db_.ReadOnPool(
      call.scope(),
      [flow, profile, before, size](sql::Transaction& tx) {
        return profile ? SessionRepository::ListByProfile(tx, *profile, before, size + 1)
                       : SessionRepository::ListByFlow(tx, flow, before, size + 1);
      },
      call.Reply([size, filter, tenant = call.scope().tenant()](const std::vector<Session>& rows,
                                                                v1::ListSessionsResponse* out) {
        for (int i = 0; i < std::min<int>(size, static_cast<int>(rows.size())); ++i)
          RenderSession(rows[i], out->add_sessions());
        if (static_cast<int>(rows.size()) > size) {
          out->set_next_page_token(api::EncodePageToken(
              {tenant, "profiling.SessionService.ListSessions", filter, "-id"}, {rows[size - 1].id}));
        }
      }));
}

void SessionService::ControlSession(rpc::Call<v1::ControlSessionRequest, v1::ControlSessionResponse> call) {
  FieldViolations bad;
  const Uuid id = text::ParseUuid("session_id", call.request().session_id(), bad);
  const auto revision = api::ParseEtag(call.request().etag(), bad);
  const auto action = call.request().action();
  if (action == v1::ControlSessionRequest::ACTION_UNSPECIFIED || !v1::ControlSessionRequest::Action_IsValid(action))
    bad.Add("action", "is required");
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  if (const auto view = published_.View(call.scope()); !view.ok()) return call.Fail(view.status());
  db_.Write(
      call.scope(),
      [this, id, revision, control = static_cast<Control>(action - 1), now = call.now()](sql::Transaction& tx) {
        return engine_.Steer(tx, id, control, revision, now);
      },
      call.Reply([](const EngineResult& result, v1::ControlSessionResponse* out) {
        RenderSession(*result.session, out->mutable_session());
        for (const OutboundMessage& message : result.messages) RenderMessage(message, out->add_messages());
      }));
}

void SessionService::GetTranscript(rpc::Call<v1::GetTranscriptRequest, v1::Transcript> call) {
  FieldViolations bad;
  const Uuid id = text::ParseUuid("session_id", call.request().session_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  db_.ReadOnPool(
      call.scope(),
      [id](sql::Transaction& tx) -> absl::StatusOr<std::vector<LogEntry>> {
        RETURN_IF_ERROR(Found(SessionRepository::Find(tx, id), id.ToString()).status());
        return SessionRepository::Log(tx, id);
      },
      call.Reply([id](const std::vector<LogEntry>& log, v1::Transcript* out) { RenderTranscript(id, log, out); }));
}

}  // namespace vinculo::profiling
