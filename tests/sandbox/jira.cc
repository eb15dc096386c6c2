#include "tests/sandbox/jira.h"

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace vinculo::sandbox {
namespace {

constexpr size_t kMaxSummary = 255, kMaxGlobalId = 255;

struct Status {
  absl::string_view transition;
  absl::string_view name;
  absl::string_view category;
};
constexpr Status kStatuses[] = {{"11", "To Do", "new"}, {"21", "In Progress", "indeterminate"}, {"31", "Done", "done"}};

std::string Text(const Json& json, const char* key) {
  const auto it = json.is_object() ? json.find(key) : json.end();
  return it != json.end() && it->is_string() ? it->get<std::string>() : "";
}

Json At(const Json& json, const char* key) {
  const auto it = json.is_object() ? json.find(key) : json.end();
  return it != json.end() ? *it : Json();
}

std::string Dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

HttpReply Refuse(int status, const std::string& field, const std::string& why) {
  Json errors = Json::object();
  Json messages = Json::array();
  field.empty() ? messages.push_back(why) : void(errors[field] = why);
  return {.status = status, .body = Dump({{"errorMessages", messages}, {"errors", errors}})};
}

// Whether the document keeps Jira's rules: a doc root of version 1, and no empty text node.
bool AdfFits(const Json& node, bool root) {
  if (!node.is_object()) return false;
  if (root && (Text(node, "type") != "doc" || At(node, "version") != 1 || !At(node, "content").is_array()))
    return false;
  if (Text(node, "type").empty()) return false;
  if (Text(node, "type") == "text" && Text(node, "text").empty()) return false;
  for (const Json& child : At(node, "content").is_array() ? At(node, "content") : Json::array()) {
    if (!AdfFits(child, false)) return false;
  }
  return true;
}

HttpReply CheckFields(const Json& fields) {
  if (Text(At(fields, "project"), "key").empty()) return Refuse(400, "project", "project is required");
  if (Text(At(fields, "issuetype"), "name").empty() && Text(At(fields, "issuetype"), "id").empty()) {
    return Refuse(400, "issuetype", "issue type is required");
  }
  const std::string summary = Text(fields, "summary");
  if (summary.empty()) return Refuse(400, "summary", "You must specify a summary of the issue.");
  if (summary.size() > kMaxSummary || absl::StrContains(summary, "\n")) {
    return Refuse(400, "summary", "The summary is invalid because it contains newline characters or is too long.");
  }
  for (const Json& label : At(fields, "labels").is_array() ? At(fields, "labels") : Json::array()) {
    if (!label.is_string() || label.get<std::string>().empty() || absl::StrContains(label.get<std::string>(), " ")) {
      return Refuse(400, "labels", "The label contains spaces which is invalid.");
    }
  }
  const Json description = At(fields, "description");
  if (!description.is_null() && !AdfFits(description, true)) {
    return Refuse(400, "description", "Operation value must be an Atlassian Document");
  }
  return {};
}

}  // namespace

void Jira::Reset() {
  issues_.clear();
  created_ = searches_ = 0;
}

Json Jira::Counts() const { return {{"created", created_}, {"issues", issues_.size()}, {"searches", searches_}}; }

Json Jira::Render(const Issue& issue) const {
  Json fields = issue.fields;
  for (const Status& status : kStatuses) {
    if (status.name != issue.status) continue;
    fields["status"] = {{"name", std::string(status.name)},
                        {"statusCategory", {{"key", std::string(status.category)}}}};
  }
  return {{"id", issue.id},
          {"key", issue.key},
          {"self", absl::StrCat("http://jira.sandbox/rest/api/3/issue/", issue.id)},
          {"fields", fields}};
}

Json Jira::Issues() const {
  Json items = Json::array();
  for (const auto& [id, issue] : issues_) {
    Json item = Render(issue);
    item["comments"] = issue.comments;
    item["remote_links"] = issue.links;
    items.push_back(item);
  }
  return {{"issues", items}};
}

Jira::Issue* Jira::Find(absl::string_view id_or_key) {
  for (auto& [id, issue] : issues_) {
    if (id == id_or_key || issue.key == id_or_key) return &issue;
  }
  return nullptr;
}

void Jira::Handle(const HttpMessage& request, const Exchange& exchange) {
  const FaultRule* fault = faults_.Choose({"jira", request.path, "", ""});
  if (fault != nullptr) {
    if (fault->accept) Answer(request);
    if (AnswerWithFault(*fault, exchange)) return;
  }
  if (request.Header("Authorization").empty()) return exchange.Send(Refuse(401, "", "authentication required"));
  exchange.Send(Answer(request));
}

HttpReply Jira::Answer(const HttpMessage& request) {
  absl::string_view path = request.path;
  absl::ConsumePrefix(&path, "/jira");
  if (!absl::ConsumePrefix(&path, "/rest/api/3/")) return Refuse(404, "", "no such path");
  const std::vector<absl::string_view> parts = absl::StrSplit(path, '/', absl::SkipEmpty());
  if (parts.empty()) return Refuse(404, "", "no such path");
  if (parts[0] == "search" && parts.size() == 2 && parts[1] == "jql") return Search(request);
  if (parts[0] == "issueLink" && request.method == "POST") return {.status = 201};
  if (parts[0] != "issue") return Refuse(404, "", "no such path");
  if (parts.size() == 1 && request.method == "POST") return Create(request);
  if (parts.size() >= 3 && parts[1] == "createmeta")
    return {.body = "{\"issueTypes\":[{\"id\":\"1\",\"name\":\"Bug\"}]}"};
  Issue* issue = parts.size() > 1 ? Find(parts[1]) : nullptr;
  if (issue == nullptr) return Refuse(404, "", "Issue does not exist or you do not have permission to see it.");
  return OnIssue(*issue, parts.size() > 2 ? parts[2] : "", request);
}

HttpReply Jira::Create(const HttpMessage& request) {
  const Json json = Json::parse(request.body.begin(), request.body.end(), nullptr, false);
  const Json fields = At(json, "fields");
  HttpReply problem = CheckFields(fields);
  if (!problem.body.empty()) return problem;
  ++created_;
  const std::string id = absl::StrCat(next_id_++);
  Issue& issue = issues_[id];
  issue.id = id;
  issue.key = absl::StrCat(Text(At(fields, "project"), "key"), "-", created_);
  issue.fields = fields;
  return {.status = 201, .body = Dump({{"id", issue.id}, {"key", issue.key}, {"self", Render(issue)["self"]}})};
}

HttpReply Jira::Search(const HttpMessage& request) {
  const Json json = Json::parse(request.body.begin(), request.body.end(), nullptr, false);
  const std::string jql = Text(json, "jql");
  const size_t open = jql.find('"');
  const size_t close = jql.find('"', open + 1);
  if (!absl::StrContains(jql, "labels") || open == std::string::npos || close == std::string::npos) {
    return Refuse(400, "", "only labels = \"...\" is understood");
  }
  const std::string label = jql.substr(open + 1, close - open - 1);
  Json found = Json::array();
  for (const auto& [id, issue] : issues_) {
    for (const Json& one : At(issue.fields, "labels").is_array() ? At(issue.fields, "labels") : Json::array()) {
      if (one == label) found.push_back(Render(issue));
    }
  }
  ++searches_;
  return {.body = Dump({{"issues", found}, {"isLast", true}})};
}

HttpReply Jira::OnIssue(Issue& issue, absl::string_view edge, const HttpMessage& request) {
  const Json json = Json::parse(request.body.begin(), request.body.end(), nullptr, false);
  if (edge.empty()) {
    if (request.method == "GET") return {.body = Dump(Render(issue))};
    if (request.method != "PUT") return Refuse(405, "", "method not allowed");
    if (At(json, "fields").is_object()) issue.fields.merge_patch(json["fields"]);
    return {.status = 204};
  }
  if (edge == "comment" && request.method == "POST") {
    if (!AdfFits(At(json, "body"), true)) return Refuse(400, "comment", "Comment body is not valid!");
    issue.comments.push_back(json["body"]);
    return {.status = 201, .body = absl::StrCat("{\"id\":\"", issue.comments.size(), "\"}")};
  }
  if (edge == "remotelink") return RemoteLink(issue, request);
  if (edge == "transitions") return Transition(issue, request);
  if (edge == "changelog") return {.body = "{\"values\":[],\"isLast\":true}"};
  return Refuse(404, "", "no such path");
}

HttpReply Jira::RemoteLink(Issue& issue, const HttpMessage& request) {
  if (request.method == "DELETE") {
    return issue.links.erase(QueryParameter(request.query, "globalId")) ? HttpReply{.status = 204}
                                                                        : Refuse(404, "", "no such link");
  }
  const Json json = Json::parse(request.body.begin(), request.body.end(), nullptr, false);
  const Json object = At(json, "object");
  if (Text(object, "url").empty()) return Refuse(400, "url", "The url is required");
  if (Text(object, "title").empty()) return Refuse(400, "title", "The title is required");
  std::string global_id = Text(json, "globalId");
  if (global_id.size() > kMaxGlobalId) return Refuse(400, "globalId", "too long");
  if (global_id.empty()) global_id = absl::StrCat("unnamed-", issue.links.size());
  const bool created = issue.links.insert_or_assign(global_id, json).second;
  return {.status = created ? 201 : 200, .body = "{\"id\":10000,\"self\":\"http://jira.sandbox/link\"}"};
}

HttpReply Jira::Transition(Issue& issue, const HttpMessage& request) {
  if (request.method == "GET") {
    Json out = Json::array();
    for (const Status& status : kStatuses) {
      out.push_back({{"id", std::string(status.transition)}, {"name", std::string(status.name)}});
    }
    return {.body = Dump({{"transitions", out}})};
  }
  const Json json = Json::parse(request.body.begin(), request.body.end(), nullptr, false);
  const std::string id = Text(At(json, "transition"), "id");
  for (const Status& status : kStatuses) {
    if (status.transition != id) continue;
    issue.status = std::string(status.name);
    return {.status = 204};
  }
  return Refuse(400, "", "no such transition");
}

}  // namespace vinculo::sandbox
