#pragma once

#include <libpq-fe.h>

#include "common/sql/row.h"

namespace vinculo::sql {

// A row of a result in PostgreSQL's binary format. Whole numbers of any width, booleans and numeric (what a sum of
// BIGINT is) read as Int; the same and floating point as Double.
class PostgresRow final : public Row {
 public:
  PostgresRow(const PGresult* result, int row) : result_(result), row_(row) {}
  bool IsNull(int column) const override { return PQgetisnull(result_, row_, column) != 0; }
  int64_t Int(int column) const override;
  double Double(int column) const override;
  absl::string_view Text(int column) const override { return Blob(column); }
  absl::string_view Blob(int column) const override {
    return {PQgetvalue(result_, row_, column), static_cast<size_t>(PQgetlength(result_, row_, column))};
  }

 private:
  const PGresult* result_;
  int row_;
};

// Types by PostgreSQL's own numbers (pg_type.dat); these have never changed.
enum PostgresType : Oid {
  kPgUnknown = 0,
  kPgBool = 16,
  kPgBytea = 17,
  kPgInt8 = 20,
  kPgInt2 = 21,
  kPgInt4 = 23,
  kPgText = 25,
  kPgFloat8 = 701,
  kPgNumeric = 1700,
};

}  // namespace vinculo::sql
