#pragma once

#include "common/rpc/call.h"
#include "common/sql/database.h"
#include "services/profiling/store/session_engine.h"
#include "vinculo/profiling/v1/session_service.grpc.pb.h"

namespace vinculo::profiling {

// Sessions: starting, answering, steering and reading them.
class SessionService final : public v1::SessionService::CallbackService {
 public:
  SessionService(rpc::Runtime& runtime, sql::Database& database, Published& published, SessionEngine& engine);
  ~SessionService() override;

  VINCULO_UNARY(StartSession, v1::StartSessionRequest, v1::StartSessionResponse)
  VINCULO_UNARY(HandleInbound, v1::HandleInboundRequest, v1::HandleInboundResponse)
  VINCULO_UNARY(GetSession, v1::GetSessionRequest, v1::Session)
  VINCULO_UNARY(GetActiveSession, v1::GetActiveSessionRequest, v1::Session)
  VINCULO_UNARY(ListSessions, v1::ListSessionsRequest, v1::ListSessionsResponse)
  VINCULO_UNARY(ControlSession, v1::ControlSessionRequest, v1::ControlSessionResponse)
  VINCULO_UNARY(GetTranscript, v1::GetTranscriptRequest, v1::Transcript)

 private:
  rpc::Runtime& runtime_;
  sql::Database& db_;
  Published& published_;
  SessionEngine& engine_;
};

}  // namespace vinculo::profiling
