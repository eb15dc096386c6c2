#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/query.h"
#include "common/sql/transaction.h"
#include "services/messaging/domain/import.h"

namespace vinculo::messaging {

enum class ImportState { kRunning = 1, kFinished = 2, kInterrupted = 3 };

struct ImportCounts {
  int64_t rows = 0;
  int64_t created = 0;
  int64_t updated = 0;
  int64_t unchanged = 0;
  int64_t duplicates = 0;
  int64_t rejected = 0;
  int64_t warnings = 0;
};

struct Import {
  Uuid id;
  ImportState state = ImportState::kRunning;
  bool dry_run = false;
  ImportCounts counts;
  std::vector<std::string> ignored_columns;
  absl::Time started_at;
  std::optional<absl::Time> ended_at;
  std::string owner;  // names the process that takes the file in; not read back
};

// How long nobody else calls an import interrupted whose process is not heard of.
inline constexpr absl::Duration kImportLease = absl::Minutes(5);

// What is worth saying about a row; several for one line are told apart by `item`.
struct ImportRowReport {
  int64_t line = 0;
  int item = 0;
  RowOutcome outcome = RowOutcome::kRejected;
  RowNote note;
  int64_t duplicate_of = 0;
};

class ImportRepository {
 public:
  // Creates or overwrites; a running one is its owner's for the lease from `now` on.
  static absl::Status Put(sql::Transaction& tx, const Import& import, absl::Time now);
  // The owner lives: its running imports are its own for the lease from `now` on.
  static absl::Status Renew(sql::Transaction& tx, const std::string& owner, absl::Time now);
  // NOT_FOUND IMPORT_NOT_FOUND.
  static absl::StatusOr<Import> Get(sql::Transaction& tx, const Uuid& id);
  static absl::Status PutRow(sql::Transaction& tx, const Uuid& import, const ImportRowReport& row);
  // In file order, after (line, item).
  static absl::StatusOr<std::vector<ImportRowReport>> Rows(sql::Transaction& tx, const Uuid& import, int64_t after_line,
                                                           int after_item, int limit);
  // Up to `limit` of what is said about its rows; false when none is left.
  static absl::StatusOr<bool> ForgetRows(sql::Transaction& tx, const Uuid& import, int limit);
  // Running imports whose lease ends by `lapsed` read as interrupted from `now` on [M-34]; how many there were.
  static absl::StatusOr<int64_t> Interrupt(sql::Transaction& tx, absl::Time lapsed, absl::Time now);
  static std::vector<sql::Query> Queries();
};

}  // namespace vinculo::messaging
