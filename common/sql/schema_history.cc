#include "common/sql/schema_history.h"

#include <openssl/sha.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/sql/transaction.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"

namespace vinculo::sql {
namespace {

constexpr Query kHistory{"schema_history",
                         "SELECT component, number, checksum FROM schema_history ORDER BY component, number"};
constexpr Query kRecord{
    "schema_record",
    "INSERT INTO schema_history(component, number, name, checksum, text, postgres, applied_at) VALUES (?,?,?,?,?,?,?)"};

std::string Checksum(const char* text) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text), std::char_traits<char>::length(text), digest);
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest), sizeof(digest)));
}

Value Optional(const char* text) { return text == nullptr ? Value() : Value(text); }

}  // namespace

const char kSchemaHistoryTable[] =
    "CREATE TABLE IF NOT EXISTS schema_history (component TEXT NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL,"
    " checksum TEXT NOT NULL, text TEXT NOT NULL, postgres TEXT, applied_at INTEGER NOT NULL, PRIMARY KEY (component, "
    "number)) STRICT, WITHOUT ROWID";

absl::StatusOr<AppliedSteps> ReadSchemaHistory(Connection& connection) {
  AppliedSteps applied;
  RETURN_IF_ERROR(connection.Run(
      kHistory, {},
      [&](const Row& row) {
        applied[{row.String(0), static_cast<int>(row.Int(1))}] = row.String(2);
        return absl::OkStatus();
      },
      nullptr));
  return applied;
}

absl::Status CheckSchemaHistory(const AppliedSteps& applied, const std::vector<MigrationSet>& sets) {
  for (const auto& [step, checksum] : applied) {
    const auto& [component, number] = step;
    const Migration* known = nullptr;
    for (const MigrationSet& set : sets) {
      if (set.component != component) continue;
      for (const Migration& migration : *set.steps) known = migration.number == number ? &migration : known;
    }
    if (known == nullptr) {
      return Error(absl::StatusCode::kFailedPrecondition, "SCHEMA_NEWER",
                   absl::StrCat("the store has schema step ", component, "/", number,
                                ", which this binary does not know; start the newer binary, or the right service"));
    }
    if (checksum != Checksum(known->text)) {
      return Error(absl::StatusCode::kFailedPrecondition, "MIGRATION_CHANGED",
                   absl::StrCat("schema step ", component, "/", number, " was edited after it had been applied"));
    }
  }
  return absl::OkStatus();
}

absl::Status RecordSchemaStep(Connection& connection, const std::string& component, const Migration& step,
                              absl::Time now) {
  const std::string checksum = Checksum(step.text);
  const Value values[] = {component, step.number, step.name, checksum, step.text, Optional(step.postgres), now};
  int64_t recorded = 0;
  return connection.Run(
      kRecord, values, [](const Row&) { return absl::OkStatus(); }, &recorded);
}

absl::Status SchemaStepError(const absl::Status& status, const std::string& component, const Migration& step) {
  return absl::Status(
      status.code(), absl::StrCat("schema step ", component, "/", step.number, " ", step.name, ": ", status.message()));
}

}  // namespace vinculo::sql
