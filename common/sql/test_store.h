#pragma once

#include <string>

namespace vinculo::sql {

// An empty place for a store, gone with the object: a file (on tmpfs where there is one), or a schema of its own on a
// PostgreSQL server. VINCULO_TEST_STORE says which: unset for SQLite, or the URL of a server, or @FILE that holds one.
class TestStore {
 public:
  TestStore();
  ~TestStore();
  TestStore(const TestStore&) = delete;
  TestStore& operator=(const TestStore&) = delete;

  // What Database::Open takes.
  const std::string& url() const { return url_; }
  // Of the test run, not of this place.
  static bool OnPostgres();

 private:
  std::string place_;  // a directory, or a schema
  std::string url_;
};

}  // namespace vinculo::sql
