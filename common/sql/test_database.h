#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "common/sql/database.h"
#include "common/sql/test_store.h"

namespace vinculo::sql {

// A real store on the driver under test, gone with the object. Ends the test when it cannot open.
class TestDatabase {
 public:
  // `steps` are one component's migrations. A store with events and jobs needs the second form, with their Migrations()
  // first.
  explicit TestDatabase(std::string component, const std::vector<Migration>& steps,
                        const Clock* clock = SystemClock::Get());
  explicit TestDatabase(std::vector<MigrationSet> sets = {}, const Clock* clock = SystemClock::Get());

  Database& operator*() { return *database_; }
  Database* operator->() { return database_.get(); }
  // Closes and opens again, as a restart does.
  void Reopen();
  // For who opens the store by itself.
  void Close() { database_.reset(); }
  // The place the store is in; the same after Reopen.
  const std::string& url() const { return store_.url(); }

 private:
  TestStore store_;
  std::vector<MigrationSet> sets_;
  const Clock* clock_;
  std::unique_ptr<Database> database_;
};

// A scope for tests: tenant "demo" unless named, subject "test", no deadline.
Scope TestScope(std::string tenant = "demo");

// Succeeds when no statement's plan walks a whole table or builds an index on the way.
testing::AssertionResult NoTableScans(Database& database, const std::vector<Query>& queries);

}  // namespace vinculo::sql
