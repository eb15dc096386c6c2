#pragma once

#include "absl/strings/string_view.h"

namespace vinculo::sql {

// One SQL statement of ours. Declare it as a constexpr constant at namespace scope: its text's address is the key of
// the prepared-statement cache, its name the label of its metric. Placeholders are `?` or `?N`; values are always
// bound. `text` is in the common subset of SQLite and PostgreSQL; `postgres` stands in for it there, for what that
// subset cannot say; when it is empty, there is nothing to do.
struct Query {
  const char* name;  // snake_case, unique within the service
  const char* text;
  const char* postgres = nullptr;
};

}  // namespace vinculo::sql
