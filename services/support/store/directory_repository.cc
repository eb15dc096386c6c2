#include "services/support/store/directory_repository.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "services/support/domain/errors.h"

namespace vinculo::support {
namespace {

constexpr sql::Query kGetTeam{"team_get", "SELECT id, display_name, revision FROM team WHERE tenant_id = ? AND id = ?"};
constexpr sql::Query kListTeams{
    "team_list", "SELECT id, display_name, revision FROM team WHERE tenant_id = ? AND id > ? ORDER BY id LIMIT ?"};
constexpr sql::Query kPutTeam{"team_put",
                              "INSERT INTO team (tenant_id, id, display_name, revision) VALUES (?, ?, ?, 1) ON "
                              "CONFLICT (tenant_id, id) DO UPDATE SET "
                              "display_name = excluded.display_name, revision = team.revision + 1"};

#define VINCULO_AGENT_COLUMNS "id, display_name, team, capacity, presence, updated_at, revision"
constexpr sql::Query kGetAgent{"agent_get",
                               "SELECT " VINCULO_AGENT_COLUMNS " FROM agent WHERE tenant_id = ? AND id = ?"};
constexpr sql::Query kListAgents{
    "agent_list", "SELECT " VINCULO_AGENT_COLUMNS " FROM agent WHERE tenant_id = ? AND id > ? ORDER BY id LIMIT ?"};
constexpr sql::Query kPutAgent{"agent_put", "INSERT INTO agent (tenant_id, " VINCULO_AGENT_COLUMNS
                                            ") VALUES (?, ?, ?, ?, ?, ?, ?, 1) ON CONFLICT (tenant_id, id) DO UPDATE "
                                            "SET display_name = excluded.display_name, team = excluded.team, capacity "
                                            "= excluded.capacity, presence = excluded.presence, "
                                            "updated_at = excluded.updated_at, revision = agent.revision + 1"};

#define VINCULO_INBOX_COLUMNS                                                                                   \
  "id, display_name, channel, sender_id, reopen_policy, reopen_window, note_unsnoozes, survey_on_close, team, " \
  "survey_text, "                                                                                               \
  "revision"
constexpr sql::Query kGetInbox{"inbox_get",
                               "SELECT " VINCULO_INBOX_COLUMNS " FROM inbox WHERE tenant_id = ? AND id = ?"};
constexpr sql::Query kInboxOfSender{
    "inbox_of_sender", "SELECT " VINCULO_INBOX_COLUMNS " FROM inbox WHERE tenant_id = ? AND sender_id = ?"};
constexpr sql::Query kListInboxes{
    "inbox_list", "SELECT " VINCULO_INBOX_COLUMNS " FROM inbox WHERE tenant_id = ? AND id > ? ORDER BY id LIMIT ?"};
constexpr sql::Query kPutInbox{"inbox_put",
                               "INSERT INTO inbox (tenant_id, " VINCULO_INBOX_COLUMNS
                               ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1) ON CONFLICT (tenant_id, id) DO UPDATE "
                               "SET display_name = excluded.display_name, "
                               "channel = excluded.channel, sender_id = excluded.sender_id, reopen_policy = "
                               "excluded.reopen_policy, reopen_window = "
                               "excluded.reopen_window, note_unsnoozes = excluded.note_unsnoozes, survey_on_close = "
                               "excluded.survey_on_close, team = "
                               "excluded.team, survey_text = excluded.survey_text, revision = inbox.revision + 1"};

constexpr sql::Query kGetTag{"tag_get", "SELECT id, display_name, revision FROM tag WHERE tenant_id = ? AND id = ?"};
constexpr sql::Query kGetTagByName{
    "tag_get_by_name", "SELECT id, display_name, revision FROM tag WHERE tenant_id = ? AND display_name = ?"};
constexpr sql::Query kListTags{
    "tag_list", "SELECT id, display_name, revision FROM tag WHERE tenant_id = ? AND id > ? ORDER BY id LIMIT ?"};
constexpr sql::Query kPutTag{"tag_put",
                             "INSERT INTO tag (tenant_id, id, display_name, revision) VALUES (?, ?, ?, 1) ON CONFLICT "
                             "(tenant_id, id) DO UPDATE SET "
                             "display_name = excluded.display_name, revision = tag.revision + 1"};
constexpr sql::Query kEnsureTag{
    "tag_ensure", "INSERT INTO tag (tenant_id, id, display_name, revision) VALUES (?, ?, ?, 1) ON CONFLICT DO NOTHING"};

constexpr sql::Query kGetContact{"contact_get",
                                 "SELECT id, customer_id, opted_out FROM contact WHERE tenant_id = ? AND id = ?"};
constexpr sql::Query kPutContact{"contact_put",
                                 "INSERT INTO contact (tenant_id, id, customer_id, opted_out) VALUES (?, ?, ?, ?) ON "
                                 "CONFLICT (tenant_id, id) DO UPDATE SET "
                                 "customer_id = excluded.customer_id, opted_out = excluded.opted_out"};

Team ReadTeam(const sql::Row& r) { return {r.String(0), r.String(1), r.Int(2)}; }
Tag ReadTag(const sql::Row& r) { return {r.String(0), r.String(1), r.Int(2)}; }
Agent ReadAgent(const sql::Row& r) {
  return {r.String(0), r.String(1), r.String(2), static_cast<int32_t>(r.Int(3)), static_cast<Presence>(r.Int(4)),
          r.Time(5),   r.Int(6)};
}
Inbox ReadInbox(const sql::Row& r) {
  Inbox inbox;
  inbox.id = r.String(0);
  inbox.display_name = r.String(1);
  if (!r.IsNull(2)) inbox.channel = static_cast<Channel>(r.Int(2));
  inbox.sender_id = r.String(3);
  inbox.reopen_policy = static_cast<ReopenPolicy>(r.Int(4));
  inbox.reopen_window = r.Duration(5);
  inbox.note_unsnoozes = r.Bool(6);
  inbox.survey_on_close = r.Bool(7);
  inbox.team = r.String(8);
  inbox.survey_text = r.String(9);
  inbox.revision = r.Int(10);
  return inbox;
}

template <class T>
absl::Status CheckExpected(const char* thing, const std::string& id, const std::optional<T>& found,
                           std::optional<int64_t> expected) {
  const int64_t revision = found ? found->revision : 0;
  if (!expected || *expected == revision) return absl::OkStatus();
  return EtagMismatch(thing, id, absl::StrCat("\"", revision, "\""));
}

template <class Read>
auto List(sql::Transaction& tx, const sql::Query& query, Read read, const std::string& after, int limit)
    -> absl::StatusOr<std::vector<std::invoke_result_t<Read, const sql::Row&>>> {
  std::vector<std::invoke_result_t<Read, const sql::Row&>> all;
  RETURN_IF_ERROR(tx.Each(
      query, [&](const sql::Row& r) { all.push_back(read(r)); }, tx.tenant(), after, limit));
  return all;
}

template <class Read>
auto Get(sql::Transaction& tx, const sql::Query& query, Read read, const char* thing, const std::string& id)
    -> absl::StatusOr<std::invoke_result_t<Read, const sql::Row&>> {
  ASSIGN_OR_RETURN(auto found, tx.Find(query, read, tx.tenant(), id));
  if (!found) return NotFound(thing, id);
  return *std::move(found);
}

}  // namespace

