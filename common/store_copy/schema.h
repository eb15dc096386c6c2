#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/database.h"

namespace vinculo::store_copy {

// Opens a store with whatever schema it has. FAILED_PRECONDITION STORE_EMPTY where there is none.
absl::StatusOr<std::unique_ptr<sql::Database>> OpenAsFound(const std::string& url);

// Opens the store at `to` with the schema steps that `source` records, and applies those that are missing there.
absl::StatusOr<std::unique_ptr<sql::Database>> OpenLike(sql::Database& source, const std::string& to);

// What a tool does to a store is done for nobody in particular.
sql::Scope ToolScope();

}  // namespace vinculo::store_copy
