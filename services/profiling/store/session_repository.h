#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/transaction.h"
#include "services/profiling/domain/session.h"
#include "services/profiling/store/json_codec.h"

namespace vinculo::profiling {

// Sessions, their log, their recommendations, and the messages that were applied to them.
class SessionRepository {
 public:
  static absl::Status Insert(sql::Transaction& tx, const Session& session);
  // Compare and set on the revision before; ABORTED `SESSION_BUSY` when another step came first.
  static absl::Status Update(sql::Transaction& tx, const Session& session, int64_t revision_before);
  static absl::StatusOr<std::optional<Session>> Find(sql::Transaction& tx, const Uuid& id);
  static absl::StatusOr<std::optional<Session>> FindActive(sql::Transaction& tx, const Uuid& profile);
  // The active session of whoever has this identity, and the profile, in one look.
  struct ByIdentity {
    Uuid profile_id;
    std::optional<Session> active;
  };
  static absl::StatusOr<std::optional<ByIdentity>> FindByIdentity(sql::Transaction& tx, int identity_type,
                                                                  const std::string& key);
  // The newest session of a profile, whatever its state.
  static absl::StatusOr<std::optional<Session>> FindNewest(sql::Transaction& tx, const Uuid& profile);
  static absl::Status SetActive(sql::Transaction& tx, const Uuid& profile, const Uuid& session);
  static absl::Status ClearActive(sql::Transaction& tx, const Uuid& profile, const Uuid& session);
  // Newest first, before `before` (nil: from the newest).
  static absl::StatusOr<std::vector<Session>> ListByFlow(sql::Transaction& tx, const std::string& flow_id,
                                                         const Uuid& before, int limit);
  static absl::StatusOr<std::vector<Session>> ListByProfile(sql::Transaction& tx, const Uuid& profile,
                                                            const Uuid& before, int limit);

  static absl::Status AppendLog(sql::Transaction& tx, const Uuid& session, int64_t revision, absl::Time at,
                                const LogEntry& entry);
  static absl::StatusOr<std::vector<LogEntry>> Log(sql::Transaction& tx, const Uuid& session);
  static absl::Status InsertRecommendation(sql::Transaction& tx, const Uuid& session, int64_t revision,
                                           const ShownRecommendation& made);
  static absl::StatusOr<std::optional<ShownRecommendation>> LatestRecommendation(sql::Transaction& tx,
                                                                                 const Uuid& session);

  // The stored reply to an event that was applied before.
  static absl::StatusOr<std::optional<std::string>> FindInbound(sql::Transaction& tx, Channel channel,
                                                                const std::string& event_id);
  static absl::Status InsertInbound(sql::Transaction& tx, Channel channel, const std::string& event_id, absl::Time at,
                                    const std::string& reply);
  static absl::StatusOr<int64_t> SweepInbound(sql::Transaction& tx, absl::Time before);
};

const std::vector<sql::Query>& SessionQueries();

}  // namespace vinculo::profiling
