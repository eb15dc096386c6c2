#include "services/support/api/directory_service.h"

#include <utility>
#include <vector>

#include "common/api/etag.h"
#include "common/api/page.h"
#include "common/text/validate.h"
#include "services/support/api/parse.h"
#include "services/support/api/render.h"
#include "services/support/domain/errors.h"

namespace vinculo::support {

// A page of a list by id.
DirectoryService::DirectoryService(rpc::Runtime& runtime, sql::Database& db) : runtime_(runtime), db_(db) {}
DirectoryService::~DirectoryService() = default;

template <class Req, class Resp, class T, class Load, class Add>
void DirectoryService::List(rpc::Call<Req, Resp> call, const char* method, Load load, Add add) {
  FieldViolations bad;
  const size_t limit = api::ParsePageSize(call.request().page_size(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  api::PageScope scope{call.scope().tenant(), method, "", "id"};
  const auto token = api::ParsePageToken(scope, call.request().page_token(), "s");
  if (!token.ok()) return call.Fail(token.status());
  std::string after = *token ? std::get<std::string>((**token)[0]) : "";
  db_.ReadOnPool(
      call.scope(),
      [this, load, after = std::move(after), limit](sql::Transaction& tx) {
        return (directory_.*load)(tx, after, static_cast<int>(limit) + 1);
      },
      call.Reply([call, scope, limit, add](const std::vector<T>& all, Resp* out) {
        for (size_t i = 0; i < all.size() && i < limit; ++i) add(all[i], out);
        if (all.size() > limit) out->set_next_page_token(api::EncodePageToken(scope, {all[limit - 1].id}));
      }));
}

void DirectoryService::PutTeam(rpc::Call<v1::PutTeamRequest, v1::Team> call) {
  FieldViolations bad;
  Team team = ParseTeam(call.request().team(), bad);
  const auto expected = api::ParseEtag(call.request().team().etag(), bad, "team.etag");
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  db_.Write(
      call.scope(), [this, team, expected](sql::Transaction& tx) { return directory_.PutTeam(tx, team, expected); },
      call.Reply(RenderTeam));
}

void DirectoryService::PutAgent(rpc::Call<v1::PutAgentRequest, v1::Agent> call) {
  FieldViolations bad;
  Agent agent = ParseAgent(call.request().agent(), call.now(), bad);
  const auto expected = api::ParseEtag(call.request().agent().etag(), bad, "agent.etag");
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  db_.Write(
      call.scope(), [this, agent, expected](sql::Transaction& tx) { return directory_.PutAgent(tx, agent, expected); },
      call.Reply(RenderAgent));
}

void DirectoryService::SetPresence(rpc::Call<v1::SetPresenceRequest, v1::Agent> call) {
  FieldViolations bad;
  const v1::SetPresenceRequest& request = call.request();
  std::string id = ParsePersonId("agent_id", request.agent_id(), bad);
  if (request.presence() < 1 || request.presence() > 2) bad.Add("presence", "must be PRESENT or ABSENT");
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const auth::Principal& caller = call.principal();
  if (id != caller.subject && !caller.HasRole("support_lead") && !caller.HasRole("admin"))
    return call.Fail(NotYoursError());
  db_.Write(
      call.scope(),
      [this, id, presence = static_cast<Presence>(request.presence()),
       now = call.now()](sql::Transaction& tx) -> absl::StatusOr<Agent> {
        ASSIGN_OR_RETURN(Agent agent, directory_.GetAgent(tx, id));
        agent.presence = presence;
        agent.updated_at = now;
        return directory_.PutAgent(tx, agent, agent.revision);
      },
      call.Reply(RenderAgent));
}

void DirectoryService::PutInbox(rpc::Call<v1::PutInboxRequest, v1::Inbox> call) {
  FieldViolations bad;
  Inbox inbox = ParseInboxResource(call.request().inbox(), bad);
  const auto expected = api::ParseEtag(call.request().inbox().etag(), bad, "inbox.etag");
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  db_.Write(
      call.scope(), [this, inbox, expected](sql::Transaction& tx) { return directory_.PutInbox(tx, inbox, expected); },
      call.Reply(RenderInbox));
}

void DirectoryService::PutTag(rpc::Call<v1::PutTagRequest, v1::Tag> call) {
  FieldViolations bad;
  Tag tag = ParseTag(call.request().tag(), bad);
  const auto expected = api::ParseEtag(call.request().tag().etag(), bad, "tag.etag");
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  db_.Write(
      call.scope(), [this, tag, expected](sql::Transaction& tx) { return directory_.PutTag(tx, tag, expected); },
      call.Reply(RenderTag));
}

void DirectoryService::ListTeams(rpc::Call<v1::ListTeamsRequest, v1::ListTeamsResponse> call) {
  List<v1::ListTeamsRequest, v1::ListTeamsResponse, Team>(
      call, "support.DirectoryService.ListTeams", &DirectoryRepository::ListTeams,
      [](const Team& team, v1::ListTeamsResponse* out) { RenderTeam(team, out->add_teams()); });
}

void DirectoryService::ListAgents(rpc::Call<v1::ListAgentsRequest, v1::ListAgentsResponse> call) {
  List<v1::ListAgentsRequest, v1::ListAgentsResponse, Agent>(
      call, "support.DirectoryService.ListAgents", &DirectoryRepository::ListAgents,
      [](const Agent& agent, v1::ListAgentsResponse* out) { RenderAgent(agent, out->add_agents()); });
}

void DirectoryService::ListInboxes(rpc::Call<v1::ListInboxesRequest, v1::ListInboxesResponse> call) {
  List<v1::ListInboxesRequest, v1::ListInboxesResponse, Inbox>(
      call, "support.DirectoryService.ListInboxes", &DirectoryRepository::ListInboxes,
      [](const Inbox& inbox, v1::ListInboxesResponse* out) { RenderInbox(inbox, out->add_inboxes()); });
}

void DirectoryService::ListTags(rpc::Call<v1::ListTagsRequest, v1::ListTagsResponse> call) {
  List<v1::ListTagsRequest, v1::ListTagsResponse, Tag>(
      call, "support.DirectoryService.ListTags", &DirectoryRepository::ListTags,
      [](const Tag& tag, v1::ListTagsResponse* out) { RenderTag(tag, out->add_tags()); });
}

}  // namespace vinculo::support
