#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/sql/connection.h"
#include "common/sql/migration.h"

namespace vinculo::sql {

// The table of schema steps that were applied, the same on both drivers. Its definition, as SQLite takes it. It holds
// the steps' texts, so that a copy of a store can be made without the program that made it.
extern const char kSchemaHistoryTable[];

// (component, number) -> checksum of the step's text as we wrote it.
using AppliedSteps = std::map<std::pair<std::string, int>, std::string>;

absl::StatusOr<AppliedSteps> ReadSchemaHistory(Connection& connection);

// FAILED_PRECONDITION SCHEMA_NEWER when a step was applied that we do not know, MIGRATION_CHANGED when one was edited
// since.
absl::Status CheckSchemaHistory(const AppliedSteps& applied, const std::vector<MigrationSet>& sets);

// Notes a step as applied.
absl::Status RecordSchemaStep(Connection& connection, const std::string& component, const Migration& step,
                              absl::Time now);

// A step's error, with the step's name before it.
absl::Status SchemaStepError(const absl::Status& status, const std::string& component, const Migration& step);

}  // namespace vinculo::sql
