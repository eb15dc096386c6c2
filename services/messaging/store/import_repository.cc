#include "services/messaging/store/import_repository.h"

#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "services/messaging/store/encoding.h"

namespace vinculo::messaging {
namespace {

#define COLUMNS                                                                                         \
  "import_id, state, dry_run, row_count, created, updated, unchanged, duplicates, rejected, warnings, " \
  "ignored_columns, started_at, ended_at"

constexpr sql::Query kPut{
    "import_put",
    "INSERT INTO import (tenant_id, " COLUMNS
    ", owner, alive_until) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant_id, import_id) "
    "DO UPDATE SET state = "
    "excluded.state, row_count = excluded.row_count, created = excluded.created, updated = excluded.updated, unchanged "
    "= excluded.unchanged, duplicates = excluded.duplicates, rejected = excluded.rejected, warnings = "
    "excluded.warnings, ignored_columns = excluded.ignored_columns, ended_at = excluded.ended_at, alive_until = "
    "excluded.alive_until"};
constexpr sql::Query kGet{"import_get", "SELECT " COLUMNS " FROM import WHERE tenant_id = ? AND import_id = ?"};
constexpr sql::Query kPutRow{
    "import_row_put",
    "INSERT INTO import_row (tenant_id, import_id, line, item, outcome, code, column_title, fix, duplicate_of) VALUES "
    "(?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant_id, import_id, line, item) DO NOTHING"};
constexpr sql::Query kRows{
    "import_row_list",
    "SELECT line, item, outcome, code, column_title, fix, duplicate_of FROM import_row WHERE tenant_id = ? AND "
    "import_id = ? AND (line, item) > (?, ?) ORDER BY line, item LIMIT ?"};
constexpr sql::Query kForget{
    "import_row_forget",
    "DELETE FROM import_row WHERE tenant_id = ?1 AND import_id = ?2 AND (line, item) IN (SELECT line, item FROM "
    "import_row WHERE tenant_id = ?1 AND import_id = ?2 ORDER BY line, item LIMIT ?3)"};
constexpr sql::Query kRenew{"import_renew",
                            "UPDATE import SET alive_until = ? WHERE tenant_id = ? AND state = 1 AND owner = ?"};
constexpr sql::Query kInterrupt{
    "import_interrupt",
    "UPDATE import SET state = 3, ended_at = ? WHERE tenant_id = ? AND state = 1 AND alive_until <= ?"};

}  // namespace

absl::Status ImportRepository::Put(sql::Transaction& tx, const Import& i, absl::Time now) {
  const ImportCounts& c = i.counts;
  return tx.Exec(kPut, tx.tenant(), i.id, i.state, i.dry_run, c.rows, c.created, c.updated, c.unchanged, c.duplicates,
                 c.rejected, c.warnings, EncodeStrings(i.ignored_columns), i.started_at, i.ended_at, i.owner,
                 now + kImportLease);
}

absl::Status ImportRepository::Renew(sql::Transaction& tx, const std::string& owner, absl::Time now) {
  return tx.Exec(kRenew, now + kImportLease, tx.tenant(), owner);
}

absl::StatusOr<Import> ImportRepository::Get(sql::Transaction& tx, const Uuid& id) {
  absl::Status decoded;
  const auto read = [&](const sql::Row& r) {
    Import i{.id = r.Id(0), .state = static_cast<ImportState>(r.Int(1)), .dry_run = r.Bool(2)};
    i.counts = {r.Int(3), r.Int(4), r.Int(5), r.Int(6), r.Int(7), r.Int(8), r.Int(9)};
    absl::StatusOr<std::vector<std::string>> ignored = DecodeStrings(r.Text(10));
    ignored.ok() ? void(i.ignored_columns = *std::move(ignored)) : void(decoded = ignored.status());
    i.started_at = r.Time(11);
    i.ended_at = r.OptionalTime(12);
    return i;
  };
  ASSIGN_OR_RETURN(std::optional<Import> found, tx.Find(kGet, read, tx.tenant(), id));
  RETURN_IF_ERROR(decoded);
  if (!found) return NotFound("import", id.ToString());
  return *std::move(found);
}

absl::Status ImportRepository::PutRow(sql::Transaction& tx, const Uuid& import, const ImportRowReport& row) {
  return tx.Exec(kPutRow, tx.tenant(), import, row.line, row.item, row.outcome, row.note.code, row.note.column,
                 row.note.fix, row.duplicate_of);
}

absl::StatusOr<std::vector<ImportRowReport>> ImportRepository::Rows(sql::Transaction& tx, const Uuid& import,
                                                                    int64_t after_line, int after_item, int limit) {
  std::vector<ImportRowReport> out;
  RETURN_IF_ERROR(tx.Each(
      kRows,
      [&](const sql::Row& r) {
        out.push_back({r.Int(0),
                       static_cast<int>(r.Int(1)),
                       static_cast<RowOutcome>(r.Int(2)),
                       {r.String(3), r.String(4), r.String(5)},
                       r.Int(6)});
      },
      tx.tenant(), import, after_line, after_item, limit));
  return out;
}

absl::StatusOr<bool> ImportRepository::ForgetRows(sql::Transaction& tx, const Uuid& import, int limit) {
  ASSIGN_OR_RETURN(const int64_t gone, tx.ExecCount(kForget, tx.tenant(), import, limit));
  return gone == limit;
}

absl::StatusOr<int64_t> ImportRepository::Interrupt(sql::Transaction& tx, absl::Time lapsed, absl::Time now) {
  return tx.ExecCount(kInterrupt, now, tx.tenant(), lapsed);
}

std::vector<sql::Query> ImportRepository::Queries() {
  return {kPut, kGet, kPutRow, kRows, kForget, kRenew, kInterrupt};
}

}  // namespace vinculo::messaging
