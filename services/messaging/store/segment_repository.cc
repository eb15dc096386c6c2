#include "services/messaging/store/segment_repository.h"

#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "services/messaging/store/encoding.h"

namespace vinculo::messaging {
namespace {

#define COLUMNS "segment_id, display_name, filter, revision, created_at, updated_at"
constexpr sql::Query kGet{"segment_get", "SELECT " COLUMNS " FROM segment WHERE tenant_id = ? AND segment_id = ?"};
constexpr sql::Query kList{"segment_list", "SELECT " COLUMNS
                                           " FROM segment WHERE tenant_id = ? AND segment_id > ? ORDER BY segment_id "
                                           "LIMIT ?"};
constexpr sql::Query kPut{"segment_put",
                          "INSERT INTO segment (tenant_id, " COLUMNS
                          ") VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant_id, segment_id) DO UPDATE SET "
                          "display_name = excluded.display_name, filter = excluded.filter, revision = "
                          "excluded.revision, updated_at = excluded.updated_at"};
constexpr sql::Query kDelete{"segment_delete", "DELETE FROM segment WHERE tenant_id = ? AND segment_id = ?"};

template <class... Args>
absl::StatusOr<std::vector<Segment>> Rows(sql::Transaction& tx, const sql::Query& query, const Args&... args) {
  std::vector<Segment> out;
  const auto read = [&](const sql::Row& r) -> absl::Status {
    ASSIGN_OR_RETURN(AudienceFilter filter, DecodeFilter(r.Text(2)));
    out.push_back({r.String(0), r.String(1), std::move(filter), r.Int(3), r.Time(4), r.Time(5)});
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(tx.Each(query, read, args...));
  return out;
}

}  // namespace

absl::StatusOr<std::optional<Segment>> SegmentRepository::Find(sql::Transaction& tx, const std::string& id) {
  ASSIGN_OR_RETURN(std::vector<Segment> found, Rows(tx, kGet, tx.tenant(), id));
  if (found.empty()) return std::nullopt;
  return std::move(found[0]);
}

absl::StatusOr<Segment> SegmentRepository::Get(sql::Transaction& tx, const std::string& id) {
  ASSIGN_OR_RETURN(std::optional<Segment> found, Find(tx, id));
  if (!found) return NotFound("segment", id);
  return *std::move(found);
}

absl::StatusOr<std::vector<Segment>> SegmentRepository::List(sql::Transaction& tx, const std::string& after,
                                                             int limit) {
  return Rows(tx, kList, tx.tenant(), after, limit);
}

absl::Status SegmentRepository::Put(sql::Transaction& tx, Segment& s) {
  ++s.revision;
  return tx.Exec(kPut, tx.tenant(), s.id, s.display_name, EncodeFilter(s.filter), s.revision, s.created_at,
                 s.updated_at);
}

absl::StatusOr<bool> SegmentRepository::Delete(sql::Transaction& tx, const std::string& id) {
  ASSIGN_OR_RETURN(const int64_t gone, tx.ExecCount(kDelete, tx.tenant(), id));
  return gone == 1;
}

std::vector<sql::Query> SegmentRepository::Queries() { return {kGet, kList, kPut, kDelete}; }

}  // namespace vinculo::messaging
