#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "tests/sandbox/faults.h"
#include "tests/sandbox/http_server.h"
#include "tests/sandbox/settings.h"

namespace vinculo::sandbox {

// Jira Cloud's REST v3 under /rest/api/3 (a leading /jira is dropped): issues, comments, remote links, label search,
// transitions. Thin, but strict about what Jira refuses.
class Jira {
 public:
  explicit Jira(Faults& faults) : faults_(faults) {}
  void Reset();
  void Handle(const HttpMessage& request, const Exchange& exchange);
  Json Counts() const;
  // Every issue with its comments and links, for GET /_sandbox/issues.
  Json Issues() const;

 private:
  struct Issue {
    std::string id;
    std::string key;
    Json fields;
    std::string status = "To Do";
    Json comments = Json::array();
    std::map<std::string, Json> links;  // by globalId
  };

  HttpReply Answer(const HttpMessage& request);
  HttpReply Create(const HttpMessage& request);
  HttpReply Search(const HttpMessage& request);
  HttpReply OnIssue(Issue& issue, absl::string_view edge, const HttpMessage& request);
  HttpReply RemoteLink(Issue& issue, const HttpMessage& request);
  HttpReply Transition(Issue& issue, const HttpMessage& request);
  Json Render(const Issue& issue) const;
  Issue* Find(absl::string_view id_or_key);

  Faults& faults_;
  std::map<std::string, Issue> issues_;  // by id
  int64_t next_id_ = 10001;
  int64_t created_ = 0;
  int64_t searches_ = 0;
};

}  // namespace vinculo::sandbox