absl::StatusOr<Team> DirectoryRepository::PutTeam(sql::Transaction& tx, const Team& team,
                                                  std::optional<int64_t> expected) const {
  ASSIGN_OR_RETURN(const std::optional<Team> found, tx.Find(kGetTeam, ReadTeam, tx.tenant(), team.id));
  RETURN_IF_ERROR(CheckExpected("team", team.id, found, expected));
  RETURN_IF_ERROR(tx.Exec(kPutTeam, tx.tenant(), team.id, team.display_name));
  return GetTeam(tx, team.id);
}

absl::StatusOr<Agent> DirectoryRepository::PutAgent(sql::Transaction& tx, const Agent& agent,
                                                    std::optional<int64_t> expected) const {
  if (!agent.team.empty()) RETURN_IF_ERROR(GetTeam(tx, agent.team).status());
  ASSIGN_OR_RETURN(const std::optional<Agent> found, tx.Find(kGetAgent, ReadAgent, tx.tenant(), agent.id));
  RETURN_IF_ERROR(CheckExpected("agent", agent.id, found, expected));
  RETURN_IF_ERROR(tx.Exec(kPutAgent, tx.tenant(), agent.id, agent.display_name, agent.team, agent.capacity,
                          agent.presence, agent.updated_at));
  return GetAgent(tx, agent.id);
}

