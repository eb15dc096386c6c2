#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/sql/migration.h"
#include "common/sql/transaction.h"

namespace vinculo::search {

// Full-text search over documents of a tenant: the one thing whose SQL the drivers do not share. SQLite answers with
// FTS5, PostgreSQL with tsvector and a GIN index; what counts as a word is decided here, so both find the same: runs of
// letters and digits after folding (case, accents), as people compare them. Create once, at namespace scope or as a
// function's static: its statements must outlive the store.
class TextIndex {
 public:
  // `name` begins the names of its tables: lower case, letters, digits and `_`, unique in the store.
  explicit TextIndex(const std::string& name);

  // The step that makes its tables, for the migrations of the service that owns it.
  sql::Migration Step(int number) const;

  // Adds or replaces a document of tx.tenant(). `key` is the owner's; `text` is folded and cut at 64 KiB.
  absl::Status Put(sql::Transaction& tx, const std::string& key, absl::string_view text) const;
  absl::Status Remove(sql::Transaction& tx, const std::string& key) const;

  // Keys of at most `limit` documents that hold all words of `wanted`, the last of which may be a beginning; the best
  // match first. What is no word is passed over; without any word nothing is found.
  absl::StatusOr<std::vector<std::string>> Find(sql::Transaction& tx, absl::string_view wanted, int limit) const;

  // For tests that forbid table scans.
  std::vector<sql::Query> Queries() const { return {put_, unindex_, index_, remove_, find_}; }

 private:
  const char* Keep(std::string text);

  std::vector<std::unique_ptr<const std::string>> texts_;
  const char* step_name_;
  const char* sqlite_schema_;
  const char* postgres_schema_;
  sql::Query put_;
  // SQLite's index is told of each document; PostgreSQL's follows by itself.
  sql::Query unindex_;
  sql::Query index_;
  sql::Query remove_;
  sql::Query find_;
};

}  // namespace vinculo::search
