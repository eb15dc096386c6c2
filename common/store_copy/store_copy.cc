#include "common/store_copy/store_copy.h"

#include <openssl/evp.h>

#include <set>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/substitute.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "common/store_copy/schema.h"
#include "common/store_copy/table_reader.h"

namespace vinculo::store_copy {
namespace {

constexpr size_t kWriteBatch = 500;

// Count and hash of rows in the order of the key. Each cell is told by its kind, its length and its bytes, so that no
// two different tables read alike.
class Digest {
 public:
  Digest() : state_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) { EVP_DigestInit_ex(state_.get(), EVP_sha256(), nullptr); }
  void Add(const StoredRow& row) {
    ++rows_;
    for (const Cell& cell : row) {
      const std::string text = cell.kind == sql::Value::Kind::kInteger ? absl::StrCat(cell.integer)
                               : cell.kind == sql::Value::Kind::kReal  ? absl::StrFormat("%a", cell.real)
                                                                       : cell.bytes;
      const std::string told = absl::StrCat(static_cast<int>(cell.kind), ":", text.size(), ":", text);
      EVP_DigestUpdate(state_.get(), told.data(), told.size());
    }
  }
  int64_t rows() const { return rows_; }
  // Ends it.
  std::string Hex() {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    EVP_DigestFinal_ex(state_.get(), digest, &size);
    return absl::BytesToHexString({reinterpret_cast<const char*>(digest), size});
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> state_;
  int64_t rows_ = 0;
};

// Changes on their way into the target, in transactions of some hundred rows.
class Changes {
 public:
  Changes(sql::Database& target, const StoredTable& table, const TableStatements& statements)
      : target_(target), table_(table), statements_(statements) {}

  absl::Status Put(StoredRow row) { return Add(std::move(row), false); }
  absl::Status Remove(StoredRow row) {
    row.resize(table_.key_size);
    return Add(std::move(row), true);
  }
  absl::Status Flush() {
    if (waiting_.empty()) return absl::OkStatus();
    const std::vector<Change> changes = std::exchange(waiting_, {});
    return target_.WriteAndWait(ToolScope(), [&](sql::Transaction& tx) -> absl::Status {
      for (const Change& change : changes) {
        std::vector<sql::Value> values;
        values.reserve(change.row.size());
        for (const Cell& cell : change.row) values.push_back(cell.AsValue());
        RETURN_IF_ERROR(tx.ExecOf(change.remove ? statements_.Remove() : statements_.Put(), values));
      }
      return absl::OkStatus();
    });
  }

 private:
  struct Change {
    StoredRow row;
    bool remove;
  };
  absl::Status Add(StoredRow row, bool remove) {
    waiting_.push_back({std::move(row), remove});
    return waiting_.size() < kWriteBatch ? absl::OkStatus() : Flush();
  }

  sql::Database& target_;
  const StoredTable& table_;
  const TableStatements& statements_;
  std::vector<Change> waiting_;
};

RunRead ReadFrom(sql::Database& store) {
  return [&store](const sql::Query& query, absl::Span<const sql::Value> values, sql::RowCallback on_row) {
    return store.ReadInline(ToolScope(), [&](sql::Transaction& tx) { return tx.EachOf(query, values, on_row); });
  };
}

// A table on both sides.
class TableCopy {
 public:
  TableCopy(sql::Transaction& source, sql::Database& target, const StoredTable& table)
      : source_(source), target_(target), table_(table), statements_(table) {}

  absl::StatusOr<std::set<std::string>> Tenants() {
    std::set<std::string> tenants;
    for (const RunRead& run : {ReadIn(source_), ReadFrom(target_)}) {
      ASSIGN_OR_RETURN(const std::vector<std::string> found, ReadTenants(statements_, run));
      tenants.insert(found.begin(), found.end());
    }
    return tenants;
  }

  absl::StatusOr<CopiedTable> Copy(const std::string& tenant) {
    CopiedTable done{.tenant = tenant, .table = table_.name};
    Digest digest;
    RETURN_IF_ERROR(Merge(done, digest));
    done.rows = digest.rows();
    done.hash = digest.Hex();
    ASSIGN_OR_RETURN(const bool same, TargetHas(done));
    if (same) return done;
    return Error(absl::StatusCode::kDataLoss, "COPY_DIFFERS",
                 absl::StrCat("table ", table_.name, " of tenant ", tenant,
                              " is not the same on both sides; does a service write to one of them?"));
  }