absl::StatusOr<Inbox> DirectoryRepository::PutInbox(sql::Transaction& tx, const Inbox& inbox,
                                                    std::optional<int64_t> expected) const {
  if (!inbox.team.empty()) RETURN_IF_ERROR(GetTeam(tx, inbox.team).status());
  ASSIGN_OR_RETURN(const std::optional<Inbox> found, tx.Find(kGetInbox, ReadInbox, tx.tenant(), inbox.id));
  RETURN_IF_ERROR(CheckExpected("inbox", inbox.id, found, expected));
  std::optional<std::string> sender;
  if (!inbox.sender_id.empty()) {
    sender = inbox.sender_id;
    ASSIGN_OR_RETURN(const std::optional<Inbox> holder,
                     tx.Find(kInboxOfSender, ReadInbox, tx.tenant(), inbox.sender_id));
    if (holder && holder->id != inbox.id) {
      return Error(absl::StatusCode::kFailedPrecondition, "SENDER_TAKEN",
                   "Another inbox takes this sender's customers.",
                   {{"sender_id", inbox.sender_id}, {"inbox", holder->id}});
    }
  }
  RETURN_IF_ERROR(tx.Exec(kPutInbox, tx.tenant(), inbox.id, inbox.display_name, inbox.channel, sender,
                          inbox.reopen_policy, inbox.reopen_window, inbox.note_unsnoozes, inbox.survey_on_close,
                          inbox.team, inbox.survey_text));
  return GetInbox(tx, inbox.id);
}

absl::StatusOr<Tag> DirectoryRepository::PutTag(sql::Transaction& tx, const Tag& tag,
                                                std::optional<int64_t> expected) const {
  ASSIGN_OR_RETURN(const std::optional<Tag> found, tx.Find(kGetTag, ReadTag, tx.tenant(), tag.id));
  RETURN_IF_ERROR(CheckExpected("tag", tag.id, found, expected));
  ASSIGN_OR_RETURN(const std::optional<Tag> namesake, tx.Find(kGetTagByName, ReadTag, tx.tenant(), tag.display_name));
  if (namesake && namesake->id != tag.id) return TagExistsError(tag.display_name, namesake->id);
  RETURN_IF_ERROR(tx.Exec(kPutTag, tx.tenant(), tag.id, tag.display_name));
  return Get(tx, kGetTag, ReadTag, "tag", tag.id);
}

absl::StatusOr<Team> DirectoryRepository::GetTeam(sql::Transaction& tx, const std::string& id) const {
  return Get(tx, kGetTeam, ReadTeam, "team", id);
}
absl::StatusOr<Agent> DirectoryRepository::GetAgent(sql::Transaction& tx, const std::string& id) const {
  return Get(tx, kGetAgent, ReadAgent, "agent", id);
}
absl::StatusOr<Inbox> DirectoryRepository::GetInbox(sql::Transaction& tx, const std::string& id) const {
  ASSIGN_OR_RETURN(std::optional<Inbox> found, tx.Find(kGetInbox, ReadInbox, tx.tenant(), id));
  if (found) return *std::move(found);
  if (id == kDefaultInbox) return Inbox();
  return NotFound("inbox", id);
}

