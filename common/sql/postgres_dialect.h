#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "common/sql/query.h"

namespace vinculo::sql {

// Our statements are written once, in what SQLite and PostgreSQL have in common. What is left of the difference is
// here.

// A statement of ours as PostgreSQL takes it: `?` and `?N` become `$1`, `$2` ... A `?` takes the number after the
// largest so far, as in SQLite. Text in quotes and comments is left alone.
std::string PostgresStatement(absl::string_view text);
inline std::string PostgresStatement(const Query& query) {
  return PostgresStatement(query.postgres != nullptr ? query.postgres : query.text);
}

// A schema step as PostgreSQL takes it. The closed list: INTEGER is BIGINT, REAL is DOUBLE PRECISION, BLOB is BYTEA,
// TEXT is compared by its bytes as SQLite does (COLLATE "C"), STRICT and WITHOUT ROWID are left out.
std::string PostgresSchema(absl::string_view text);

}  // namespace vinculo::sql
