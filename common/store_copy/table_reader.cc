#include "common/store_copy/table_reader.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/substitute.h"
#include "common/status/status_macros.h"

namespace vinculo::store_copy {
namespace {

constexpr int kPage = 500;

std::string Names(const StoredTable& table, size_t from, size_t to, const std::string& separator,
                  const std::string& format) {
  std::vector<std::string> parts;
  for (size_t i = from; i < to; ++i) parts.push_back(absl::Substitute(format, table.columns[i].name));
  return absl::StrJoin(parts, separator);
}

std::string Marks(size_t count) { return absl::StrJoin(std::vector<std::string>(count, "?"), ","); }

std::string Select(const StoredTable& table, const std::string& where) {
  return absl::StrCat("SELECT ", Names(table, 0, table.columns.size(), ", ", "$0"), " FROM ", table.name,
                      " WHERE tenant_id = ?", where, " ORDER BY ", Names(table, 0, table.key_size, ", ", "$0"),
                      " LIMIT ?");
}

std::string AfterKey(const StoredTable& table) {
  // One row a tenant: nothing comes after it.
  if (table.key_size == 1) return " AND 1 = 0";
  return absl::StrCat(" AND (", Names(table, 1, table.key_size, ", ", "$0"), ") > (", Marks(table.key_size - 1), ")");
}

std::string Upsert(const StoredTable& table) {
  const size_t columns = table.columns.size();
  const std::string insert =
      absl::StrCat("INSERT INTO ", table.name, " (", Names(table, 0, columns, ", ", "$0"), ") VALUES (", Marks(columns),
                   ") ON CONFLICT (", Names(table, 0, table.key_size, ", ", "$0"), ") DO ");
  if (columns == table.key_size) return absl::StrCat(insert, "NOTHING");
  return absl::StrCat(insert, "UPDATE SET ", Names(table, table.key_size, columns, ", ", "$0 = excluded.$0"));
}

}  // namespace

TableStatements::TableStatements(const StoredTable& table)
    : first(Select(table, "")),
      next(Select(table, AfterKey(table))),
      put(Upsert(table)),
      remove(absl::StrCat("DELETE FROM ", table.name, " WHERE ", Names(table, 0, table.key_size, " AND ", "$0 = ?"))),
      tenant_after(
          absl::StrCat("SELECT tenant_id FROM ", table.name, " WHERE tenant_id > ? ORDER BY tenant_id LIMIT 1")) {}

RunRead ReadIn(sql::Transaction& tx) {
  return [&tx](const sql::Query& query, absl::Span<const sql::Value> values, sql::RowCallback on_row) {
    return tx.EachOf(query, values, on_row);
  };
}

absl::StatusOr<std::vector<std::string>> ReadTenants(const TableStatements& statements, const RunRead& run) {
  std::vector<std::string> tenants;
  while (true) {
    const size_t before = tenants.size();
    const sql::Value after[] = {tenants.empty() ? "" : tenants.back()};
    RETURN_IF_ERROR(run(statements.TenantAfter(), after, [&](const sql::Row& row) {
      tenants.push_back(row.String(0));
      return absl::OkStatus();
    }));
    if (tenants.size() == before) return tenants;
  }
}

TableReader::TableReader(const StoredTable& table, const TableStatements& statements, std::string tenant, RunRead run)
    : table_(table), statements_(statements), tenant_(std::move(tenant)), run_(std::move(run)) {}

absl::StatusOr<const StoredRow*> TableReader::Peek() {
  if (page_.empty() && !ended_) RETURN_IF_ERROR(Fill());
  return page_.empty() ? nullptr : &page_.front();
}

absl::Status TableReader::Fill() {
  std::vector<sql::Value> values = {tenant_};
  if (last_) {
    for (size_t i = 1; i < table_.key_size; ++i) values.push_back((*last_)[i].AsValue());
  }
  values.push_back(kPage);
  RETURN_IF_ERROR(run_(last_ ? statements_.ReadNext() : statements_.ReadFirst(), values, [&](const sql::Row& row) {
    page_.push_back(ReadStoredRow(table_, row));
    return absl::OkStatus();
  }));
  ended_ = page_.size() < kPage || table_.key_size == 1;
  if (!page_.empty()) last_ = page_.back();
  return absl::OkStatus();
}

}  // namespace vinculo::store_copy