absl::StatusOr<Inbox> DirectoryRepository::InboxOfSender(sql::Transaction& tx, const std::string& sender_id) const {
  ASSIGN_OR_RETURN(std::optional<Inbox> found, tx.Find(kInboxOfSender, ReadInbox, tx.tenant(), sender_id));
  if (found) return *std::move(found);
  return GetInbox(tx, kDefaultInbox);
}

absl::Status DirectoryRepository::CheckTags(sql::Transaction& tx, const std::vector<std::string>& tags) const {
  std::vector<std::string> missing;
  for (const std::string& tag : tags) {
    ASSIGN_OR_RETURN(const std::optional<Tag> found, tx.Find(kGetTag, ReadTag, tx.tenant(), tag));
    if (!found) missing.push_back(tag);
  }
  return missing.empty() ? absl::OkStatus() : TagsNotFoundError(missing);
}

absl::Status DirectoryRepository::EnsureTags(sql::Transaction& tx, const std::vector<std::string>& tags) const {
  for (const std::string& tag : tags) RETURN_IF_ERROR(tx.Exec(kEnsureTag, tx.tenant(), tag, tag));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Team>> DirectoryRepository::ListTeams(sql::Transaction& tx, const std::string& after,
                                                                 int limit) const {
  return List(tx, kListTeams, ReadTeam, after, limit);
}
absl::StatusOr<std::vector<Agent>> DirectoryRepository::ListAgents(sql::Transaction& tx, const std::string& after,
                                                                   int limit) const {
  return List(tx, kListAgents, ReadAgent, after, limit);
}
absl::StatusOr<std::vector<Inbox>> DirectoryRepository::ListInboxes(sql::Transaction& tx, const std::string& after,
                                                                    int limit) const {
  ASSIGN_OR_RETURN(std::vector<Inbox> inboxes, List(tx, kListInboxes, ReadInbox, after, limit));
  // The default inbox is there before anybody puts it.
  const auto place =
      std::find_if(inboxes.begin(), inboxes.end(), [](const Inbox& inbox) { return inbox.id >= kDefaultInbox; });
  const bool stored = place != inboxes.end() && place->id == kDefaultInbox;
  const bool full = place == inboxes.end() && static_cast<int>(inboxes.size()) == limit;
  if (stored || full || after >= kDefaultInbox) return inboxes;
  inboxes.insert(place, Inbox());
  if (static_cast<int>(inboxes.size()) > limit) inboxes.pop_back();
  return inboxes;
}
absl::StatusOr<std::vector<Tag>> DirectoryRepository::ListTags(sql::Transaction& tx, const std::string& after,
                                                               int limit) const {
  return List(tx, kListTags, ReadTag, after, limit);
}

absl::StatusOr<Contact> DirectoryRepository::GetContact(sql::Transaction& tx, const std::string& id) const {
  const auto read = [](const sql::Row& r) { return Contact{r.String(0), r.String(1), r.Bool(2)}; };
  ASSIGN_OR_RETURN(std::optional<Contact> found, tx.Find(kGetContact, read, tx.tenant(), id));
  return found.value_or(Contact{id, "", false});
}

absl::Status DirectoryRepository::PutContact(sql::Transaction& tx, const Contact& contact) const {
  return tx.Exec(kPutContact, tx.tenant(), contact.id, contact.customer_id, contact.opted_out);
}

std::vector<sql::Query> DirectoryRepository::Queries() {
  return {kGetTeam,  kListTeams,     kPutTeam,     kGetAgent,   kListAgents, kPutAgent,
          kGetInbox, kInboxOfSender, kListInboxes, kPutInbox,   kGetTag,     kGetTagByName,
          kListTags, kPutTag,        kEnsureTag,   kGetContact, kPutContact};
}

}  // namespace vinculo::support
