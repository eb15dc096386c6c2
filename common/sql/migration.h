#pragma once

#include <string>
#include <vector>

namespace vinculo::sql {

// One forward step of a schema, immutable once released. The text serves both drivers: the closed list of words
// INTEGER, BLOB, STRICT and WITHOUT ROWID is swapped where a driver needs it. What that cannot say has a text of its
// own for PostgreSQL.
struct Migration {
  int number;        // 1, 2, ... without gaps
  const char* name;  // snake_case
  const char* text;
  const char* postgres = nullptr;
};

// The steps of one component (a service, or a part of common that keeps tables of its own).
struct MigrationSet {
  std::string component;
  const std::vector<Migration>* steps;
};

}  // namespace vinculo::sql
