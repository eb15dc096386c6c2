#include "services/messaging/store/media_repository.h"

#include "common/status/status_macros.h"

namespace vinculo::messaging {
namespace {

constexpr sql::Query kPut{
    "media_put",
    "INSERT INTO media (tenant_id, media_id, sender_id, contact_id, kind, mime_type, filename, size, created_at, "
    "expire_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant_id, media_id) DO NOTHING"};
constexpr sql::Query kFind{"media_find",
                           "SELECT media_id, sender_id, contact_id, kind, mime_type, filename, size, created_at, "
                           "expire_at FROM media WHERE tenant_id = ? AND media_id = ?"};
constexpr sql::Query kForget{"media_forget_contact",
                             "DELETE FROM media WHERE tenant_id = ? AND contact_id = ? AND contact_id IS NOT NULL"};
constexpr sql::Query kSweep{"media_sweep",
                            "DELETE FROM media WHERE tenant_id = ?1 AND media_id IN (SELECT media_id FROM media WHERE "
                            "tenant_id = ?1 AND expire_at < ?2 ORDER BY expire_at LIMIT ?3)"};

}  // namespace

absl::Status MediaRepository::Put(sql::Transaction& tx, const StoredMedia& m) {
  return tx.Exec(kPut, tx.tenant(), m.id, m.sender_id, m.contact_id, m.kind, m.mime_type, m.filename, m.size,
                 m.created_at, m.expire_at);
}

absl::StatusOr<std::optional<StoredMedia>> MediaRepository::Find(sql::Transaction& tx, const std::string& id) {
  const auto read = [](const sql::Row& r) {
    return StoredMedia{.id = r.String(0),
                       .sender_id = r.Id(1),
                       .contact_id = r.OptionalId(2),
                       .kind = static_cast<MediaKind>(r.Int(3)),
                       .mime_type = r.String(4),
                       .filename = r.String(5),
                       .size = r.Int(6),
                       .created_at = r.Time(7),
                       .expire_at = r.Time(8)};
  };
  return tx.Find(kFind, read, tx.tenant(), id);
}

absl::StatusOr<std::optional<std::string>> MediaRepository::FirstEnded(sql::Transaction& tx,
                                                                       const std::vector<std::string>& ids,
                                                                       absl::Time now) {
  for (const std::string& id : ids) {
    ASSIGN_OR_RETURN(const std::optional<StoredMedia> known, Find(tx, id));
    if (known && known->expire_at <= now) return id;
  }
  return std::nullopt;
}

absl::Status MediaRepository::ForgetContact(sql::Transaction& tx, const Uuid& contact) {
  return tx.Exec(kForget, tx.tenant(), contact);
}

absl::StatusOr<int64_t> MediaRepository::Sweep(sql::Transaction& tx, absl::Time before, int limit) {
  return tx.ExecCount(kSweep, tx.tenant(), before, limit);
}

std::vector<sql::Query> MediaRepository::Queries() { return {kPut, kFind, kForget, kSweep}; }

}  // namespace vinculo::messaging
