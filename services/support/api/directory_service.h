#pragma once

#include "common/rpc/call.h"
#include "common/sql/database.h"
#include "services/support/store/directory_repository.h"
#include "vinculo/support/v1/directory_service.grpc.pb.h"

namespace vinculo::support {

// Teams, agents, inboxes and tags.
class DirectoryService final : public v1::DirectoryService::CallbackService {
 public:
  DirectoryService(rpc::Runtime& runtime, sql::Database& db);
  ~DirectoryService() override;

  VINCULO_UNARY(PutTeam, v1::PutTeamRequest, v1::Team)
  VINCULO_UNARY(ListTeams, v1::ListTeamsRequest, v1::ListTeamsResponse)
  VINCULO_UNARY(PutAgent, v1::PutAgentRequest, v1::Agent)
  VINCULO_UNARY(ListAgents, v1::ListAgentsRequest, v1::ListAgentsResponse)
  VINCULO_UNARY(SetPresence, v1::SetPresenceRequest, v1::Agent)
  VINCULO_UNARY(PutInbox, v1::PutInboxRequest, v1::Inbox)
  VINCULO_UNARY(ListInboxes, v1::ListInboxesRequest, v1::ListInboxesResponse)
  VINCULO_UNARY(PutTag, v1::PutTagRequest, v1::Tag)
  VINCULO_UNARY(ListTags, v1::ListTagsRequest, v1::ListTagsResponse)

 private:
  template <class Req, class Resp, class T, class Load, class Add>
  void List(rpc::Call<Req, Resp> call, const char* method, Load load, Add add);

  rpc::Runtime& runtime_;
  sql::Database& db_;
  DirectoryRepository directory_;
};

}  // namespace vinculo::support
