#include "services/profiling/store/session_repository.h"

#include "common/status/error.h"
#include "common/status/status_macros.h"

namespace vinculo::profiling {
namespace {

constexpr sql::Query kInsert{
    "session_insert",
    "INSERT INTO session (tenant_id, id, profile_id, flow_id, version, state, revision, started_at, expires_at, "
    "ended_at, is_test, body) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)"};
constexpr sql::Query kUpdate{"session_update",
                             "UPDATE session SET state = ?4, revision = ?5, expires_at = ?6, ended_at = ?7, body = ?8 "
                             "WHERE tenant_id = ?1 AND id = ?2 AND revision = ?3"};
constexpr sql::Query kFind{"session_find", "SELECT body FROM session WHERE tenant_id = ? AND id = ?"};
constexpr sql::Query kFindActive{
    "session_find_active",
    "SELECT s.body FROM active_session a JOIN session s ON s.tenant_id = a.tenant_id AND s.id = a.session_id "
    "WHERE a.tenant_id = ? AND a.profile_id = ?"};
constexpr sql::Query kByIdentity{"session_by_identity",
                                 "SELECT i.profile_id, s.body FROM identity i LEFT JOIN active_session a ON "
                                 "a.tenant_id = i.tenant_id AND a.profile_id = i.profile_id "
                                 "LEFT JOIN session s ON s.tenant_id = a.tenant_id AND s.id = a.session_id "
                                 "WHERE i.tenant_id = ? AND i.type = ? AND i.match_key = ?"};
constexpr sql::Query kNewest{
    "session_newest", "SELECT body FROM session WHERE tenant_id = ? AND profile_id = ? ORDER BY id DESC LIMIT 1"};
constexpr sql::Query kSetActive{"active_session_set",
                                "INSERT INTO active_session (tenant_id, profile_id, session_id) VALUES (?,?,?) "
                                "ON CONFLICT (tenant_id, profile_id) DO UPDATE SET session_id = excluded.session_id"};
constexpr sql::Query kClearActive{
    "active_session_clear", "DELETE FROM active_session WHERE tenant_id = ? AND profile_id = ? AND session_id = ?"};
constexpr sql::Query kListByFlow{
    "session_list_by_flow",
    "SELECT body FROM session WHERE tenant_id = ? AND flow_id = ? AND id < ? ORDER BY id DESC LIMIT ?"};
constexpr sql::Query kListByProfile{
    "session_list_by_profile",
    "SELECT body FROM session WHERE tenant_id = ? AND profile_id = ? AND id < ? ORDER BY id DESC LIMIT ?"};
constexpr sql::Query kAppendLog{
    "session_log_append", "INSERT INTO session_log (tenant_id, session_id, revision, at, body) VALUES (?,?,?,?,?)"};
constexpr sql::Query kLog{"session_log_list",
                          "SELECT at, body FROM session_log WHERE tenant_id = ? AND session_id = ? ORDER BY revision"};
constexpr sql::Query kInsertRecommendation{
    "session_recommendation_insert",
    "INSERT INTO session_recommendation (tenant_id, session_id, revision, body) VALUES (?,?,?,?)"};
constexpr sql::Query kLatestRecommendation{
    "session_recommendation_latest",
    "SELECT body FROM session_recommendation WHERE tenant_id = ? AND session_id = ? "
    "ORDER BY revision DESC LIMIT 1"};
constexpr sql::Query kFindInbound{"inbound_find",
                                  "SELECT reply FROM inbound WHERE tenant_id = ? AND channel = ? AND event_id = ?"};
constexpr sql::Query kInsertInbound{"inbound_insert",
                                    "INSERT INTO inbound (tenant_id, channel, event_id, at, reply) VALUES (?,?,?,?,?)"};
constexpr sql::Query kSweepInbound{"inbound_sweep", "DELETE FROM inbound WHERE tenant_id = ? AND at < ?"};

std::string ReadBody(const sql::Row& row) { return row.String(0); }

absl::StatusOr<std::optional<Session>> DecodeFound(const std::optional<std::string>& body) {
  if (!body) return std::nullopt;
  ASSIGN_OR_RETURN(Session session, DecodeSession(*body));
  return session;
}

template <class... Args>
absl::StatusOr<std::vector<Session>> ReadSessions(sql::Transaction& tx, const sql::Query& query, const Args&... args) {
  std::vector<Session> out;
  RETURN_IF_ERROR(tx.Each(
      query,
      [&](const sql::Row& row) -> absl::Status {
        ASSIGN_OR_RETURN(Session session, DecodeSession(row.Text(0)));
        out.push_back(std::move(session));
        return absl::OkStatus();
      },
      tx.tenant(), args...));
  return out;
}

Uuid LastIdIfNil(const Uuid& before) { return before.is_nil() ? *Uuid::FromBytes(std::string(16, '\xff')) : before; }

}  // namespace

absl::Status SessionRepository::Insert(sql::Transaction& tx, const Session& s) {
  return tx.Exec(kInsert, tx.tenant(), s.id, s.profile_id, s.flow_id, s.version, s.state, s.revision, s.started_at,
                 s.expires_at, s.ended_at, s.test, EncodeSession(s));
}

absl::Status SessionRepository::Update(sql::Transaction& tx, const Session& s, int64_t revision_before) {
  ASSIGN_OR_RETURN(const int64_t changed, tx.ExecCount(kUpdate, tx.tenant(), s.id, revision_before, s.state, s.revision,
                                                       s.expires_at, s.ended_at, EncodeSession(s)));
  if (changed == 1) return absl::OkStatus();
  return Error(absl::StatusCode::kAborted, "SESSION_BUSY", "another step of this session came first; try again");
}

absl::StatusOr<std::optional<Session>> SessionRepository::Find(sql::Transaction& tx, const Uuid& id) {
  ASSIGN_OR_RETURN(const auto body, tx.Find(kFind, ReadBody, tx.tenant(), id));
  return DecodeFound(body);
}

absl::StatusOr<std::optional<Session>> SessionRepository::FindActive(sql::Transaction& tx, const Uuid& profile) {
  ASSIGN_OR_RETURN(const auto body, tx.Find(kFindActive, ReadBody, tx.tenant(), profile));
  return DecodeFound(body);
}

absl::StatusOr<std::optional<SessionRepository::ByIdentity>> SessionRepository::FindByIdentity(sql::Transaction& tx,
                                                                                               int identity_type,
                                                                                               const std::string& key) {
  struct Found {
    Uuid profile;
    std::optional<std::string> body;
  };
  ASSIGN_OR_RETURN(const auto found, tx.Find(
                                         kByIdentity,
                                         [](const sql::Row& row) {
                                           return Found{row.Id(0), row.OptionalText(1)};
                                         },
                                         tx.tenant(), identity_type, key));
  if (!found) return std::nullopt;
  ASSIGN_OR_RETURN(auto active, DecodeFound(found->body));
  return ByIdentity{found->profile, std::move(active)};
}

absl::StatusOr<std::optional<Session>> SessionRepository::FindNewest(sql::Transaction& tx, const Uuid& profile) {
  ASSIGN_OR_RETURN(const auto body, tx.Find(kNewest, ReadBody, tx.tenant(), profile));
  return DecodeFound(body);
}

absl::Status SessionRepository::SetActive(sql::Transaction& tx, const Uuid& profile, const Uuid& session) {
  return tx.Exec(kSetActive, tx.tenant(), profile, session);
}

absl::Status SessionRepository::ClearActive(sql::Transaction& tx, const Uuid& profile, const Uuid& session) {
  return tx.Exec(kClearActive, tx.tenant(), profile, session);
}

absl::StatusOr<std::vector<Session>> SessionRepository::ListByFlow(sql::Transaction& tx, const std::string& flow_id,
                                                                   const Uuid& before, int limit) {
  return ReadSessions(tx, kListByFlow, flow_id, LastIdIfNil(before), limit);
}

absl::StatusOr<std::vector<Session>> SessionRepository::ListByProfile(sql::Transaction& tx, const Uuid& profile,
                                                                      const Uuid& before, int limit) {
  return ReadSessions(tx, kListByProfile, profile, LastIdIfNil(before), limit);
}

absl::Status SessionRepository::AppendLog(sql::Transaction& tx, const Uuid& session, int64_t revision, absl::Time at,
                                          const LogEntry& entry) {
  return tx.Exec(kAppendLog, tx.tenant(), session, revision, at, EncodeLogEntry(entry));
}

absl::StatusOr<std::vector<LogEntry>> SessionRepository::Log(sql::Transaction& tx, const Uuid& session) {
  std::vector<LogEntry> out;
  RETURN_IF_ERROR(tx.Each(
      kLog,
      [&](const sql::Row& row) -> absl::Status {
        ASSIGN_OR_RETURN(LogEntry entry, DecodeLogEntry(row.Text(1)));
        entry.at = row.Time(0);
        out.push_back(std::move(entry));
        return absl::OkStatus();
      },
      tx.tenant(), session));
  return out;
}

absl::Status SessionRepository::InsertRecommendation(sql::Transaction& tx, const Uuid& session, int64_t revision,
                                                     const ShownRecommendation& made) {
  return tx.Exec(kInsertRecommendation, tx.tenant(), session, revision, EncodeRecommendation(made));
}

absl::StatusOr<std::optional<ShownRecommendation>> SessionRepository::LatestRecommendation(sql::Transaction& tx,
                                                                                           const Uuid& session) {
  ASSIGN_OR_RETURN(const auto body, tx.Find(kLatestRecommendation, ReadBody, tx.tenant(), session));
  if (!body) return std::nullopt;
  ASSIGN_OR_RETURN(ShownRecommendation made, DecodeRecommendation(*body));
  return made;
}

absl::StatusOr<std::optional<std::string>> SessionRepository::FindInbound(sql::Transaction& tx, Channel channel,
                                                                          const std::string& event_id) {
  return tx.Find(
      kFindInbound, [](const sql::Row& row) { return row.Bytes(0); }, tx.tenant(), channel, event_id);
}

absl::Status SessionRepository::InsertInbound(sql::Transaction& tx, Channel channel, const std::string& event_id,
                                              absl::Time at, const std::string& reply) {
  return tx.Exec(kInsertInbound, tx.tenant(), channel, event_id, at, sql::Blob{reply});
}

absl::StatusOr<int64_t> SessionRepository::SweepInbound(sql::Transaction& tx, absl::Time before) {
  return tx.ExecCount(kSweepInbound, tx.tenant(), before);
}

const std::vector<sql::Query>& SessionQueries() {
  static const auto* const kQueries = new std::vector<sql::Query>{kInsert,
                                                                  kUpdate,
                                                                  kFind,
                                                                  kFindActive,
                                                                  kByIdentity,
                                                                  kNewest,
                                                                  kSetActive,
                                                                  kClearActive,
                                                                  kListByFlow,
                                                                  kListByProfile,
                                                                  kAppendLog,
                                                                  kLog,
                                                                  kInsertRecommendation,
                                                                  kLatestRecommendation,
                                                                  kFindInbound,
                                                                  kInsertInbound,
                                                                  kSweepInbound};
  return *kQueries;
}

}  // namespace vinculo::profiling
