#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/sql/query.h"
#include "common/sql/transaction.h"
#include "services/support/domain/types.h"

namespace vinculo::support {

// What messaging and profiling told about one who writes.
struct Contact {
  std::string id;
  std::string customer_id;  // "" = profiling knows none
  bool opted_out = false;
};

// Every statement on teams, agents, inboxes, tags and contacts. Put creates or replaces and returns the row as it is
// now; with `expected` set it is ABORTED ETAG_MISMATCH when the row is not at that revision (0 = not there). Lists are
// by id.
class DirectoryRepository {
 public:
  absl::StatusOr<Team> PutTeam(sql::Transaction& tx, const Team& team, std::optional<int64_t> expected) const;
  // NOT_FOUND TEAM_NOT_FOUND when the agent's team does not exist.
  absl::StatusOr<Agent> PutAgent(sql::Transaction& tx, const Agent& agent, std::optional<int64_t> expected) const;
  // The same; FAILED_PRECONDITION SENDER_TAKEN when another inbox has the sender.
  absl::StatusOr<Inbox> PutInbox(sql::Transaction& tx, const Inbox& inbox, std::optional<int64_t> expected) const;
  // ALREADY_EXISTS TAG_EXISTS when another tag has the display name.
  absl::StatusOr<Tag> PutTag(sql::Transaction& tx, const Tag& tag, std::optional<int64_t> expected) const;

  // NOT_FOUND TEAM_NOT_FOUND, AGENT_NOT_FOUND, INBOX_NOT_FOUND. The default inbox is always found.
  absl::StatusOr<Team> GetTeam(sql::Transaction& tx, const std::string& id) const;
  absl::StatusOr<Agent> GetAgent(sql::Transaction& tx, const std::string& id) const;
  absl::StatusOr<Inbox> GetInbox(sql::Transaction& tx, const std::string& id) const;
  // The inbox of a messaging sender; the default one when none names it.
  absl::StatusOr<Inbox> InboxOfSender(sql::Transaction& tx, const std::string& sender_id) const;
  // OK, or NOT_FOUND TAG_NOT_FOUND naming all that do not exist.
  absl::Status CheckTags(sql::Transaction& tx, const std::vector<std::string>& tags) const;
  // Makes those that are not there, with the id as display name. For imports.
  absl::Status EnsureTags(sql::Transaction& tx, const std::vector<std::string>& tags) const;

  absl::StatusOr<std::vector<Team>> ListTeams(sql::Transaction& tx, const std::string& after, int limit) const;
  absl::StatusOr<std::vector<Agent>> ListAgents(sql::Transaction& tx, const std::string& after, int limit) const;
  absl::StatusOr<std::vector<Inbox>> ListInboxes(sql::Transaction& tx, const std::string& after, int limit) const;
  absl::StatusOr<std::vector<Tag>> ListTags(sql::Transaction& tx, const std::string& after, int limit) const;

  absl::StatusOr<Contact> GetContact(sql::Transaction& tx, const std::string& id) const;  // empty when unknown
  absl::Status PutContact(sql::Transaction& tx, const Contact& contact) const;

  static std::vector<sql::Query> Queries();
};

}  // namespace vinculo::support