 private:
  absl::Status Merge(CopiedTable& done, Digest& digest) {
    TableReader from(table_, statements_, done.tenant, ReadIn(source_));
    TableReader to(table_, statements_, done.tenant, ReadFrom(target_));
    Changes changes(target_, table_, statements_);
    while (true) {
      ASSIGN_OR_RETURN(const StoredRow* const ours, from.Peek());
      ASSIGN_OR_RETURN(const StoredRow* const theirs, to.Peek());
      if (ours == nullptr && theirs == nullptr) return changes.Flush();
      const int order = ours == nullptr ? 1 : theirs == nullptr ? -1 : CompareKeys(table_, *ours, *theirs);
      if (order > 0) {
        RETURN_IF_ERROR(changes.Remove(*theirs));
        ++done.removed;
      } else {
        digest.Add(*ours);
        if (order < 0 || *ours != *theirs) {
          RETURN_IF_ERROR(changes.Put(*ours));
          ++done.written;
        }
        from.Advance();
      }
      if (order >= 0) to.Advance();
    }
  }

  absl::StatusOr<bool> TargetHas(const CopiedTable& done) {
    TableReader reader(table_, statements_, done.tenant, ReadFrom(target_));
    Digest digest;
    while (true) {
      ASSIGN_OR_RETURN(const StoredRow* const row, reader.Peek());
      if (row == nullptr) break;
      digest.Add(*row);
      reader.Advance();
    }
    return digest.rows() == done.rows && digest.Hex() == done.hash;
  }

  sql::Transaction& source_;
  sql::Database& target_;
  const StoredTable& table_;
  const TableStatements statements_;
};

absl::Status CheckSame(const std::vector<StoredTable>& ours, sql::Database& target) {
  ASSIGN_OR_RETURN(const std::vector<StoredTable> theirs,
                   target.ReadInline(ToolScope(), [](sql::Transaction& tx) { return ReadLayout(tx); }));
  if (ours == theirs) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, "SCHEMA_DIFFERS",
               "the two stores do not have the same tables; start the newest version of the service on both once");
}

// SQLite's search indexes are told of documents one by one; PostgreSQL's follow by themselves.
absl::Status RebuildSearch(sql::Database& store) {
  static constexpr sql::Query kIndexes{"store_search_indexes",
                                       "SELECT name FROM pragma_table_list WHERE type = 'virtual' ORDER BY name",
                                       "SELECT '' WHERE false"};
  std::vector<std::string> rebuilds;
  RETURN_IF_ERROR(store.ReadInline(ToolScope(), [&](sql::Transaction& tx) {
    return tx.Each(kIndexes, [&](const sql::Row& row) {
      rebuilds.push_back(absl::Substitute("INSERT INTO $0($0) VALUES ('rebuild')", row.Text(0)));
    });
  }));
  return store.WriteAndWait(ToolScope(), [&](sql::Transaction& tx) -> absl::Status {
    for (const std::string& rebuild : rebuilds) RETURN_IF_ERROR(tx.ExecOf({"search_rebuild", rebuild.c_str()}, {}));
    return absl::OkStatus();
  });
}

}  // namespace

absl::StatusOr<std::vector<CopiedTable>> CopyStore(const std::string& from, const std::string& to,
                                                   const std::function<void(const CopiedTable&)>& progress) {
  std::vector<std::unique_ptr<TableCopy>> copies;  // their statements outlive both stores
  ASSIGN_OR_RETURN(const std::unique_ptr<sql::Database> source, OpenAsFound(from));
  ASSIGN_OR_RETURN(const std::unique_ptr<sql::Database> target, OpenLike(*source, to));
  auto copied = source->ReadInline(ToolScope(), [&](sql::Transaction& tx) -> absl::StatusOr<std::vector<CopiedTable>> {
    ASSIGN_OR_RETURN(const std::vector<StoredTable> tables, ReadLayout(tx));
    RETURN_IF_ERROR(CheckSame(tables, *target));
    std::set<std::string> tenants;
    for (const StoredTable& table : tables) {
      copies.push_back(std::make_unique<TableCopy>(tx, *target, table));
      ASSIGN_OR_RETURN(std::set<std::string> of_table, copies.back()->Tenants());
      tenants.merge(of_table);
    }
    std::vector<CopiedTable> done;
    for (const std::string& tenant : tenants) {
      for (const auto& copy : copies) {
        ASSIGN_OR_RETURN(CopiedTable table, copy->Copy(tenant));
        if (progress) progress(table);
        done.push_back(std::move(table));
      }
    }
    return done;
  });
  if (copied.ok()) RETURN_IF_ERROR(RebuildSearch(*target));
  return copied;
}

}  // namespace vinculo::store_copy
