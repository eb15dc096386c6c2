#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace vinculo::store_copy {

// What was done for one table of one tenant.
struct CopiedTable {
  std::string tenant;
  std::string table;
  int64_t rows = 0;
  int64_t written = 0;  // added or changed
  int64_t removed = 0;  // of the target, which the source does not have
  std::string hash;     // SHA-256 over the rows in the order of the key, the same on both sides
};

// Makes the store at `to` equal to the one at `from`, tenant by tenant, on whatever drivers they are. The source is
// read in one snapshot; only what differs is written, so an interrupted copy is run again and goes on. Afterwards each
// table of the target is read again: DATA_LOSS COPY_DIFFERS when count or hash is not the source's. `progress` is told
// of each table when it is done. A target that is empty gets the source's schema; one with another schema is refused
// (FAILED_PRECONDITION SCHEMA_DIFFERS), as is a store that a service holds open (STORE_IN_USE, SQLite). The caller sees
// to it that no service writes meanwhile.
absl::StatusOr<std::vector<CopiedTable>> CopyStore(const std::string& from, const std::string& to,
                                                   const std::function<void(const CopiedTable&)>& progress);

// Writes every row as a line of JSON, `{"table": ..., "row": {...}}`, blobs in hex, tables by name and rows by key:
// equal stores give equal bytes on either driver.
absl::Status DumpStore(const std::string& url, std::ostream& out);

}  // namespace vinculo::store_copy
