#include "common/sql/postgres_dialect.h"

#include <gtest/gtest.h>

namespace vinculo::sql {
namespace {

TEST(PostgresDialect, NumbersPlaceholders) {
  EXPECT_EQ(PostgresStatement("SELECT a FROM t WHERE b = ? AND c > ?"), "SELECT a FROM t WHERE b = $1 AND c > $2");
  EXPECT_EQ(PostgresStatement("UPDATE t SET a = ?2 WHERE b = ?1 AND c = ?2 AND d = ?"),
            "UPDATE t SET a = $2 WHERE b = $1 AND c = $2 AND d = $3");
  EXPECT_EQ(PostgresStatement("VALUES (?12)"), "VALUES ($12)");
}

TEST(PostgresDialect, LeavesQuotedTextAndCommentsAlone) {
  EXPECT_EQ(PostgresStatement("SELECT '?', \"a?\", 'it''s ?' -- why?\n, ?"),
            "SELECT '?', \"a?\", 'it''s ?' -- why?\n, $1");
  EXPECT_EQ(PostgresSchema("-- a TEXT\nCHECK (a IN ('TEXT'))"), "-- a TEXT\nCHECK (a IN ('TEXT'))");
}

TEST(PostgresDialect, SwapsTheWordsOfASchema) {
  EXPECT_EQ(PostgresSchema("CREATE TABLE t (a TEXT NOT NULL, b INTEGER, c BLOB, d REAL, PRIMARY KEY (a)) STRICT;"),
            "CREATE TABLE t (a TEXT COLLATE \"C\" NOT NULL, b BIGINT, c BYTEA, d DOUBLE PRECISION, PRIMARY KEY (a));");
  EXPECT_EQ(PostgresSchema("CREATE TABLE t (TEXTUAL INTEGER PRIMARY KEY\n) STRICT, WITHOUT ROWID;"),
            "CREATE TABLE t (TEXTUAL BIGINT PRIMARY KEY\n);");
}

}  // namespace
}  // namespace vinculo::sql
