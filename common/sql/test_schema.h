#pragma once

#include "common/sql/migration.h"
#include "common/sql/query.h"

namespace vinculo::sql::test {

inline const std::vector<Migration> kSteps = {{1, "item",
                                               "CREATE TABLE item (tenant_id TEXT NOT NULL, name TEXT NOT NULL, n "
                                               "INTEGER NOT NULL, PRIMARY KEY (tenant_id, name))"
                                               " STRICT, WITHOUT ROWID"}};

inline constexpr Query kInsert{"item_insert", "INSERT INTO item(tenant_id, name, n) VALUES (?,?,?)"};
inline constexpr Query kGet{"item_get", "SELECT n FROM item WHERE tenant_id = ? AND name = ?"};
inline constexpr Query kCount{"item_count", "SELECT count(*) FROM item WHERE tenant_id = ?"};

}  // namespace vinculo::sql::test
