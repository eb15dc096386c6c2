#include "services/profiling/store/publication.h"

#include "common/status/status_macros.h"

namespace vinculo::profiling {
namespace {

constexpr sql::Query kCount{"publication_count",
                            "INSERT INTO publication (tenant_id, changes) VALUES (?,1) "
                            "ON CONFLICT (tenant_id) DO UPDATE SET changes = publication.changes + 1"};
constexpr sql::Query kRead{"publication_read", "SELECT changes FROM publication WHERE tenant_id = ?"};

}  // namespace

absl::Status CountPublication(sql::Transaction& tx) { return tx.Exec(kCount, tx.tenant()); }

absl::StatusOr<int64_t> ReadPublication(sql::Transaction& tx) {
  ASSIGN_OR_RETURN(const std::optional<int64_t> changes,
                   tx.Find(
                       kRead, [](const sql::Row& row) { return row.Int(0); }, tx.tenant()));
  return changes.value_or(0);
}

const std::vector<sql::Query>& PublicationQueries() {
  static const auto* const kQueries = new std::vector<sql::Query>{kCount, kRead};
  return *kQueries;
}

}  // namespace vinculo::profiling
