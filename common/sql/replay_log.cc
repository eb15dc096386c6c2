#include "common/sql/replay_log.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"

namespace vinculo::sql {
namespace {

constexpr Query kFind{"replay_find",
                      "SELECT fingerprint, reply FROM replay WHERE tenant_id = ? AND request_id = ? AND method = ?"};
constexpr Query kStore{
    "replay_store",
    "INSERT INTO replay(tenant_id, request_id, method, fingerprint, created_at, reply) VALUES (?,?,?,?,?,?)"};
constexpr Query kWalk{"replay_walk",
                      "SELECT request_id, method, created_at FROM replay WHERE tenant_id = ? AND request_id > ? "
                      "ORDER BY request_id, method LIMIT ?"};
constexpr Query kReplies{"replay_replies",
                         "SELECT request_id, method, reply FROM replay WHERE tenant_id = ? AND (request_id, method) > "
                         "(?, ?) ORDER BY request_id, method LIMIT ?"};
constexpr Query kRedact{"replay_redact",
                        "UPDATE replay SET reply = ? WHERE tenant_id = ? AND request_id = ? AND method = ?"};
constexpr Query kDelete{"replay_delete",
                        "DELETE FROM replay WHERE tenant_id = ? AND request_id = ? AND method = ? AND created_at < ?"};

absl::string_view FingerprintBytes(const RequestKey& key) {
  return {reinterpret_cast<const char*>(key.fingerprint.data()), key.fingerprint.size()};
}

}  // namespace

absl::StatusOr<std::optional<std::string>> FindReply(Transaction& tx) {
  if (!tx.scope().request) return std::nullopt;
  const RequestKey& key = *tx.scope().request;
  std::optional<std::string> reply;
  RETURN_IF_ERROR(tx.Each(
      kFind,
      [&](const Row& row) -> absl::Status {
        if (row.Blob(0) != FingerprintBytes(key)) {
          return Error(absl::StatusCode::kInvalidArgument, "REQUEST_ID_REUSED",
                       "this request_id was used before with another request; give every new request a new one",
                       {{"request_id", key.id.ToString()}});
        }
        reply = row.Bytes(1);
        return absl::OkStatus();
      },
      tx.tenant(), key.id, key.method));
  return reply;
}

absl::Status StoreReply(Transaction& tx, absl::string_view reply, absl::Time now) {
  if (!tx.scope().request) return absl::OkStatus();
  const RequestKey& key = *tx.scope().request;
  return tx.Exec(kStore, tx.tenant(), key.id, key.method, Blob{FingerprintBytes(key)}, now, Blob{reply});
}

absl::StatusOr<std::string> RedactReplies(Transaction& tx, absl::string_view cursor,
                                          const std::vector<std::string>& needles, int limit) {
  struct Key {
    Uuid id;
    std::string method;
  };
  const std::optional<Uuid> after = Uuid::FromBytes(cursor.substr(0, 16));
  const std::string method(cursor.substr(std::min<size_t>(16, cursor.size())));
  std::vector<Key> hits;
  std::string next;
  int seen = 0;
  RETURN_IF_ERROR(tx.Each(
      kReplies,
      [&](const Row& row) {
        const absl::string_view reply = row.Blob(2);
        for (const std::string& needle : needles) {
          if (reply.find(needle) == absl::string_view::npos) continue;
          hits.push_back({row.Id(0), row.String(1)});
          break;
        }
        next = row.Bytes(0) + row.String(1);
        ++seen;
      },
      tx.tenant(), after.value_or(Uuid()), method, limit));
  for (const Key& key : hits) RETURN_IF_ERROR(tx.Exec(kRedact, Blob{""}, tx.tenant(), key.id, key.method));
  return seen == limit ? next : "";
}

absl::StatusOr<std::string> SweepReplies(Transaction& tx, absl::string_view cursor, absl::Time before, int limit) {
  struct Key {
    Uuid id;
    std::string method;
  };
  std::vector<Key> old;
  std::string next;
  int seen = 0;
  RETURN_IF_ERROR(tx.Each(
      kWalk,
      [&](const Row& row) {
        ++seen;
        next = row.Bytes(0);
        if (row.Time(2) < before) old.push_back({row.Id(0), row.String(1)});
      },
      tx.tenant(), Blob{cursor}, limit));
  for (const Key& key : old) RETURN_IF_ERROR(tx.Exec(kDelete, tx.tenant(), key.id, key.method, before));
  return seen < limit ? std::string() : next;
}

}  // namespace vinculo::sql
